import { deflateSync } from "node:zlib";

/** Options of a made-up letter; `page` are entries of its first page's dictionary, `objects` come behind its pages. */
export interface MadeUpLetter {
  readonly pages?: number;
  readonly page?: string;
  readonly trailer?: string;
  readonly objects?: readonly string[];
}

/** A letter with a classic cross-reference table and a line of text on every page. */
export function letterPdf({ pages = 1, page = "", trailer = "", objects = [] }: MadeUpLetter = {}): Buffer {
  return withTable([...objectsOf(pages, page), ...objects], trailer);
}

/** The same with its dictionaries in an object stream and a cross-reference stream (PDF 1.5), as offices' programs write. */
export function packedLetterPdf(pages = 1): Buffer {
  const objects = objectsOf(pages, "");
  const plain = objects.map((body, index) => ({ body, number: index + 1 }));
  const packed = plain.filter(({ body }) => !body.includes("stream"));
  const streams = plain.filter(({ body }) => body.includes("stream"));
  const container = objects.length + 1;
  const table = container + 1;
  let head = "";
  let values = "";
  for (const { body, number } of packed) {
    head += `${number} ${values.length} `;
    values += `${body}\n`;
  }
  const content = deflateSync(Buffer.from(head + values, "latin1"));
  let file = Buffer.from("%PDF-1.5\n%\u00e2\u00e3\n", "latin1");
  const rows = Buffer.alloc((table + 1) * 5);
  const row = (number: number, kind: number, place: number, index: number): void => {
    rows.writeUInt8(kind, number * 5);
    rows.writeUIntBE(place, number * 5 + 1, 3);
    rows.writeUInt8(index, number * 5 + 4);
  };
  const append = (number: number, ...parts: (string | Buffer)[]): void => {
    row(number, 1, file.length, 0);
    file = Buffer.concat([file, ...parts.map((part) => Buffer.from(part as string, "latin1"))]);
  };
  for (const { body, number } of streams) append(number, `${number} 0 obj\n${body}\nendobj\n`);
  for (const [index, { number }] of packed.entries()) row(number, 2, container, index);
  const entries = `/Type/ObjStm/N ${packed.length}/First ${head.length}/Filter/FlateDecode/Length ${content.length}`;
  append(container, `${container} 0 obj\n<<${entries}>>\nstream\n`, content, "\nendstream\nendobj\n");
  const place = file.length;
  row(table, 1, place, 0);
  const predicted = deflateSync(predictUp(rows, 5));
  append(
    table,
    `${table} 0 obj\n<</Type/XRef/Size ${table + 1}/W[1 3 1]/Root 1 0 R/Filter/FlateDecode` +
      `/DecodeParms<</Predictor 12/Columns 5>>/Length ${predicted.length}>>\nstream\n`,
    predicted,
    `\nendstream\nendobj\nstartxref\n${place}\n%%EOF\n`,
  );
  return file;
}

/** Each row as its difference from the one above: the predictor that most programs use for this stream. */
function predictUp(rows: Buffer, width: number): Buffer {
  const out: number[] = [];
  for (let at = 0; at < rows.length; at += width) {
    out.push(2);
    for (let column = 0; column < width; column++) {
      const above = at === 0 ? 0 : (rows[at - width + column] ?? 0);
      out.push(((rows[at + column] ?? 0) - above + 256) % 256);
    }
  }
  return Buffer.from(out);
}

function objectsOf(pages: number, firstPage: string): string[] {
  const kids = Array.from({ length: pages }, (_, index) => `${4 + index * 2} 0 R`).join(" ");
  const objects = [
    "<</Type/Catalog/Pages 2 0 R>>",
    `<</Type/Pages/Kids[${kids}]/Count ${pages}/MediaBox[0 0 595 842]>>`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
  ];
  for (let page = 1; page <= pages; page++) {
    const content = `BT /F 20 Tf 100 500 Td (PAGE ${page} OF THE LETTER) Tj ET`;
    const more = page === 1 ? firstPage : "";
    objects.push(
      `<</Type/Page/Parent 2 0 R/Resources<</Font<</F 3 0 R>>>>/Contents ${objects.length + 2} 0 R${more}>>`,
      `<</Length ${content.length}>>\nstream\n${content}\nendstream`,
    );
  }
  return objects;
}

function withTable(objects: readonly string[], trailer: string): Buffer {
  let file = "%PDF-1.4\n%\u00e2\u00e3\n";
  let table = "0000000000 65535 f \n";
  for (const [index, body] of objects.entries()) {
    table += `${String(file.length).padStart(10, "0")} 00000 n \n`;
    file += `${index + 1} 0 obj\n${body}\nendobj\n`;
  }
  const count = objects.length + 1;
  const end = `xref\n0 ${count}\n${table}trailer\n<</Size ${count}/Root 1 0 R${trailer}>>\nstartxref\n${file.length}\n%%EOF\n`;
  return Buffer.from(file + end, "latin1");
}
