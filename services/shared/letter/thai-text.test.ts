import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arabicToThaiDigits, foldForComparison, normaliseThai, thaiDigitsToArabic } from "./thai-text.ts";

const thai = fc.string({ unit: fc.constantFrom(..."กนมหเแาำิีึุู่้๊๋์ํ็ฺ ๐๑9a\u200B\u00A0\uFEFF\n") });

describe("normaliseThai", () => {
  it("composes SARA AM, also around a tone mark and a hidden break", () => {
    expect(normaliseThai("สํารวจแหล่งนํ้า")).toBe("สำรวจแหล่งน้ำ");
    expect(normaliseThai("น\u0E49\u0E4D\u0E32")).toBe("น้ำ");
    expect(normaliseThai("ท\u0E4D\u200B\u0E32")).toBe("ทำ");
  });

  it("puts a tone mark behind its vowel, and writes แ for เเ", () => {
    expect(normaliseThai("ท\u0E48\u0E35")).toBe("ที่");
    expect(normaliseThai("เเผน")).toBe("แผน");
  });

  it("drops NUL, controls, bidirectional marks and the BOM, and keeps tabs and line ends", () => {
    expect(normaliseThai("เรื่\0อง\u202Efdp.exe\u202C\uFEFF\tก\r\nข\rค\u00A0ง\u0085")).toBe(
      "เรื่องfdp.exe\tก\nข\nค ง\n",
    );
  });

  it("makes lone surrogates harmless", () => {
    expect(normaliseThai("ก\uD800")).toBe("ก\uFFFD");
  });

  it("is idempotent", () => {
    fc.assert(
      fc.property(fc.oneof(thai, fc.string({ unit: "binary" })), (text) => {
        const once = normaliseThai(text);
        expect(normaliseThai(once)).toBe(once);
      }),
      { seed: 20200409, numRuns: 500 },
    );
  });

  it("is quick with a hostile run of marks", () => {
    const started = performance.now();
    normaliseThai("ก".concat("่ี".repeat(100_000)));
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe("digits", () => {
  it("go there and back, and keep every offset", () => {
    expect(thaiDigitsToArabic("นร ๑๒๐๐/55")).toBe("นร 1200/55");
    expect(arabicToThaiDigits("2563")).toBe("๒๕๖๓");
    fc.assert(
      fc.property(thai, (text) => {
        expect(thaiDigitsToArabic(text)).toHaveLength(text.length);
      }),
      { seed: 1 },
    );
  });
});

describe("foldForComparison", () => {
  it("sees through spaces, digits and spelling", () => {
    expect(foldForComparison(" นํ้า  ที่ ๑๒ ABC")).toBe(foldForComparison("น้ำที่12abc"));
  });
});
