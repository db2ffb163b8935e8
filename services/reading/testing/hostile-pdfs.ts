import { deflateSync } from "node:zlib";
import { fileOf, stream } from "./make-pdf.ts";

const PAGE = "/Type/Page/MediaBox[0 0 595 842]";

/** A page that draws a form, which draws another one ten times, and so on: 10 to the power of `depth` drawings. */
export function countlessForms(depth: number): Buffer {
  const forms = Array.from({ length: depth }, (_, index) =>
    stream(
      "/F Do ".repeat(10),
      `/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</F ${index + 6} 0 R>>>>`,
    ),
  );
  return fileOf([
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    `<<${PAGE}/Parent 2 0 R/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>`,
    stream("/F Do"),
    ...forms,
    stream("q Q", "/Type/XObject/Subtype/Form/BBox[0 0 595 842]"),
  ]);
}

/** A small file whose page unpacks to `unpackedBytes` of drawing. */
export function packedDrawing(unpackedBytes: number, times = 2): Buffer {
  let content: Buffer = Buffer.alloc(unpackedBytes, "q Q ");
  for (let time = 0; time < times; time++) content = deflateSync(content);
  return fileOf([
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    `<<${PAGE}/Parent 2 0 R/Contents 4 0 R/Resources<<>>>>`,
    stream(content, `/Filter[${"/FlateDecode".repeat(times)}]`),
  ]);
}

/** All objects in one stream (ISO 32000-1 §7.5.7) that unpacks to `unpackedBytes`. */
export function packedObjects(unpackedBytes: number): Buffer {
  const objects = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[]/Count 0>>"];
  const head = `1 0 2 ${objects[0]?.length} `;
  const packed = deflateSync(
    Buffer.concat([Buffer.from(head + objects.join("")), Buffer.alloc(unpackedBytes, " ")]),
  );
  const body = stream(packed, `/Type/ObjStm/N 2/First ${head.length}/Filter/FlateDecode`);
  const start = Buffer.concat([Buffer.from("%PDF-1.7\n3 0 obj\n"), body, Buffer.from("\nendobj\n")]);
  const entries = Buffer.from(
    [0, 0, 0, 0, 2, 0, 3, 0, 2, 0, 3, 1, 1, 0, 9, 0, 1, start.length >> 8, start.length & 255, 0].map(
      (n) => n & 255,
    ),
  );
  const table = stream(entries, "/Type/XRef/Size 5/W[1 2 1]/Root 1 0 R");
  return Buffer.concat([
    start,
    Buffer.from("4 0 obj\n"),
    table,
    Buffer.from(`\nendobj\nstartxref\n${start.length}\n%%EOF\n`),
  ]);
}

/** A page tree that contains itself and says that it has a million pages. */
export function endlessPages(): Buffer {
  return fileOf([
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R 3 0 R]/Parent 3 0 R/Count 1000000>>",
    "<</Type/Pages/Kids[2 0 R 2 0 R]/Parent 2 0 R/Count 1000000>>",
  ]);
}

/** Arrays within arrays. */
export function deepArrays(depth: number): Buffer {
  return fileOf([
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    `<<${PAGE}/Parent 2 0 R/Contents 4 0 R/Annots ${"[".repeat(depth)}${"]".repeat(depth)}>>`,
    stream("[".repeat(depth)),
  ]);
}
