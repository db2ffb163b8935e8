/**
 * A valid PDF of one empty page, filled up to a size by a stream that nothing refers to (ISO 32000-1 §7.3.8): random
 * bytes, because the scans that offices attach do not compress either.
 * @param sizeBytes of the whole file; below some 500 bytes it is as small as it can be
 */
export function samplePdf(sizeBytes: number, random: (length: number) => Buffer): Buffer {
  const emptyBytes = pdfWith(Buffer.alloc(0)).length;
  // The stream's length and the last offsets are written in as many digits as they have.
  let fillBytes = Math.max(0, sizeBytes - emptyBytes);
  while (fillBytes > 0 && pdfWith(Buffer.alloc(fillBytes)).length > sizeBytes) fillBytes -= 1;
  return pdfWith(random(fillBytes));
}

function pdfWith(fill: Buffer): Buffer {
  const objects = [
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>",
  ].map((body, index) => Buffer.from(`${index + 1} 0 obj\n${body}\nendobj\n`));
  objects.push(
    Buffer.concat([
      Buffer.from(`4 0 obj\n<</Length ${fill.length}>>\nstream\n`),
      fill,
      Buffer.from("\nendstream\nendobj\n"),
    ]),
  );
  const header = Buffer.from("%PDF-1.4\n");
  let offset = header.length;
  const places = objects.map((object) => {
    const place = `${String(offset).padStart(10, "0")} 00000 n \n`;
    offset += object.length;
    return place;
  });
  const count = objects.length + 1;
  const trailer = `xref\n0 ${count}\n0000000000 65535 f \n${places.join("")}trailer\n<</Size ${count}/Root 1 0 R>>\nstartxref\n${offset}\n%%EOF\n`;
  return Buffer.concat([header, ...objects, Buffer.from(trailer)]);
}
