import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { openContentKeeper } from "../../shared/mime/part-content.ts";
import { openPdfReader } from "../pdf/read-pdf.ts";
import { findCitations } from "./find-citations.ts";
import { findEnclosures } from "./find-enclosures.ts";
import { readPdfLetter } from "./read-pdf-letter.ts";

/** The letters of the shared corpus as the PDF reader's programs give them. */
const corpus = fileURLToPath(new URL("../../../../shared/corpus/", import.meta.url));
const present = existsSync(`${corpus}expected.json`);
if (!present) console.log("read-pdf-letter.live.test: no corpus at ../shared/corpus, skipped");

const FIELDS = ["number", "numberRaw", "date", "subject", "from", "to", "urgency", "secrecy"] as const;
type Letter = Record<(typeof FIELDS)[number], string | null>;
type Expected = { file: string; text: boolean; letter: Letter; references: string[]; enclosures: string[] };

function compared(text: string | null): string | null {
  return text === null
    ? null
    : text
        .replace(/[\s\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/gu, "")
        .replace(/\u0E4D([\u0E48-\u0E4B]?)\u0E32/gu, "$1\u0E33");
}

describe.skipIf(!present)("the PDFs of the shared corpus", () => {
  const cases = present
    ? (JSON.parse(readFileSync(`${corpus}expected.json`, "utf8")) as { pdf: Expected[] }).pdf
    : [];
  const reader = openPdfReader({ processes: 1, timeoutMs: 20_000, memoryMb: 300 });
  const keeper = openContentKeeper();
  const right = new Map<string, number>();
  let texts = 0;
  afterAll(async () => {
    const share = FIELDS.map((field) => `${field} ${right.get(field) ?? 0}/${texts}`).join(", ");
    console.log(`read from the PDFs of the corpus: ${share}`);
    await reader.close();
    await keeper.dispose();
  });

  it.each(cases)("$file", async ({ file, text, letter, references, enclosures }) => {
    const content = await keeper.keepOctets(readFileSync(`${corpus}${file}`));
    const read = content === null ? null : await reader.read(content);
    if (!text || read?.kind !== "text") return expect(read?.kind).toBe(text ? "text" : "no-text");
    texts++;
    const found = readPdfLetter(read.pages, read.recognised);
    const number = found.number?.found ?? null;
    const told: Letter = {
      number: number?.canonical ?? null,
      numberRaw: number?.printed ?? null,
      date: found.date?.value ?? null,
      subject: found.subject?.value ?? null,
      from: found.from?.value ?? null,
      to: found.to?.value ?? null,
      ...found.markings,
    };
    for (const field of FIELDS) {
      if (compared(told[field]) === compared(letter[field])) right.set(field, (right.get(field) ?? 0) + 1);
    }
    expect(Object.values(told).map(compared)).toEqual(FIELDS.map((field) => compared(letter[field])));
    const citations = findCitations([found.items], { number: told.number, date: told.date });
    expect(citations.map(({ printed }) => compared(printed))).toEqual(references.map(compared));
    expect(findEnclosures([found.items]).map(compared)).toEqual(enclosures.map(compared));
  });
});
