import { thaiDigitsToArabic } from "./thai-text.ts";

/**
 * Dates as Thai offices write them: ๙ เมษายน ๒๕๖๓, 9 เม.ย. 63, ๙/๔/๒๕๖๓, วันที่ ๙ เดือน เมษายน พ.ศ. ๒๕๖๓.
 * The year is Buddhist (C.E. + 543); a Christian year is taken where it can be nothing else. English month names too:
 * offices write to embassies and abroad.
 */
export type FoundDate = { iso: string; start: number; end: number };

const MONTHS: readonly (readonly string[])[] = [
  ["มกราคม", "มกรา", "ม.ค.", "ม.ค", "มค.", "มค"],
  ["กุมภาพันธ์", "กุมภา", "ก.พ.", "ก.พ", "กพ.", "กพ"],
  ["มีนาคม", "มีนา", "มี.ค.", "มี.ค", "มีค.", "มีค"],
  ["เมษายน", "เมษา", "เม.ย.", "เม.ย", "เมย.", "เมย"],
  ["พฤษภาคม", "พฤษภา", "พ.ค.", "พ.ค", "พค.", "พค"],
  ["มิถุนายน", "มิถุนา", "มิ.ย.", "มิ.ย", "มิย.", "มิย"],
  ["กรกฎาคม", "กรกฎา", "กรกฏาคม", "กรกฏา", "ก.ค.", "ก.ค", "กค.", "กค"],
  ["สิงหาคม", "สิงหา", "ส.ค.", "ส.ค", "สค.", "สค"],
  ["กันยายน", "กันยา", "ก.ย.", "ก.ย", "กย.", "กย"],
  ["ตุลาคม", "ตุลา", "ต.ค.", "ต.ค", "ตค.", "ตค"],
  ["พฤศจิกายน", "พฤศจิกา", "พ.ย.", "พ.ย", "พย.", "พย"],
  ["ธันวาคม", "ธันวา", "ธ.ค.", "ธ.ค", "ธค.", "ธค"],
];

const ENGLISH_MONTHS =
  "january february march april may june july august september october november december".split(" ");
const MONTH_OF = new Map<string, number>(
  MONTHS.flatMap((names, index) => names.map((name): [string, number] => [name, index + 1])),
);
// Longest first, or มกรา would win over มกราคม and leave คม in the way of the year.
const MONTH_PATTERN = [...MONTH_OF.keys()]
  .sort((a, b) => b.length - a.length)
  .map((name) => name.replaceAll(".", "\\.[ ]?"))
  .join("|");

// Every space run is bounded, and nothing optional stands beside a like: linear on any input.
const SPACE = "[ \\t]{0,8}";
const ERA = `(?:(พ\\.?${SPACE}ศ\\.?|พุทธศักราช|ค\\.?${SPACE}ศ\\.?|คริสต์ศักราช)${SPACE})?`;
const NAMED = `([0-9]{1,2})${SPACE}(?:เดือน${SPACE})?(${MONTH_PATTERN})${SPACE}${ERA}['’]?([0-9]{4}|[0-9]{2})`;
const SLASHED = "([0-9]{1,2})[ ]?([/-])[ ]?([0-9]{1,2})[ ]?\\5[ ]?([0-9]{4}|[0-9]{2})";
const DOTTED = "([0-9]{1,2})\\.([0-9]{1,2})\\.([0-9]{4})";
const ENGLISH = `(?:${ENGLISH_MONTHS.map((name) => `${name.slice(0, 3)}(?:${name.slice(3)})?`).join("|")})`
  // Each letter in either case: the other names of months have none.
  .replaceAll(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
const ENGLISH_NAMED = `([0-9]{1,2})(?:st|nd|rd|th)?[ -](${ENGLISH})\\.?,?[ -]([0-9]{4})`;
const ENGLISH_MONTH_FIRST = `(?<![A-Za-z])(${ENGLISH})\\.?[ ]([0-9]{1,2})(?:st|nd|rd|th)?,?[ ]([0-9]{4})`;
const YEAR_FIRST = "([0-9]{4})-([0-9]{2})-([0-9]{2})";
const DATE = new RegExp(
  // A date does not continue a longer run of digits, slashes or dots (1/2/3/2563 is no date), nor is it continued.
  `(?<![0-9]|[0-9][/.-])(?:${NAMED}|${SLASHED.replace("\\5", "\\6")}|${DOTTED}|${YEAR_FIRST}|${ENGLISH_NAMED}|${ENGLISH_MONTH_FIRST})(?![0-9]|[/-][0-9])`,
  "gu",
);

/** Every possible date in the text, in order. Impossible ones (31 เมษายน) are left out, not bent. */
export function findThaiDates(text: string): FoundDate[] {
  const found: FoundDate[] = [];
  for (const match of thaiDigitsToArabic(text).matchAll(DATE)) {
    const iso = isoOf(match);
    if (iso !== null) found.push({ iso, start: match.index, end: match.index + match[0].length });
  }
  return found;
}

/** The date that is the whole text (apart from spaces and a leading วันที่ / ลงวันที่ / ลว.), or null. */
export function parseThaiDate(text: string): string | null {
  const bare = text.replace(/^\s{0,40}(?:ลงวันที่|วันที่|ลว\.?)?\s{0,40}:?/u, "").trim();
  const [first, ...rest] = findThaiDates(bare);
  if (first === undefined || rest.length > 0) return null;
  return first.start === 0 && first.end === bare.length ? first.iso : null;
}

function isoOf(match: RegExpMatchArray): string | null {
  const [, day, month, era, year, day2, , month2, year2, day3, month3, year3, year4, month4, day4] = match;
  const [day5, month5, year5, month6, day6, year6] = match.slice(15);
  if (month !== undefined) {
    const named = MONTH_OF.get(month.replaceAll(" ", ""));
    return named === undefined ? null : calendarDate(Number(day), named, commonYear(year ?? "", era));
  }
  if (month2 !== undefined) return calendarDate(Number(day2), Number(month2), commonYear(year2 ?? ""));
  if (month3 !== undefined) return calendarDate(Number(day3), Number(month3), commonYear(year3 ?? ""));
  const english = month5 ?? month6;
  if (english !== undefined) {
    const named = ENGLISH_MONTHS.findIndex((name) => name.startsWith(english.slice(0, 3).toLowerCase())) + 1;
    return calendarDate(Number(day5 ?? day6), named, commonYear(year5 ?? year6 ?? ""));
  }
  return calendarDate(Number(day4), Number(month4), commonYear(year4 ?? ""));
}

/** A written year as a Christian one; null where both eras are possible or neither is. */
function commonYear(written: string, era?: string): number | null {
  const year = Number(written);
  if (written.length === 2) {
    // 63 is 2563. Below 40 it may as well be 20xx C.E.: nobody sends letters of B.E. 2500 by e-mail.
    if (era?.startsWith("ค")) return 2000 + year;
    return year >= 40 || era !== undefined ? 2500 + year - 543 : null;
  }
  if (era?.startsWith("ค")) return year >= 1900 && year < 2200 ? year : null;
  if (year >= 2400 && year < 2700) return year - 543;
  return era === undefined && year >= 1900 && year < 2200 ? year : null;
}

function calendarDate(day: number, month: number, year: number | null): string | null {
  if (year === null || month < 1 || month > 12) return null;
  const date = new Date(Date.UTC(year, month - 1, day));
  // Date.UTC rolls 31 April over into May; a date that moved never existed.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  return date.toISOString().slice(0, 10);
}
