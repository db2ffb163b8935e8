import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foldTerm, gramsOf as openGrams, searchKeys } from "../letter/search-text.ts";
import {
  gramsOf,
  holdsTerms,
  indexKeyOf,
  type QueryGrams,
  queryGrams,
  searchableFields,
} from "./blind-index.ts";

const indexKey = indexKeyOf(Buffer.alloc(32, 7));

/** As the table answers: letters that have all of the grams, and of each group one. */
function isCandidate(grams: readonly Buffer[], { all, oneOf }: QueryGrams): boolean {
  const has = new Set(grams.map((gram) => gram.toString("hex")));
  const hasGram = (gram: Buffer): boolean => has.has(gram.toString("hex"));
  return all.every(hasGram) && oneOf.every((group) => group.some(hasGram));
}

const WORDS = [
  "ขอเชิญประชุม",
  "คณะกรรมการ",
  "น้ำท่วม",
  "ลับมาก",
  "ที่ กห ๐๒๐๑/๑๒๓",
  "ข้าราชการ",
  "กำหนดการ",
  "e-Saraban",
  "เเผน",
  "๒๕๖๙",
  "12/2569",
];
const text = fc.array(fc.oneof(fc.constantFrom(...WORDS), fc.string({ minLength: 1, maxLength: 4 })), {
  minLength: 1,
  maxLength: 12,
});
const separator = fc.constantFrom("", " ", "​", "\n", "-");

describe("recall", () => {
  test("a letter that contains a term is found by it, wherever it stands", () => {
    fc.assert(
      fc.property(
        text,
        separator,
        fc.nat(),
        fc.integer({ min: 1, max: 30 }),
        (words, between, from, length) => {
          const searchable = searchableFields([words.join(between), null, "กรมตัวอย่าง"]);
          // A cut of the folded text is a term that is in it: cuts through characters are search-text's matter.
          const [field = ""] = searchable.split("\n");
          const start = from % Math.max(1, field.length);
          const term = field.slice(start, start + length);
          fc.pre(term !== "" && foldTerm(term) === term);
          const query = queryGrams(term, indexKey);
          expect(isCandidate(gramsOf(searchable, indexKey), query)).toBe(true);
          expect(holdsTerms(searchable, [query])).toBe(true);
        },
      ),
      { seed: 25_69, numRuns: 300 },
    );
  });

  test("what is a candidate by open grams is one by blind grams, and nothing else is", () => {
    const letters = ["ขอเชิญประชุมคณะกรรมการ", "แจ้งกำหนดการ", "รายงานน้ำท่วม ที่ ๓", "ก", "กข", "abc 123"].map(
      (each) => searchableFields([each, "กห ๐๒๐๑/๑๒๓"]),
    );
    const terms = [
      "ประชุม",
      "กำหนด",
      "น้ำ",
      "ท่",
      "ก",
      "กข",
      "abc",
      "รายงานน้ำท่วมที่3",
      "๐๒๐๑",
      "ไม่มี",
      "ประชุมประชุม",
    ];
    for (const term of terms) {
      const { all, oneOf } = searchKeys([foldTerm(term)], [], []);
      const query = queryGrams(term, indexKey);
      for (const searchable of letters) {
        const open = new Set(openGrams(searchable, []));
        const byOpen =
          all.every((gram) => open.has(gram)) && oneOf.every((group) => group.some((gram) => open.has(gram)));
        expect([term, isCandidate(gramsOf(searchable, indexKey), query)]).toEqual([term, byOpen]);
      }
    }
  });

  test("spellings that are one: digits, สระอำ, case, spaces, invisible characters", () => {
    const grams = gramsOf(searchableFields(["ขอส่งกําหนดการ SARABAN ฉบับที่ ๑๒"]), indexKey);
    for (const term of ["กำหนดการ", "saraban", "ฉบับที่ 12", "ฉบับ​ที่๑๒", "ก ำ ห น ด"])
      expect([term, isCandidate(grams, queryGrams(term, indexKey))]).toEqual([term, true]);
  });

  test("a term of one letter has no grams: whoever searches opens all; a term of nothing is nothing", () => {
    expect(queryGrams("ก", indexKey)).toEqual({ folded: "ก", all: [], oneOf: [] });
    expect(queryGrams(" ​", indexKey).folded).toBe("");
    expect(queryGrams("กข", indexKey).oneOf).toHaveLength(1);
  });
});

test("a candidate that does not hold the term does not show", () => {
  const searchable = searchableFields(["ประชุมกรม", "กรมประชุ"]);
  const query = queryGrams("กรมประชุม", indexKey);
  expect(holdsTerms(searchable, [query])).toBe(false);
  expect(holdsTerms(searchableFields(["กรมประชุม"]), [query, queryGrams("ประชุม", indexKey)])).toBe(true);
});

describe("what the table shows", () => {
  const searchable = searchableFields(["ขอเชิญประชุมประชุมประชุม", "กรมตัวอย่าง"]);

  test("each gram once, 8 octets, in the order of their values and not of the text", () => {
    const grams = gramsOf(searchable, indexKey);
    const shown = grams.map((gram) => gram.toString("hex"));
    expect(new Set(shown).size).toBe(shown.length);
    expect([...shown].sort()).toEqual(shown);
    expect(grams.every((gram) => gram.length === 8)).toBe(true);
    const reversed = gramsOf(searchableFields(["กรมตัวอย่าง", "ขอเชิญประชุมประชุมประชุม"]), indexKey);
    expect(reversed).toEqual(grams);
  });

  test("no gram of every letter, none of few values, none in common under another key", () => {
    const one = gramsOf(searchableFields(["ขอเชิญประชุม"]), indexKey).map((gram) => gram.toString("hex"));
    const other = gramsOf(searchableFields(["แจ้งผลการตรวจ"]), indexKey).map((gram) => gram.toString("hex"));
    expect(one.filter((gram) => other.includes(gram))).toEqual([]);
    const elsewhere = gramsOf(searchableFields(["ขอเชิญประชุม"]), indexKeyOf(randomBytes(32)));
    expect(elsewhere.some((gram) => one.includes(gram.toString("hex")))).toBe(false);
  });

  test("the index key is not the data key, and the same each time", () => {
    const dataKey = randomBytes(32);
    expect(indexKeyOf(dataKey)).toEqual(indexKeyOf(dataKey));
    expect(indexKeyOf(dataKey)).not.toEqual(dataKey);
  });

  test("a gram is what its text says: HMAC-SHA-256 of 4 octets, cut to 8", () => {
    // Python says the same: hmac.new(hkdf(bytes([7]) * 32, b"saraban closed index 1"), struct.pack(">i", gram), "sha256")
    const [gram = 0] = searchKeys(["กขค"], [], []).all;
    expect(gram).toBe(1480191484);
    expect(queryGrams("กขค", indexKey).all.map((each) => each.toString("hex"))).toEqual(["6ecb037d1affdbe4"]);
  });
});
