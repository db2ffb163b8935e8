import {
  type Markings,
  markingsAfterLabels,
  markingsInHeadline,
  readMarkingWords,
  strongest,
  UNMARKED,
} from "../../shared/letter/classification.ts";
import { type FoundNumber, findLetterNumbers } from "../../shared/letter/letter-number.ts";
import { findThaiDates, parseThaiDate } from "../../shared/letter/thai-date.ts";
import type { PdfLine } from "../pdf/read-pdf.ts";
import { isLeadIn } from "./subject-header.ts";

/** What stands on a letter above เรื่อง, เรียน and ถึง, in two columns: ที่, the sender's name and address, date, markings. */

export type Stated = { readonly value: string; readonly confidence: number };

const MEMO_FROM = /^(?:ส่วนราชการ[\s:：]*|จาก[\s:：]{1,10})(.*)$/u;
const TELEPHONE = /\s*(?:โทร(?:ศัพท์|สาร)?[. ]|เบอร์|[0-9๐-๙]{9,10}$).*$/u;
const ADDRESS =
  /^(?:ถ\.|ถนน|เลขที่|แขวง|เขต|ตำบล|ต\.|อำเภอ|อ\.|จังหวัด|จ\.|กทม|กรุงเทพ|ซอย|หมู่|อาคาร|ชั้น|ศาลากลาง|ตู้ ?ปณ|[0-9๐-๙])/u;
// The stamp of an office through which the letter came before: เลขรับ … วันที่ … เวลา ….
const STAMP = /เลข(?:ที่|ทะเบียน)?รับ|รับที่|เวลา/u;

/** No agency's name begins so; a province is both. */
const STREET = /^(?:ถ\.|ถนน|เลขที่|แขวง|ตำบล|ต\.|อำเภอ|อ\.|ซอย|หมู่|ชั้น|ตู้ ?ปณ|[0-9๐-๙])/u;
const CODE_ALONE = /ที่ ?[ก-ฮ]{2,6}\.? ?(?:\([ก-๛. ]{1,20}\))?$/u;
const DIGITS_ALONE = /^[0-9๐-๙][0-9๐-๙.]{0,14} ?[/／] ?(?:ว[. ]{0,2})?[0-9๐-๙]{1,7}$/u;

const YEAR_ALONE = /^(?:พ\. ?ศ\. ?)?[2๒][5๕][0-9๐-๙]{2}$/u;

export type Numbered = {
  found: FoundNumber;
  confidence: number;
  /** Where it stands, and what stands behind it in the same column. */
  line: number;
  segment: number;
  behind: string;
};

/** ที่ … in its own column above เรื่อง; the surest of several, the first of two alike. */
export function findNumber(top: readonly PdfLine[]): Numbered | null {
  let best: Numbered | null = null;
  for (const [line, { text }] of top.entries()) {
    const segments = joined(text.split("\t"));
    for (const [segment, words] of segments.entries()) {
      const below = segment === 0 && CODE_ALONE.test(words.slice(-60)) ? restBelow(top, line) : "";
      const read = numberIn(words + below);
      if (read === null || read.confidence <= (best?.confidence ?? 0)) continue;
      best = { ...read, line, segment };
    }
  }
  return best;
}

/** "ที่ ดศ (สพธอ)" whose digits did not fit beside it: they begin a line below, at the same margin. */
function restBelow(top: readonly PdfLine[], line: number): string {
  const left = top[line]?.left ?? 0;
  for (const below of top.slice(line + 1, line + 3)) {
    const [first = ""] = below.text.split("\t");
    if (Math.abs(below.left - left) < 0.03 && DIGITS_ALONE.test(first)) return ` ${first}`;
  }
  return "";
}

/** "ที่ นร ๑๒๐๐/" and the running number that was put in later, a gap apart. */
function joined(segments: readonly string[]): string[] {
  const all: string[] = [];
  for (const segment of segments) {
    const above = all.at(-1);
    const goesOn = above !== undefined && /[/／]\s?ว?\.?$/u.test(above) && /^[0-9๐-๙]{1,7}$/u.test(segment);
    if (goesOn) all[all.length - 1] = `${above}${segment}`;
    else all.push(segment);
  }
  return all;
}

function numberIn(words: string): { found: FoundNumber; confidence: number; behind: string } | null {
  const text = words.slice(0, 300);
  // Nothing but a number, whatever spaces the font put into it.
  const places = [...text].flatMap((letter, at) => (/\s/u.test(letter) ? [] : [at]));
  const bare = text.replace(/\s+/gu, "");
  const whole = findLetterNumbers(bare)[0];
  if (whole !== undefined && whole.end === bare.length && isLeadIn(bare.slice(0, whole.start))) {
    const start = places[whole.start] ?? 0;
    const end = (places[whole.end - 1] ?? text.length - 1) + 1;
    const printed = text.slice(start, end);
    return { found: { ...whole, printed, start, end }, confidence: ledIn(bare, whole), behind: "" };
  }
  const found = findLetterNumbers(text)[0];
  if (found === undefined) return null;
  const behind = text.slice(found.end).trim();
  if (isLeadIn(text.slice(0, found.start))) return { found, confidence: ledIn(text, found), behind };
  // The agency's name and the number in one line without a gap between them.
  return /\sที่\s?$/u.test(text.slice(0, found.start)) ? { found, confidence: 0.7, behind } : null;
}

