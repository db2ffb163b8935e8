import { expect, test } from "vitest";
import { normaliseLetterNumber } from "../../services/shared/letter/letter-number.ts";
import { foldForComparison } from "../../services/shared/letter/thai-text.ts";
import { planLetters } from "./letter-plan.ts";
import { madeUpLetters } from "./made-up-letters.ts";
import { searchTerms } from "./search-terms.ts";

const LETTERS = 50_000;
const plan = planLetters({ seed: 11, letters: LETTERS, lastDay: "2026-11-20" });
const terms = searchTerms(plan);
const letters = [...madeUpLetters(plan)];
const subjects = letters.map(({ subject }) => foldForComparison(subject));

function holding(term: string): number {
  const folded = foldForComparison(term);
  return subjects.reduce((count, subject) => count + (subject.includes(folded) ? 1 : 0), 0);
}

test("the same plan gives the same terms, two dozen of each kind, each once", () => {
  expect(searchTerms(plan)).toEqual(terms);
  for (const [kind, list] of Object.entries(terms)) expect(new Set(list).size, kind).toBe(24);
}, 120_000);

test("common terms stand in a tenth of the letters, rare ones in next to none, all others in some", () => {
  for (const term of terms.common) expect(holding(term), term).toBeGreaterThan(LETTERS / 10);
  for (const term of terms.rare) expect([1, 2, 3, 4]).toContain(holding(term));
  for (const term of [...terms.twoLetters, ...terms.toneMarks, ...terms.long, ...terms.english]) {
    expect(holding(term), term).toBeGreaterThan(0);
  }
});

test("absent terms stand in no letter, most of them with trigrams that stand in many", () => {
  const usual = terms.absent.filter((term) =>
    Array.from({ length: term.length - 2 }, (_, at) => term.slice(at, at + 3)).every(
      (trigram) => holding(trigram) > LETTERS / 1_000,
    ),
  );
  expect(terms.absent.map(holding)).toEqual(terms.absent.map(() => 0));
  expect(usual.length).toBe(18);
});

test("short terms have two letters, long ones 15 and more, toned ones a tone mark", () => {
  for (const term of terms.twoLetters) expect(term).toHaveLength(2);
  for (const term of terms.long) expect(term.length).toBeGreaterThanOrEqual(15);
  for (const term of terms.toneMarks) expect(term).toMatch(/[\u0E48-\u0E4B]/);
  expect(terms.toneMarks).toEqual(expect.arrayContaining(["ข้อ", "ที่", "น้ำ", "แผ่นดิน"]));
});

test("a number to search for is a letter's, but not as it is printed there", () => {
  const printed = new Map(
    letters.map(({ letterNumber, letterNumberPrinted }) => [letterNumber, letterNumberPrinted]),
  );
  for (const term of terms.letterNumber) {
    expect(printed.has(normaliseLetterNumber(term)), term).toBe(true);
  }
  expect(terms.letterNumber.filter((term) => /[๐-๙]/.test(term)).length).toBeGreaterThan(4);
  expect(terms.letterNumber.filter((term) => !term.includes(" ")).length).toBeGreaterThan(4);
});

test("too few letters are refused", () => {
  expect(() => searchTerms(planLetters({ seed: 1, letters: 50, lastDay: "2026-11-20" }))).toThrow(/too few/);
});
