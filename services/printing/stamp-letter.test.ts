import { deflateSync } from "node:zlib";
import { PDFArray, PDFDict, PDFDocument, PDFName } from "@cantoo/pdf-lib";
import { expect, test } from "vitest";
import { openSarabun } from "../shared/pdf/sarabun.ts";
import { hasPoppler, POPPLER_MISSING, pagesOf, textOf } from "../shared/testing/read-pdf.ts";
import { seededRandom } from "../shared/testing/seeded-random.ts";
import type { ReceiveStamp } from "./receive-stamp.ts";
import { stampLetter } from "./stamp-letter.ts";
import { letterPdf, packedLetterPdf } from "./testing/letter-pdf.ts";
import { canSign, signaturesOf, signedLetterPdf } from "./testing/signed-letter.ts";

const faces = { regular: openSarabun("regular"), bold: openSarabun("bold") };
const STAMP: ReceiveStamp = {
  agencyNameThai: "สำนักงานตัวอย่างแห่งชาติ",
  number: 1577,
  year: 2026,
  arrivedAt: new Date("2026-11-21T06:50:10Z"),
  registeredAt: new Date("2026-11-21T06:50:12Z"),
  receiverName: null,
};

async function stamped(letter: Buffer): Promise<Buffer> {
  const result = await stampLetter(letter, STAMP, faces);
  if (!result.stamped) throw new Error(`not stamped: ${result.fault}`);
  return Buffer.from(result.pdf);
}

/** Edges of the stamp on the first page: left, lower, right, upper. */
async function placeOf(pdf: Buffer): Promise<number[]> {
  const stamp = (await stampsOf(pdf)).at(-1);
  if (stamp === undefined) throw new Error("no stamp");
  const { x, y, width, height } = stamp.lookup(PDFName.of("Rect"), PDFArray).asRectangle();
  return [x, y, x + width, y + height];
}

/** The annotations of the first page that are stamps. */
async function stampsOf(pdf: Buffer): Promise<PDFDict[]> {
  const page = (await PDFDocument.load(pdf)).getPage(0).node;
  const annotations = page.Annots()?.asArray() ?? [];
  return annotations
    .map((one) => page.context.lookup(one, PDFDict))
    .filter((one) => one.get(PDFName.of("Subtype")) === PDFName.of("Stamp"));
}

test.skipIf(!hasPoppler).each([
  ["one page", letterPdf(), 1],
  ["twelve pages", letterPdf({ pages: 12 }), 12],
  ["one page, packed", packedLetterPdf(), 1],
  ["twelve pages, packed", packedLetterPdf(12), 12],
] as const)(
  `the stamp is on the first page only, and the letter's bytes are as they came: %s (${hasPoppler ? "pdftotext" : POPPLER_MISSING})`,
  async (_, letter, count) => {
    const pdf = await stamped(letter);
    expect(pdf.subarray(0, letter.length)).toEqual(letter);
    const pages = pagesOf(pdf);
    expect(pages).toHaveLength(count);
    for (const [index, page] of pages.entries()) {
      expect(page).toContain(`PAGE ${index + 1} OF THE LETTER`);
      expect(page.includes("เลขรับ ๑๕๗๗/๒๕๖๙")).toBe(index === 0);
    }
    expect(pages[0]).toContain("สำนักงานตัวอย่างแห่งชาติ");
    expect(pages[0]).toContain("เวลา ๑๓.๕๐ น.");
  },
);

test("a letter is stamped twice, and both stamps stay", async () => {
  for (const letter of [letterPdf(), packedLetterPdf()]) {
    expect(await stampsOf(await stamped(await stamped(letter)))).toHaveLength(2);
  }
});

test("the upper right corner is that of the page as it is shown", async () => {
  // The stamp is 141.7 by 63.6 points and 14 from the edges; a page turned by 90° shows its upper left corner there.
  const near = async (page: string, expected: number[]): Promise<void> => {
    const place = await placeOf(await stamped(letterPdf({ page })));
    for (const [index, edge] of expected.entries()) expect(place[index]).toBeCloseTo(edge, 1);
  };
  await near("", [439.3, 764.4, 581, 828]);
  await near("/Rotate 90", [14, 686.3, 77.6, 828]);
  await near("/Rotate 180", [14, 14, 155.7, 77.6]);
  await near("/Rotate -90", [517.4, 14, 581, 155.7]);
  await near("/CropBox[100 100 400 500]", [244.3, 422.4, 386, 486]);
  await near("/MediaBox[595 842 0 0]", [439.3, 764.4, 581, 828]);
  // A page too small for the stamp gets a smaller one.
  await near("/MediaBox[0 0 100 100]", [14, 53.7, 86, 86]);
});

test("what the page already has stays: marks of others, names with odd characters", async () => {
  const pdf = await stamped(
    letterPdf({ page: "/Annots[<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/Contents(a \\) b)>>]/A#20B (x)" }),
  );
  expect(await placeOf(pdf)).toHaveLength(4);
  const update = pdf.toString("latin1").slice(letterPdf().length);
  expect(update).toContain("/Contents (a \\) b)");
  expect(update).toContain("/A#20B (x)");
});

test.skipIf(!canSign)(
  `a digital signature holds after the stamp, and still tells a forgery (${canSign ? "pdfsig" : "left out: openssl or pdfsig is missing"})`,
  async () => {
    const letter = signedLetterPdf();
    expect(signaturesOf(letter)).toContain("Signature is Valid");
    const pdf = await stamped(letter);
    expect(signaturesOf(pdf)).toContain("Signature is Valid");
    pdf.write("PAGE 9", pdf.indexOf("PAGE 1"), "latin1");
    expect(signaturesOf(pdf)).toContain("Digest Mismatch");
  },
);