function ledIn(text: string, found: FoundNumber): number {
  return /ที่\s*$/u.test(text.slice(0, found.start)) ? 0.95 : 0.8;
}

/** The date between number and เรื่อง: mostly alone, with วันที่ on a memo. */
export function dateInTop(top: readonly PdfLine[], numbered: Numbered | null): Stated | null {
  const dates: Stated[] = [];
  for (const [index, { text }] of top.entries()) {
    const stamp = [text, top[index - 1]?.text ?? "", top[index + 1]?.text ?? ""].some((each) =>
      STAMP.test(each),
    );
    const pieces = [...text.split("\t"), text.replaceAll("\t", " ")];
    if (numbered?.line === index) pieces.push(numbered.behind);
    // The year did not fit beside the rest.
    const below = top[index + 1]?.text ?? "";
    if (YEAR_ALONE.test(below)) pieces.push(`${text.split("\t").at(-1)} ${below}`);
    for (const piece of pieces) {
      const value = wholeDate(piece);
      if (value === null) continue;
      const labelled = /^(?:ลง)?วัน|^ลว/u.test(piece);
      if (labelled && stamp && numbered?.line !== index) continue;
      const below = numbered === null || index >= numbered.line;
      dates.push({ value, confidence: (labelled ? 0.92 : 0.95) - (below ? 0 : 0.05) });
    }
  }
  return dates.sort((a, b) => b.confidence - a.confidence)[0] ?? null;
}

/** The date that is all of a piece, with or without the spaces that fonts put into words and numbers. */
export function wholeDate(piece: string): string | null {
  if (piece.length > 60) return null;
  const bare = piece.replace(/\s+/gu, "").replace(/[()]/gu, "");
  const value = parseThaiDate(piece) ?? parseThaiDate(bare);
  if (value !== null) return value;
  // Mai ek and its like may have been lost or doubled in วันที่.
  const behind = bare.replace(/^วั?น?ท[ีิ]?[่้]*/u, "");
  return behind === bare ? null : parseThaiDate(behind);
}

/** The sender's name beside the number, and its lines below as far as the address; ส่วนราชการ on a memo. */
export function agencyIn(top: readonly PdfLine[], numbered: Numbered | null): string | null {
  for (const { text } of top) {
    const memo = MEMO_FROM.exec(text.replaceAll("\t", " "))?.[1]?.replace(TELEPHONE, "").trim();
    if (memo) return memo.slice(0, 300).toWellFormed();
  }
  const place = numbered ?? unfilledNumber(top);
  if (place === null) return null;
  const beside = joined((top[place.line]?.text ?? "").split("\t"));
  let name =
    place.behind !== "" ? place.behind : (beside[place.segment + 1] ?? beside[place.segment - 1] ?? "");
  let next = place.line + 1;
  if (name === "" && (top[next]?.left ?? 0) > 0.4) name = top[next++]?.text ?? "";
  // A number set at half the height of the name and address beside it.
  if (STREET.test(name)) return nameAbove(top, place.line);
  if (!isName(name)) return null;
  for (const { text, left } of top.slice(next, next + 2)) {
    if (left < 0.4 || ADDRESS.test(text) || !isName(text) || wholeDate(text) !== null) break;
    name = /[ก-๎ฯๆ]$/u.test(name) && /^[ก-๎]/u.test(text) ? name + text : `${name} ${text}`;
  }
  return name.slice(0, 300).toWellFormed();
}

function nameAbove(top: readonly PdfLine[], line: number): string | null {
  const above = top[line - 1];
  if (above === undefined || above.left < 0.4 || above.text.includes("\t")) return null;
  return /^[ก-๎]/u.test(above.text) &&
    isName(above.text) &&
    !ADDRESS.test(above.text) &&
    readMarkingWords(above.text) === null
    ? above.text.slice(0, 300).toWellFormed()
    : null;
}

/** "ที่ นร ๑๒๐๐/" whose running number is written in by hand: the name stands beside it all the same. */
function unfilledNumber(top: readonly PdfLine[]): Pick<Numbered, "line" | "segment" | "behind"> | null {
  for (const [line, { text }] of top.entries()) {
    const segment = text.split("\t").findIndex((words) => /^ที่ ?[ก-ฮ]{2,6}[^\n]{0,40}[/／]/u.test(words));
    if (segment >= 0) return { line, segment, behind: "" };
  }
  return null;
}

export function isName(text: string): boolean {
  return /^[ก-๎(]/u.test(text) && !/[0-9๐-๙]/u.test(text) && wholeDate(text) === null;
}

/** A marking alone in its column, or right before ที่ and a number. */
export function markingsInTop(top: readonly PdfLine[]): Markings {
  let markings: Markings = UNMARKED;
  for (const { text } of top) {
    for (const segment of text.split("\t", 8)) {
      if (segment.length > 120 || findThaiDates(segment).length > 0) continue;
      markings = strongest(markings, markingsAfterLabels(segment));
      const numbers = findLetterNumbers(segment).slice(0, 1);
      const end = numbers[0]?.end ?? segment.length;
      markings = strongest(markings, markingsInHeadline(segment.slice(0, end), numbers));
    }
  }
  return markings;
}
