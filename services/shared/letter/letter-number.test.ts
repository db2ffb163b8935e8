import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cpuTimeMs } from "../testing/cpu-time.ts";
import { findLetterNumbers, normaliseLetterNumber } from "./letter-number.ts";
import { readRoles } from "./letter-references.ts";
import { arabicToThaiDigits } from "./thai-text.ts";

describe("normaliseLetterNumber", () => {
  it.each([
    ["นร ๑๒๐๐/๕๕", "นร 1200/55"],
    ["ที่ นร 1200/55", "นร 1200/55"],
    ["นร๑๒๐๐/๕๕", "นร 1200/55"],
    ["นร. 1200 / 55", "นร 1200/55"],
    ["คค (ปคร) ๐๒๑๐/๑๕๔", "คค (ปคร) 0210/154"],
    ["ดศ(สพธอ) ๕๑๑.๐๔/๐๓๓๕", "ดศ (สพธอ) 511.04/0335"],
    ["กค 0402.5/ว 918", "กค 0402.5/ว 918"],
    ["กค 0402.5/ว918", "กค 0402.5/ว 918"],
    ["กค (กวจ) ๐๔๐๕.๒/ว ๔๕๒", "กค (กวจ) 0405.2/ว 452"],
    ["นร ๐๕๐๖/ว(ล) ๑๑๕๖๑", "นร 0506/ว(ล) 11561"],
    ["นร 0506/ว (ล) 11561", "นร 0506/ว(ล) 11561"],
    ["ศธ 04009/๔๔๖๗", "ศธ 04009/4467"],
    ["ที่ ชม ๐๐๑๗/๕๕", "ชม 0017/55"],
    ["สพ 0017.2/ว 8", "สพ 0017.2/ว 8"],
  ])("%s is %s", (printed, canonical) => expect(normaliseLetterNumber(printed)).toBe(canonical));

  it.each([
    "ครั้งที่ ๑/๒๕๖๖",
    "ABC/998/2022",
    "ถนน 12/3",
    "12/34",
    "นร 1200/55/2563",
    "นร 1200",
    "คำสั่งที่ 12/2566",
    "",
  ])("%s is none", (text) => expect(normaliseLetterNumber(text)).toBeNull());

  it("finds any well-formed number again, whatever its digits and spacing", () => {
    const digits = (min: number, max: number) =>
      fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: min, maxLength: max });
    fc.assert(
      fc.property(
        fc.constantFrom("นร", "กค", "มท", "สธ", "อต", "ตช"),
        fc.option(fc.constantFrom("ปคร", "สพธอ", "กวจ"), { nil: undefined }),
        digits(1, 5),
        fc.constantFrom("", "ว ", "ว(ล) "),
        digits(1, 6),
        fc.boolean(),
        (code, sub, unit, mark, running, inThai) => {
          const canonical = `${code} ${sub === undefined ? "" : `(${sub}) `}${unit}/${mark}${running}`;
          const printed = inThai ? arabicToThaiDigits(canonical) : canonical;
          expect(normaliseLetterNumber(printed)).toBe(canonical);
          const [found] = findLetterNumbers(`ขอส่งหนังสือ ที่ ${printed} ลงวันที่ ๑ มกราคม ๒๕๖๓`);
          expect(found).toMatchObject({ canonical, printed, secretCircular: mark === "ว(ล) " });
        },
      ),
      { seed: 1200 },
    );
  });
});

describe("findLetterNumbers", () => {
  it("leaves words, meetings and other counts alone", () => {
    for (const text of [
      "ประชุมคณะทำงาน ครั้งที่ ๑/๒๕๖๖",
      "Ref no: ABC/998/2022",
      "บ้านเลขที่ 12/3 ถนน 45/6 ซอย 7/8",
      "สำนักงาน 12/34",
      "จดหมายข่าว ฉบับที่ ๑๒/๒๕๖๕",
    ]) {
      expect(findLetterNumbers(text), text).toEqual([]);
    }
  });

  it("reads code letters glued to ที่", () => {
    expect(findLetterNumbers("ด่วนที่สุด ที่กค๐๔๐๒/ว๑๒")[0]?.canonical).toBe("กค 0402/ว 12");
  });
});

