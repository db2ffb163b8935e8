import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cpuTimeMs } from "../testing/cpu-time.ts";
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
    const started = cpuTimeMs();
    normaliseThai("ก".concat("่ี".repeat(100_000)));
    expect(cpuTimeMs() - started).toBeLessThan(2_000);
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

/** One written character: its marks in typing order, and the other ways in which the same one is typed. */
const written = fc
  .record({
    base: fc.constantFrom(..."กนทสแเ๑7aéก"),
    vowel: fc.constantFrom("", "\u0E31", "\u0E34", "\u0E35", "\u0E39"),
    tone: fc.constantFrom("", "\u0E48", "\u0E49"),
    sign: fc.constantFrom("", "\u0E33", "\u0E47", "\u0E4C", "\u0E4D"),
    order: fc.infiniteStream(fc.nat(9)),
    hidden: fc.infiniteStream(fc.constantFrom("", "", "", "\u200B", "\uFEFF", "\u00AD", "\0")),
  })
  .map(({ base, vowel, tone, sign, order, hidden }) => {
    const hide = (text: string) => [...text].map((character) => character + hidden.next().value).join("");
    const bare = base === "แ" ? "เเ" : base.normalize("NFD");
    const marks: string[] = [vowel, tone, sign === "\u0E33" ? "" : sign].filter((mark) => mark !== "");
    for (let at = marks.length - 1; at > 0; at--) {
      const other = (order.next().value ?? 0) % (at + 1);
      [marks[at], marks[other]] = [marks[other] ?? "", marks[at] ?? ""];
    }
    // SARA AM in two halves, its tone mark before, between or behind them.
    const split = [
      `\u0E4D\u0E32${marks.join("")}`,
      `\u0E4D${marks.join("")}\u0E32`,
      `${marks.join("")}\u0E33`,
    ];
    const end = sign === "\u0E33" ? (split[(order.next().value ?? 0) % 3] ?? "") : marks.join("");
    return { clean: base + vowel + tone + sign, typed: hide(bare + end) };
  });

describe("one word in many encodings", () => {
  const words = fc.array(written, { maxLength: 12 }).map((characters) => ({
    // Two เ side by side are a แ: which of them a third one belongs to is nobody's spelling.
    clean: characters.map(({ clean }) => clean).join("|"),
    typed: characters.map(({ typed }) => typed).join("|"),
  }));

  it("is one spelling: SARA AM in halves, marks in any order, hidden characters between, เเ, decomposed letters", () => {
    fc.assert(
      fc.property(words, ({ clean, typed }) => {
        expect(normaliseThai(typed)).toBe(normaliseThai(clean));
        expect(normaliseThai(clean)).toBe(clean);
      }),
      { seed: 0x0e33, numRuns: 500 },
    );
  });

  it("folds alike, also in other digits, other letter case and with spaces between the characters", () => {
    fc.assert(
      fc.property(words, ({ clean, typed }) => {
        const folded = foldForComparison(clean);
        expect(foldForComparison(typed)).toBe(folded);
        expect(foldForComparison(arabicToThaiDigits(typed))).toBe(folded);
        expect(foldForComparison(thaiDigitsToArabic(typed).toUpperCase())).toBe(folded);
        expect(foldForComparison(` ${typed.replaceAll("|", "\u00A0|\t\r\n")}`)).toBe(folded);
      }),
      { seed: 0x0e32, numRuns: 500 },
    );
  });
});

describe("foldForComparison", () => {
  it("sees through spaces, digits and spelling", () => {
    expect(foldForComparison(" นํ้า  ที่ ๑๒ ABC")).toBe(foldForComparison("น้ำที่12abc"));
  });

  const visible = (text: string) => [...text].filter((character) => normaliseThai(character) !== "");
  /** Whether the character behind a cut is joined to what stands before it; the rule in the function's comment. */
  function joins(before: string, behind: string): boolean {
    const last = visible(before).at(-1) ?? "";
    const first = visible(behind)[0] ?? "";
    if (last === "" || first === "") return false;
    if (/^[\p{M}\u0E33\u1160-\u11FF\u{16D67}]$/u.test(first)) return true;
    return (first === "\u0E32" && /\p{M}/u.test(last)) || (first === "เ" && last === "เ");
  }

  const text = fc.string({
    unit: fc.oneof(
      {
        weight: 9,
        arbitrary: fc.constantFrom(
          ..."กนเเแา๑9 \n\u200B\u0E33\u0E34\u0E38\u0E3A\u0E48\u0E4C\u0E4DAeé\u0301\u1100\u1161",
        ),
      },
      { weight: 1, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 1 }) },
    ),
    maxLength: 8,
  });

  it("keeps a term findable in every text that holds it between two characters", () => {
    let held = 0;
    fc.assert(
      fc.property(text, text, text, (before, term, after) => {
        const whole = before + term + after;
        if (joins(before, term) || joins(before + term, after)) return;
        held++;
        expect(foldForComparison(whole)).toContain(foldForComparison(term));
      }),
      { seed: 4096, numRuns: 5_000 },
    );
    expect(held).toBeGreaterThan(1_500);
  });

  it.each([
    ["", "ก\u0E4D", "า", "SARA AA makes SARA AM of a NIKHAHIT"],
    ["", "ก\u0E4D\u0E48", "\u200Bา", "also past a tone mark and a hidden break"],
    ["", "ท\u0E48", "\u0E35", "a vowel goes before the tone mark"],
    ["ท\u0E48", "\u0E35น", "", "and a term that begins with one is torn apart"],
    ["", "e", "\u0301", "an accent makes another letter"],
    ["", "\u1100", "\u1161", "so does a Hangul vowel"],
    ["", "กเ", "เก", "the second half of แ"],
    ["เ", "เก", "", "the first half of แ"],
    ["", "\uD83D", "\uDE00", "half of a pair"],
  ])("does not when a cut goes through a character: %j %j %j, %s", (before, term, after) => {
    expect(foldForComparison(before + term + after)).not.toContain(foldForComparison(term));
  });
});
