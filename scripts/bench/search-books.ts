import type pg from "pg";
import { keyText } from "../../services/shared/letter/read-lines.ts";
import type { RegisterLine } from "../../services/shared/letter/register-line.ts";
import { searchableText } from "../../services/shared/letter/search-text.ts";
import { normaliseThai } from "../../services/shared/letter/thai-text.ts";
import { type BookPlaces, writeBookLines } from "../../services/shared/testing/book-lines.ts";
import type { LetterPlan } from "./letter-plan.ts";
import { type MadeUpLetter, madeUpLetters } from "./made-up-letters.ts";

const BATCH = 2_000;

/** A made-up letter as it stands in a book. */
function lineOf(letter: MadeUpLetter, agencies: readonly string[]) {
  return {
    ...letter,
    agencyId: agencies[letter.agencyIndex] as string,
    book: `${letter.direction}.${letter.series}`,
    subject: normaliseThai(letter.subject),
    letterNumberPrinted:
      letter.letterNumberPrinted === null ? null : normaliseThai(letter.letterNumberPrinted),
  };
}

/** Makes the agencies and writes all letters of the plan into their books. */
export async function fillBooks(
  pool: pg.Pool,
  plan: LetterPlan,
  agencies: readonly string[],
  progress: (done: number) => void,
): Promise<void> {
  const query = async <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> =>
    (await pool.query<Row>(text, values)).rows;
  await query(
    `insert into saraban.agency (id, domain, mailbox, name_th, name_en, receiver_name)
       select id, id || '.example.go.th', 'saraban', id, id, id from unnest($1::text[]) id`,
    [agencies],
  );
  const places: BookPlaces = new Map();
  let batch: ReturnType<typeof lineOf>[] = [];
  let done = 0;
  const write = async (): Promise<void> => {
    // A batch crosses New Year in no book: the books' rule takes a year's lines only while no later year has begun.
    for (const year of [...new Set(batch.map((line) => line.year))].sort()) {
      await writeBookLines(
        query,
        batch.filter((line) => line.year === year),
        places,
      );
    }
    done += batch.length;
    batch = [];
    if (done % 100_000 === 0) progress(done);
  };
  for (const letter of madeUpLetters(plan)) {
    batch.push(lineOf(letter, agencies));
    if (batch.length === BATCH) await write();
  }
  await write();
}

/** All letters in memory, searched by looking at each. */
export interface Scanned {
  /** How many contain all terms, and the keys of the newest of them, newest first. */
  find(terms: readonly string[], agencies: readonly string[]): { count: number; newest: string[] };
}

const NEWEST = 100;

export function scanLines(plan: LetterPlan, agencies: readonly string[]): Scanned {
  const lines: { key: string; text: string; agency: string; atMs: number; number: number; book: string }[] =
    [];
  for (const letter of madeUpLetters(plan)) {
    const line = lineOf(letter, agencies);
    const bookId = `${line.agencyId}.${line.book}`;
    const { year, number } = letter;
    lines.push({
      key: keyText({ bookId, year, number }),
      text: searchableText(line as unknown as RegisterLine),
      agency: line.agencyId,
      atMs: letter.registeredAt.getTime(),
      number,
      book: bookId,
    });
  }
  lines.sort((a, b) => b.atMs - a.atMs || b.number - a.number || (a.book < b.book ? 1 : -1));
  return {
    find(terms, wanted) {
      const among = new Set(wanted);
      let count = 0;
      const newest: string[] = [];
      for (const line of lines) {
        if (!among.has(line.agency) || !terms.every((term) => line.text.includes(term))) continue;
        count += 1;
        if (newest.length < NEWEST) newest.push(line.key);
      }
      return { count, newest };
    },
  };
}
