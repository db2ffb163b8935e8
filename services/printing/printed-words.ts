import { BANGKOK_OFFSET_MS, DAY_MS, dayOfIsoDate, startOfDayMs } from "../shared/letter/bangkok-day.ts";
import { arabicToThaiDigits, normaliseThai } from "../shared/letter/thai-text.ts";

/** Digits of what this office writes: numbers, dates, pages. What stands in the letter keeps its own. */
export type Digits = "arabic" | "thai";

/** Longer texts are cut, visibly: a register's cell is no place for a letter's body. */
const LONGEST_TEXT = 10_000;
// No characters (U+FFFE, U+FFFF) are forbidden in XML; normaliseThai takes away controls and what is invisible.
const NO_CHARACTERS = /[\uFFFE\uFFFF]/gu;

/** A text of a letter as it may stand in a cell: one line, one spelling, nothing invisible. */
export function cellText(text: string | null): string {
  if (text === null || text === "") return "";
  const cut = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
  return normaliseThai(cut).replace(NO_CHARACTERS, "").replace(/\s+/gu, " ").trim();
}

export function inDigits(text: string | number, digits: Digits): string {
  return digits === "thai" ? arabicToThaiDigits(String(text)) : String(text);
}

/** "2026-11-21 08:30:00" in Asia/Bangkok, C.E.: for programs that read a table. */
export function bangkokLocalTime(at: Date): string {
  return new Date(at.getTime() + BANGKOK_OFFSET_MS).toISOString().slice(0, 19).replace("T", " ");
}

/** A day as spreadsheets count it, 1 January 1970 being 25,569, with the time of day in Asia/Bangkok as its fraction. */
export function spreadsheetTime(at: Date): number {
  return Math.round(((at.getTime() + BANGKOK_OFFSET_MS) / DAY_MS + 25_569) * 1e8) / 1e8;
}

const longDate = thaiDateFormat("long");
const shortDate = thaiDateFormat("short");

function thaiDateFormat(month: "long" | "short"): Intl.DateTimeFormat {
  const options = { day: "numeric", month, year: "numeric", timeZone: "Asia/Bangkok" } as const;
  return new Intl.DateTimeFormat("th-TH-u-ca-buddhist-nu-latn", options);
}

/** "21 พฤศจิกายน 2569" */
export function longThaiDate(at: Date): string {
  return datePart(longDate, at);
}

/** "21 พ.ย. 2569" */
export function shortThaiDate(at: Date): string {
  return datePart(shortDate, at);
}

/** "9 เม.ย. 2563" for a letter's date (ISO, C.E.). What is no such date is shown as it is. */
export function shortLetterDate(isoDate: string): string {
  const day = isoDay(isoDate);
  return day === null ? isoDate : shortThaiDate(day);
}

/** The beginning of that day in Asia/Bangkok; null when the text is no ISO date. */
export function isoDay(isoDate: string): Date | null {
  const day = dayOfIsoDate(isoDate);
  return day === null ? null : new Date(startOfDayMs(day));
}

/** "13.50 น.": the time of day as it is written in stamps and letters. */
export function thaiTimeOfDay(at: Date): string {
  return `${bangkokLocalTime(at).slice(11, 16).replace(":", ".")} น.`;
}

/** The locale puts "พ.ศ." or other words between the parts in some versions of its data; the office's form has none. */
function datePart(format: Intl.DateTimeFormat, at: Date): string {
  const parts = format.formatToParts(at);
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? "";
  return `${part("day")} ${part("month")} ${part("year")}`;
}
