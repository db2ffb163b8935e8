import { below, pick, type Random, randomOctets } from "./hostile-mutations.ts";

/** A PDF of one page whose contents are this stream. */
export function pdf(dictionary: string, stream: Buffer): Buffer {
  const start = `%PDF-1.7
1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >> endobj
4 0 obj ${dictionary.replace("<<", `<< /Length ${stream.length}`)}
stream
`;
  return Buffer.concat([
    Buffer.from(start),
    stream,
    Buffer.from("\nendstream endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"),
  ]);
}

/** Page trees that are their own children, counts that are lies, objects within objects. */
export function pagesWithoutEnd(random: Random): Buffer {
  const kids = pick(random, [
    "[2 0 R]",
    `[${"3 0 R ".repeat(20_000)}]`,
    "[".repeat(5_000),
    "<<".repeat(5_000),
    "99999999 0 R",
  ]);
  return Buffer.from(`%PDF-1.${below(random, 9)}
1 0 obj << /Type /Catalog /Pages 2 0 R /Names 1 0 R /AcroForm 1 0 R >> endobj
2 0 obj << /Type /Pages /Kids ${kids} /Count ${pick(random, [1, -1, 2_147_483_647])} /Parent 2 0 R >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 ${pick(random, ["595 842", "1e30 1e30", "0 0"])}] /Contents 3 0 R >> endobj
trailer << /Root 1 0 R /Prev ${below(random, 400)} >>
startxref
${below(random, 400)}
%%EOF
`);
}

/** Entities that grow, elements without an end, attributes without number. */
export function xmlTrouble(random: Random): Buffer {
  const lols = Array.from({ length: 12 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join("");
  return Buffer.from(
    pick<() => string>(random, [
      () =>
        `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "lol">${lols}]><GovernmentDocument>&l12;</GovernmentDocument>`,
      () =>
        `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><GovernmentDocument>&x;</GovernmentDocument>`,
      () => "<a>".repeat(50_000),
      () => `<a ${Array.from({ length: 20_000 }, (_, n) => `b${n}="c"`).join(" ")}/>`,
      () => `<GovernmentDocument xmlns="${"x".repeat(100_000)}"><ID>${"๑".repeat(50_000)}`,
      () => `<a>${"<![CDATA[".repeat(5_000)}`,
    ])(),
  );
}

/** A winmail.dat whose lengths are lies. */
export function tnef(random: Random): Buffer {
  const header = Buffer.from([0x78, 0x9f, 0x3e, 0x22, 1, 0]);
  const attribute = Buffer.alloc(9);
  attribute[0] = pick(random, [1, 2]);
  attribute.writeUInt32LE(pick(random, [0x0006_9003, 0x0006_9005, 0x0006_800f, 0x0001_8010]), 1);
  attribute.writeUInt32LE(pick(random, [0, 5, 0x7fff_ffff, 0xffff_ffff]), 5);
  const attributes = Array.from({ length: 1 + below(random, 300) }, () =>
    Buffer.concat([attribute, randomOctets(below(random, 30), random)]),
  );
  return Buffer.concat([header, ...attributes]);
}

/** What S/MIME is packed in, without an end. */
export function asn1(random: Random): Buffer {
  return pick<() => Buffer>(random, [
    () => Buffer.concat(Array.from({ length: 3_000 }, () => Buffer.from([0x30, 0x80]))),
    () => Buffer.concat([Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), randomOctets(500, random)]),
    () =>
      Buffer.concat([
        Buffer.from("308006092a864886f70d010702a080", "hex"),
        randomOctets(below(random, 2_000), random),
      ]),
  ])();
}
