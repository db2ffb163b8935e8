import fc from "fast-check";
import { expect, test } from "vitest";
import { cpuTimeMs } from "../testing/cpu-time.ts";
import { breakLines, unbreakables } from "./break-lines.ts";
import { openSarabun } from "./sarabun.ts";

const sarabun = openSarabun("regular");

function linesOf(text: string, width: number): string[] {
  const lines = breakLines([{ text, style: null }], width, (word) => sarabun.measure(word));
  return lines.map((line) => line.map((run) => run.text).join(""));
}

test("Thai is broken between words", () => {
  expect(linesOf("สำนักงานปลัดกระทรวงการคลัง", 8000)).toEqual(["สำนักงานปลัด", "กระทรวงการคลัง"]);
  expect(linesOf("ขอเรียนเชิญประชุมคณะกรรมการฯ ครั้งที่ 3/2569", 6000)).toEqual([
    "ขอเรียนเชิญ",
    "ประชุมคณะ",
    "กรรมการฯ",
    "ครั้งที่ 3/2569",
  ]);
});

test("a sign, a bracket, an abbreviation and a counted number are not parted from their word", () => {
  expect(unbreakables("ต่างๆ และอื่นๆ")).toEqual(["ต่างๆ", " ", "และ", "อื่นๆ"]);
  expect(unbreakables("กรม(สปน.)")).toEqual(["กรม", "(สปน.)"]);
  expect(unbreakables("พ.ศ. 2569 มาตรา 10 กค 0402/ว 119")).toEqual([
    "พ.ศ. 2569",
    " ",
    "มาตรา 10",
    " ",
    "กค",
    " ",
    "0402/ว 119",
  ]);
});

test("a word longer than the line is cut, but not before a mark, SARA AM or behind a leading vowel", () => {
  for (const text of [
    "น้ำ".repeat(40),
    "เก๋ไก๋".repeat(30),
    "ฏฺ่".repeat(50),
    "โก.".repeat(60),
    `ฏ${"่".repeat(9)}`.repeat(20),
  ]) {
    for (const width of [1500, 2500, 4000]) {
      const lines = linesOf(text, width);
      expect(lines.join("")).toBe(text);
      for (const line of lines) {
        expect(line).not.toMatch(/^[\u0E31\u0E33-\u0E3A\u0E47-\u0E4E]/u);
        expect(line).not.toMatch(/[เ-ไ]$/u);
        expect(sarabun.measure(line)).toBeLessThanOrEqual(width);
      }
    }
  }
});

test("no text loses a character, and no line begins with what belongs to the one before", () => {
  const thai = fc.string({ unit: fc.constantFrom(..."กขคงนมรสำาิีุู่้๊็ะเแโใไๆฯ์ (ค.ศ.) 12/ab") });
  fc.assert(
    fc.property(thai, fc.integer({ min: 2500, max: 12_000 }), (text, width) => {
      // A text that begins with a mark has no consonant to put it on.
      const sound = `ก${text}`;
      const lines = linesOf(sound, width);
      expect(lines.join("").replaceAll(" ", "")).toBe(sound.replaceAll(" ", ""));
      for (const line of lines.slice(1)) expect(line).not.toMatch(/^[\u0E31\u0E33-\u0E3A\u0E47-\u0E4E]/u);
    }),
    { seed: 13, numRuns: 300 },
  );
});

test("a text without spaces takes time by its length, not by its square", () => {
  const started = cpuTimeMs();
  expect(linesOf("ขอความอนุเคราะห์ข้อมูล".repeat(4000), 20_000).length).toBeGreaterThan(1000);
  expect(cpuTimeMs() - started).toBeLessThan(5000);
});

test("runs of different looks share their lines", () => {
  const lines = breakLines(
    [
      { text: "ด่วนที่สุด ", style: "red" },
      { text: "ขอเชิญประชุม", style: "black" },
    ],
    9000,
    (word) => sarabun.measure(word),
  );
  expect(lines).toEqual([
    [
      { text: "ด่วนที่สุด ", style: "red" },
      { text: "ขอเชิญ", style: "black" },
    ],
    [{ text: "ประชุม", style: "black" }],
  ]);
});
