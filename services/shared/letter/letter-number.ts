import { thaiDigitsToArabic } from "./thai-text.ts";

/**
 * Letter numbers (ที่): code letters, perhaps a bracketed sub-unit, the owner's unit, a slash and the running
 * number; circulars carry ว, secret circulars ว(ล), before the running number.
 *
 * What looks alike and is none has no code letters (ครั้งที่ ๑/๒๕๖๖, คำสั่งที่ 12/2566), Latin ones
 * (ABC/998/2022) or a word of an address in their place (ถนน 12/3).
 */
export type FoundNumber = {
  /** Canonical: `CODE (SUB) UNIT/NUMBER`, `CODE UNIT/ว NUMBER`, `CODE UNIT/ว(ล) NUMBER`; leading zeros kept. */
  canonical: string;
  /** As it stands in the text. */
  printed: string;
  codeLetters: string;
  secretCircular: boolean;
  start: number;
  end: number;
};

const S = "[ \\t]{0,4}";
const NUMBER = new RegExp(
  // Code letters are consonants only: any vowel or tone mark beside them makes them part of a word.
  `([ก-ฮ]{2,6})\\.?${S}(?:\\(${S}([ก-ฮ][ก-๛. ]{0,19})\\)${S})?` +
    `([0-9]{1,6}(?:\\.[0-9]{1,4}){0,3})${S}[/⁄∕／]${S}` +
    `(?:(ว)\\.?${S}(\\(${S}ล\\.?${S}\\))?${S})?([0-9]{1,7})` +
    // A longer chain (1/2/2566, 12/3.5) is something else.
    "(?![0-9]|[/⁄∕／-][0-9]|\\.[0-9])",
  "gu",
);

// Words written with consonants alone that stand before house numbers, years or counts.
const NOT_CODES = new Set([
  "ถนน",
  "ซอย",
  "ตรอก",
  "หน",
  "ตอน",
  "ผล",
  "บท",
  "กลม",
  "ครบ",
  "ลง",
  "จน",
  "คน",
  "พศ",
  "คศ",
  "อบรม",
  "งบ",
  "รถ",
  "จบ",
  "รวม",
  "กม",
  "ชม",
  "สพ",
]);
// Real provinces' and units' letters that are also words are kept when ที่ or a label stands before them.
const LEAD_IN = /(?:ที่|หนังสือ|เวียน|ราชการ|มาก|ด่วน|ลับ|สุด)$/u;

/** Every letter number in the text, in order. Digits may be Thai, Arabic or mixed. */
export function findLetterNumbers(text: string): FoundNumber[] {
  const digits = thaiDigitsToArabic(text);
  const found: FoundNumber[] = [];
  for (const match of digits.matchAll(NUMBER)) {
    const placed = placeCode(digits, match.index, match[1] ?? "");
    if (placed === null) continue;
    const [, , sub, unit, circular, secret, running] = match;
    const end = match.index + match[0].length;
    const mark = circular === undefined ? "" : secret === undefined ? "ว " : "ว(ล) ";
    const bracket = sub === undefined ? "" : `(${sub.replace(/[ .]/g, "")}) `;
    found.push({
      canonical: `${placed.code} ${bracket}${unit}/${mark}${running}`,
      printed: text.slice(placed.start, end),
      codeLetters: placed.code,
      secretCircular: secret !== undefined,
      start: placed.start,
      end,
    });
  }
  return found;
}

/** The canonical form of a text that is one letter number and nothing else (a leading ที่ allowed), or null. */
export function normaliseLetterNumber(text: string): string | null {
  const bare = text.replace(/^\s{0,20}ที่\s{0,20}/u, "").trim();
  // Where nothing else is said, letters that are also a word are the province's.
  const label = PROVINCES_AND_WORDS.test(bare) ? "ที่ " : "";
  const [first] = findLetterNumbers(label + bare);
  const isAll =
    first !== undefined && first.start === label.length && first.end === label.length + bare.length;
  return isAll ? first.canonical : null;
}

/** Chiang Mai, Suphan Buri, Chanthaburi; and hour, for example, or end. */
const PROVINCES_AND_WORDS = /^(?:ชม|สพ|จบ)[. (0-9๐-๙]/u;

function placeCode(text: string, at: number, letters: string): { code: string; start: number } | null {
  const before = text.slice(Math.max(0, at - 12), at);
  const afterLeadIn = LEAD_IN.test(before.trimEnd());
  if (NOT_CODES.has(letters) && !afterLeadIn) return null;
  // Glued to a Thai word, they are its last letters, unless that word is one that introduces a number.
  if (/[ก-๎A-Za-z0-9]$/u.test(before) && !LEAD_IN.test(before)) return null;
  return { code: letters, start: at };
}
