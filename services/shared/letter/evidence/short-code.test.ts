import fc from "fast-check";
import { expect, test } from "vitest";
import { newShortCode, readCode, showCode } from "./short-code.ts";

test("codes are 16 characters of 32, each as often as the others, and none comes twice", () => {
  const codes = Array.from({ length: 2_000 }, newShortCode);
  expect(new Set(codes).size).toBe(codes.length);
  const seen = new Map<string, number>();
  for (const code of codes) {
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{16}$/); // receipt.code
    for (const letter of code) seen.set(letter, (seen.get(letter) ?? 0) + 1);
  }
  expect(seen.size).toBe(32);
  // 1,000 expected of each; beyond 200 away is a bias (6 standard deviations).
  for (const [letter, count] of seen) expect(Math.abs(count - 1_000), letter).toBeLessThan(200);
});

test("a code is read as people write it", () => {
  const code = "7G3KQ2M9XW4T0HV1";
  expect(showCode(code)).toBe("7G3K-Q2M9-XW4T-0HV1");
  expect(showCode(showCode(code))).toBe(showCode(code));
  const written = [
    code,
    showCode(code),
    "7g3k q2m9 xw4t 0hv1",
    "7g3kq2m9xw4tohvl",
    "7G3K–Q2M9‐XW4T−OHVI",
    `\t${code}\n`,
  ];
  for (const text of written) expect(readCode(text), text).toBe(code);
  const wrong = [
    "",
    code.slice(1),
    `${code}0`,
    code.replace("7", "U"),
    code.replace("7", "๗"),
    " ".repeat(200) + code,
  ];
  for (const text of wrong) expect(readCode(text), text).toBeNull();
});

test("whatever is typed is a code of the right form, or none", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 30 }), (points) => {
      const text = String.fromCodePoint(...points);
      const code = readCode(text);
      expect(code === null || /^[0-9A-HJKMNP-TV-Z]{16}$/.test(code)).toBe(true);
    }),
    { seed: 7, numRuns: 300 },
  );
});