test("only the page and what is new stands in the update: no catalogue, no author", async () => {
  const pdf = await stamped(letterPdf());
  const update = pdf.toString("latin1").slice(letterPdf().length);
  const numbers = Array.from(update.matchAll(/^(\d+) 0 obj$/gm), ([, number]) => Number(number));
  expect(numbers.filter((number) => number < 6)).toEqual([4]);
  expect(update).not.toContain("/Info");
});

test.skipIf(!hasPoppler).each([
  ["all offsets are wrong", altered(/0000000(?=\d{3} 00000 n)/g, "0000009")],
  ["startxref points nowhere", altered(/(?<=startxref\n)\d+/, "77")],
  ["sections in a circle", altered(/trailer\n<<(.*\nstartxref\n)(\d+)/, "trailer\n<</Prev $2 $1$2")],
])(
  `a letter that viewers repair is stamped: %s (${hasPoppler ? "pdftotext" : POPPLER_MISSING})`,
  async (_, letter) => {
    const text = textOf(await stamped(letter), { repairs: true });
    expect(text).toContain("PAGE 1 OF THE LETTER");
    expect(text).toContain("เลขรับ ๑๕๗๗/๒๕๖๙");
  },
);

const BOMB = deflateSync(Buffer.alloc(40 * 1024 * 1024));

/** A letter in which one thing is written otherwise. */
function altered(before: string | RegExp, after: string): Buffer {
  const letter = letterPdf().toString("latin1");
  expect(letter.split(before).length).toBeGreaterThan(1);
  return Buffer.from(letter.replace(before, after), "latin1");
}

test.each([
  ["no PDF", Buffer.from("PK\u0003\u0004"), "not-a-pdf"],
  ["nothing", Buffer.alloc(0), "not-a-pdf"],
  ["only a header", Buffer.from("%PDF-1.7\n"), "broken"],
  ["half of a letter", letterPdf().subarray(0, 300), "broken"],
  ["encrypted", letterPdf({ trailer: "/Encrypt 3 0 R" }), "encrypted"],
  ["no page", altered("/Kids[4 0 R]", "/Kids[     ]"), "broken"],
  ["a tree in a circle", altered("/Kids[4 0 R]", "/Kids[2 0 R]"), "broken"],
  ["objects elsewhere", altered("4 0 obj", "8 0 obj"), "broken"],
  ["brackets without end", letterPdf({ page: `/X ${"[".repeat(200_000)}` }), "broken"],
  [
    "dictionaries 200,000 deep",
    letterPdf({ page: `/X ${"<</A".repeat(200_000)} 1${">>".repeat(200_000)}` }),
    "broken",
  ],
  ["a page of no size", letterPdf({ page: "/MediaBox[0 0 0 0]" }), "broken"],
  ["a page as large as a town", letterPdf({ page: "/MediaBox[0 0 1e30 1e30]" }), "broken"],
  ["numbers that no reader takes", altered("/Size 6/", "/Size 99999999/"), "broken"],
  ["a page in a container that is a bomb", packedBomb(), "broken"],
  ["a cross-reference stream that is a bomb", sectionBomb(), "broken"],
] as const)("refused without harm: %s", async (_, letter, fault) => {
  expect(await stampLetter(letter, STAMP, faces)).toEqual({ stamped: false, fault });
});

function sectionBomb(): Buffer {
  const entries = `/Type/XRef/Size 9/W[1 3 1]/Root 1 0 R/Filter/FlateDecode/Length ${BOMB.length}`;
  return Buffer.concat([
    Buffer.from(`%PDF-1.5\n1 0 obj\n<<${entries}>>\nstream\n`),
    BOMB,
    Buffer.from("\nendstream\nendobj\nstartxref\n9\n%%EOF\n"),
  ]);
}

/** A packed letter whose object stream inflates to 40 MB. */
function packedBomb(): Buffer {
  const letter = packedLetterPdf().toString("latin1");
  const bomb = BOMB.toString("latin1");
  const start = letter.indexOf("/Length", letter.indexOf("/ObjStm"));
  const stream = letter.indexOf("stream\n", start) + 7;
  const end = letter.indexOf("\nendstream", stream);
  const changed = `${letter.slice(0, start)}/Length ${bomb.length}>>\nstream\n${bomb}${letter.slice(end)}`;
  // The table's stream has moved with what stands before it.
  const table = changed.lastIndexOf("\n", changed.indexOf("0 obj\n<</Type/XRef")) + 1;
  return Buffer.from(changed.replace(/startxref\n\d+/, `startxref\n${table}`), "latin1");
}

test("letters damaged at random are stamped or refused, never worse", async () => {
  const random = seededRandom(29);
  const faults = new Set<string>();
  for (let run = 0; run < 600; run++) {
    const letter = Buffer.from(run % 2 === 0 ? letterPdf({ pages: 2 }) : packedLetterPdf(2));
    for (let hits = 1 + Math.floor(random() * 6); hits > 0; hits--) {
      letter[Math.floor(random() * letter.length)] = Math.floor(random() * 256);
    }
    const result = await stampLetter(letter, STAMP, faces);
    faults.add(result.stamped ? "stamped" : result.fault);
    if (result.stamped) expect(Buffer.from(result.pdf).subarray(0, letter.length)).toEqual(letter);
  }
  expect(faults).toContain("stamped");
  expect(faults).toContain("broken");
});
