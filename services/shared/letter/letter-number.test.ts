import fc from "fast-check";
import { describe, expect, it } from "vitest";
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
