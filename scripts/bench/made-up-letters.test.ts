import { expect, test } from "vitest";
import { normaliseLetterNumber } from "../../services/shared/letter/letter-number.ts";
import { bangkokYear } from "../../services/shared/letter/stamp.ts";
import { normaliseThai } from "../../services/shared/letter/thai-text.ts";
import { planLetters } from "./letter-plan.ts";
import { letterAt, type MadeUpLetter, madeUpLetters } from "./made-up-letters.ts";

const LETTERS = 50_000;
const plan = planLetters({ seed: 7, letters: LETTERS, lastDay: "2026-11-20" });
const letters = [...madeUpLetters(plan)];

function share(holds: (letter: MadeUpLetter) => boolean): number {
  return letters.filter(holds).length / letters.length;
}

test("the same options make the same letters, another seed makes others", () => {
  const again = planLetters({ seed: 7, letters: LETTERS, lastDay: "2026-11-20" });
  const other = planLetters({ seed: 8, letters: LETTERS, lastDay: "2026-11-20" });
  const places = [0, 1, 399, 400, 24_681, LETTERS - 1];
  expect(places.map((place) => letterAt(again, place))).toEqual(places.map((place) => letters[place]));
  const subjects = new Set(letters.map(({ subject }) => subject));
  const shared = Array.from({ length: 1_000 }, (_, place) => letterAt(other, place)).filter(({ subject }) =>
    subjects.has(subject),
  );
  expect(shared.length).toBeLessThan(150); // short subjects that any office writes
});

test("agencies and books have their shares", () => {
  for (const [agencyIndex, expected] of [0.45, 0.25, 0.15, 0.1, 0.05].entries()) {
    expect(share((letter) => letter.agencyIndex === agencyIndex)).toBeCloseTo(expected, 3);
  }
  expect(share(({ direction }) => direction === "inbound")).toBeCloseTo(0.8, 3);
  expect(share(({ series }) => series === "circular")).toBeCloseTo(0.05, 3);
});

test("each book-year is numbered 1 to n in the order of registration, and times never fall", () => {
  const last = new Map<string, number>();
  let before = new Date(0);
  for (const { agencyIndex, direction, series, year, number, registeredAt } of letters) {
    const book = `${agencyIndex} ${direction} ${series} ${year}`;
    expect(number).toBe((last.get(book) ?? 0) + 1);
    expect(registeredAt.getTime()).toBeGreaterThanOrEqual(before.getTime());
    expect(bangkokYear(registeredAt)).toBe(year);
    last.set(book, number);
    before = registeredAt;
  }
  expect(last.size).toBe(5 * 3 * 4);
});

test("four calendar years up to the last day, on working days mostly", () => {
  expect(letters[0]?.registeredAt.toISOString().slice(0, 7)).toBe("2023-01");
  expect(letters.at(-1)?.registeredAt.toISOString().slice(0, 10)).toBe("2026-11-20");
  for (const year of [2023, 2024, 2025]) {
    expect(share((letter) => letter.year === year)).toBeCloseTo(0.26, 1);
  }
  const weekend = share(({ registeredAt }) =>
    [0, 6].includes(new Date(registeredAt.getTime() + 7 * 3_600_000).getUTCDay()),
  );
  expect(weekend).toBeGreaterThan(0);
  expect(weekend).toBeLessThan(0.03);
});

test("a printed number is read as the canonical one, however it is typed", () => {
  const printed = new Set<string>();
  for (const { letterNumber, letterNumberPrinted } of letters) {
    if (letterNumber === null || letterNumberPrinted === null) continue;
    if (normaliseLetterNumber(letterNumberPrinted) !== letterNumber) {
      expect.fail(`${letterNumberPrinted} is not read as ${letterNumber}`);
    }
    printed.add(letterNumberPrinted.replaceAll(/[๐-๙]+/g, "๑").replaceAll(/[0-9]+/g, "1"));
  }
  for (const form of [
    "นร (กพร) ๑/๑",
    "นร(กพร)๑/ว๑",
    "กค ๑.๑/ว ๑",
    "กค 1.1/1",
    "ทก๑/ว๑",
    "ดศ (ส.พ.ธ.อ.) ๑.๑/๑",
  ]) {
    expect(printed).toContain(form);
  }
});

test("an outbound letter bears its number in the book, an inbound one was written before it came", () => {
  for (const { direction, letterNumber, number, letterDate, registeredAt } of letters) {
    if (direction === "outbound") expect(letterNumber?.split(/\/(?:ว )?/)[1]).toBe(String(number));
    const today = new Date(registeredAt.getTime() + 7 * 3_600_000).toISOString().slice(0, 10);
    if (letterDate !== null && letterDate > today) expect.fail(`dated ${letterDate}, registered ${today}`);
  }
});

test("what clerks write beside a letter has its shares", () => {
  expect(share(({ urgency }) => urgency === "normal")).toBeCloseTo(0.8, 1);
  expect(share(({ status }) => status === "cancelled")).toBeCloseTo(0.01, 2);
  expect(share(({ references }) => references.length > 0)).toBeCloseTo(0.3, 1);
  expect(share(({ remarks }) => remarks === null)).toBeGreaterThan(0.9);
  expect(share(({ letterNumber }) => letterNumber === null)).toBeCloseTo(0.01, 2);
  expect(new Set(letters.map(({ kind }) => kind)).size).toBe(6);
});

test("subjects are many, of real length, with words common and rare", () => {
  const subjects = letters.map(({ subject }) => subject);
  expect(new Set(subjects).size / LETTERS).toBeGreaterThan(0.95);
  const mean = subjects.reduce((sum, { length }) => sum + length, 0) / LETTERS;
  expect(mean).toBeGreaterThan(50);
  expect(mean).toBeLessThan(110);
  const pieces = new Map<string, number>();
  for (const piece of subjects.flatMap((subject) => normaliseThai(subject).split(" "))) {
    pieces.set(piece, (pieces.get(piece) ?? 0) + 1);
  }
  expect(pieces.size).toBeGreaterThan(3_000);
  for (const [word, low, high] of [
    ["จังหวัด", 0.2, 0.5],
    ["ที่", 0.3, 0.6],
    ["ข้อ", 0.05, 0.2],
    ["น้ำ", 0.02, 0.1],
    ["แผ่นดิน", 0.003, 0.03],
  ] as const) {
    const holding = share(({ subject }) => normaliseThai(subject).includes(word));
    expect(holding, word).toBeGreaterThan(low);
    expect(holding, word).toBeLessThan(high);
  }
});

test("some subjects are spelt as word processors leave them, and normaliseThai makes them plain", () => {
  for (const blemish of ["\u0E4D\u0E32", "\u200B", "  ", "\u00A0"]) {
    const found = share(({ subject }) => subject.includes(blemish));
    expect(found).toBeGreaterThan(0.002);
    expect(found).toBeLessThan(0.03);
  }
  expect(share(({ subject }) => /[๐-๙]/.test(subject))).toBeGreaterThan(0.3);
  expect(share(({ subject }) => /[0-9]/.test(subject))).toBeGreaterThan(0.2);
  expect(share(({ subject }) => /[\u0E4D\u200B\u00A0]/.test(normaliseThai(subject)))).toBe(0);
});