describe("a letter number, however it is typed", () => {
  const digits = (min: number, max: number) =>
    fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: min, maxLength: max });
  const space = fc.constantFrom("", " ", "  ", "\t");
  // Each digit in the one or the other script.
  const inScripts = (text: string, thai: readonly boolean[]) =>
    [...text]
      .map((character, at) => (thai[at % thai.length] ? arabicToThaiDigits(character) : character))
      .join("");
  const number = fc
    .record({
      code: fc.constantFrom("นร", "กค", "ดศ", "ศธ", "อต", "กทม"),
      sub: fc.option(fc.constantFrom("ปคร", "สพธอ", "กวจ"), { nil: undefined }),
      unit: fc.array(digits(1, 4), { minLength: 1, maxLength: 4 }).map((parts) => parts.join(".")),
      mark: fc.constantFrom("", "ว", "ว(ล)"),
      running: digits(1, 7),
    })
    .map((parts) => ({
      ...parts,
      canonical: `${parts.code} ${parts.sub === undefined ? "" : `(${parts.sub}) `}${parts.unit}/${parts.mark === "" ? "" : `${parts.mark} `}${parts.running}`,
    }));
  const typed = fc
    .record({
      number,
      spaces: fc.tuple(space, space, space, space, space, space, space),
      inBracket: fc.constantFrom("", " "),
      slash: fc.constantFrom("/", "\u2044", "\u2215", "\uFF0F"),
      dot: fc.boolean(),
      thai: fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
    })
    .map(
      ({
        number: { code, sub, unit, mark, running, canonical },
        spaces: [a, b, d, e, f, g, h],
        inBracket,
        slash,
        dot,
        thai,
      }) => {
        const letters = sub === undefined ? code : `${code}${a}(${b}${sub}${inBracket})`;
        const circular = mark === "ว(ล)" ? `ว${d}(${e}ล${f})` : mark;
        const point = dot && sub === undefined ? "." : "";
        return {
          canonical,
          printed: inScripts(`${letters}${point}${g}${unit}${h}${slash}${a}${circular}${b}${running}`, thai),
        };
      },
    );

  it("has one canonical form, which is its own", () => {
    fc.assert(
      fc.property(typed, fc.constantFrom("", "ที่", "ที่ ", " ที่\t"), ({ canonical, printed }, label) => {
        expect(normaliseLetterNumber(label + printed)).toBe(canonical);
        expect(normaliseLetterNumber(canonical)).toBe(canonical);
      }),
      { seed: 526, numRuns: 500 },
    );
  });

  it("is none with more behind it, or glued to a word before it", () => {
    fc.assert(
      fc.property(typed, fc.constantFrom("/2563", "/๑", "-1", ".5", "⁄2", "9999999"), ({ printed }, more) => {
        expect(findLetterNumbers(printed + more)).toEqual([]);
      }),
      { seed: 527 },
    );
    fc.assert(
      fc.property(typed, fc.constantFrom("บ้าน", "x", "7", "เ"), ({ printed }, word) => {
        expect(findLetterNumbers(word + printed)).toEqual([]);
      }),
      { seed: 528 },
    );
  });

  it("is found at its place among others", () => {
    fc.assert(
      fc.property(
        fc.array(typed, { maxLength: 6 }),
        fc.constantFrom(" และ ที่ ", "\n", ", ", " ลงวันที่ ๙ เมษายน ๒๕๖๓ "),
        (all, between) => {
          const text = all.map(({ printed }) => printed).join(between);
          const found = findLetterNumbers(text);
          expect(found.map(({ canonical }) => canonical)).toEqual(all.map(({ canonical }) => canonical));
          for (const { printed, start, end } of found) expect(text.slice(start, end)).toBe(printed);
        },
      ),
      { seed: 529 },
    );
  });

  it("is what it is said to be, in any text", () => {
    const pieces = fc.array(
      fc.constantFrom(..."ก|กค|นร.|ที่|ถนน|(|)|ล|ว|0402|๑๒|/|.|-| |\n|หนังสือ|เลขที่|x|:".split("|")),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(pieces, (words) => {
        const text = words.join("");
        let behindLast = 0;
        for (const { canonical, printed, codeLetters, secretCircular, start, end } of findLetterNumbers(
          text,
        )) {
          expect(start).toBeGreaterThanOrEqual(behindLast);
          expect(text.slice(start, end)).toBe(printed);
          expect(canonical).toMatch(/^[ก-ฮ]{2,6} (?:\([ก-๛]+\) )?[0-9.]+\/(?:ว(?:\(ล\))? )?[0-9]+$/u);
          expect(canonical.startsWith(codeLetters)).toBe(true);
          expect(canonical.includes("ว(ล)")).toBe(secretCircular);
          behindLast = end;
        }
      }),
      { seed: 530, numRuns: 1_000 },
    );
  });

  it("is looked for in bounded time", () => {
    for (const piece of ["ก", "กค ", "กค (", "กค (ก", "กค 1.", "กค 1/", "กค 1/ว (ล", "กค 1/1/", "1", " "]) {
      const started = cpuTimeMs();
      findLetterNumbers(piece.repeat(Math.floor(200_000 / piece.length)));
      expect(cpuTimeMs() - started, piece).toBeLessThan(2_000);
    }
  });
});

describe("readRoles", () => {
  const roleOf = (passage: string, word: string) => readRoles(passage)(passage.indexOf(word));

  it("tells the letter sent from the letter cited", () => {
    const passage = "ตามหนังสือกรม ที่ กค 1/1 ลงวันที่ … นั้น กรมขอส่งหนังสือ ที่ กค 2/2 ลงวันที่ …";
    expect(roleOf(passage, "กค 1/1")).toBe("reference");
    expect(roleOf(passage, "กค 2/2")).toBe("own");
  });

  it.each([
    "อ้างถึงหนังสือที่ X",
    "ตาม“หนังสือสำนัก ด่วนที่สุด ที่ X",
    "ได้รับหนังสือ ที่ X",
    "ตอบหนังสือ ที่ X",
    "ตามที่ได้ส่งหนังสือ ที่ X",
    "กรมได้มีหนังสือ ที่ X",
    "ยกเลิกหนังสือ ที่ X",
    "แจ้งเลขรับหนังสือ ที่ X",
  ])("%s cites", (passage) => expect(roleOf(passage, "X")).toBe("reference"));

  it("closes a citation at นั้น, but not inside ชั้นนั้นเอง", () => {
    expect(roleOf("ตามหนังสือ ก นั้น ที่ X", "X")).toBe("plain");
  });
});
