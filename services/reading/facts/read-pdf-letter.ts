import {
  type Markings,
  markingsInHeadline,
  strongest,
  UNMARKED,
} from "../../shared/letter/classification.ts";
import type { FoundNumber } from "../../shared/letter/letter-number.ts";
import type { PdfLine, PdfPage } from "../pdf/read-pdf.ts";
import type { BodyItem } from "./body-items.ts";
import { cutLetter, type LetterParts } from "./pdf-head.ts";
import { findPdfMarkings } from "./pdf-markings.ts";
import { agencyIn, dateInTop, findNumber, isName, markingsInTop, type Stated, wholeDate } from "./pdf-top.ts";
import { isLeadIn, withoutMarkings } from "./subject-header.ts";

/** What the pages of a PDF say of the letter that they are, if they are one. */
export interface PdfLetter {
  /** It has a number and an addressee or a subject, as only a letter has. */
  readonly isLetter: boolean;
  readonly number: { readonly found: FoundNumber; readonly confidence: number } | null;
  readonly date: Stated | null;
  readonly subject: Stated | null;
  readonly from: Stated | null;
  readonly to: Stated | null;
  /** Urgency of the first page, secrecy of all. */
  readonly markings: Markings;
  /** หนังสือประทับตรา: ถึง in place of เรียน, no เรื่อง, the date at the end. */
  readonly isStamped: boolean;
  /** For citations, enclosures and the kind of letter. */
  readonly items: readonly BodyItem[];
}

const MAX_LINES = 400;
const MAX_CHARACTERS = 1_000;
// ที่ stands at the head of a page; further down numbers are spoken of.
const MAX_TOP_LINES = 25;
// Text recognised in a scan is misread in places: enough to fill a blank, never to contradict what was typed.
const RECOGNISED_CONFIDENCE = 0.65;

const OF_THE_DAY = /^(?:สั่ง|ประกาศ|ให้ไว้)? ?ณ ?วันที่ ?/u;

export function readPdfLetter(pages: readonly PdfPage[], recognised: boolean): PdfLetter {
  const markings = findPdfMarkings(pages);
  const read = pages.slice(0, 2).map((page) => readPage(page.lines.slice(0, MAX_LINES).map(cutLine)));
  // A cover sheet may lie on top.
  const [first, second] = read;
  const page = first !== undefined && !first.isLetter && second?.isLetter === true ? second : first;
  if (page === undefined) return { ...NOTHING, markings };
  const letter = { ...page, markings: strongest(page.markings, markings) };
  return recognised ? lessSure(letter) : letter;
}

const NOTHING: PdfLetter = {
  isLetter: false,
  number: null,
  date: null,
  subject: null,
  from: null,
  to: null,
  markings: UNMARKED,
  isStamped: false,
  items: [],
};

function cutLine(line: PdfLine): PdfLine {
  return line.text.length <= MAX_CHARACTERS
    ? line
    : { ...line, text: line.text.slice(0, MAX_CHARACTERS).toWellFormed() };
}

function readPage(lines: readonly PdfLine[]): PdfLetter {
  const parts = cutLetter(lines);
  if (parts === null) return { ...NOTHING, items: [] };
  const top = parts.top.slice(0, MAX_TOP_LINES);
  const numbered = findNumber(top);
  const subject = withoutMarkings(textOf(parts.items, ["subject"]) ?? "") || null;
  const to = textOf(parts.items, ["greeting", "to"]);
  const stamped = parts.addressedBy === "to" && subject === null;
  const signed = footOf(parts.text);
  const date = dateInTop(top, numbered) ?? (stamped || numbered === null ? (signed?.date ?? null) : null);
  const from = agencyIn(top, numbered) ?? (stamped ? (signed?.agency ?? null) : null);
  let markings = markingsInTop(top);
  if (numbered?.found.secretCircular)
    markings = strongest(markings, { ...UNMARKED, secrecy: "confidential" });
  const item = parts.items.find(({ label }) => label === "subject");
  if (item !== undefined) markings = strongest(markings, markingsInHeadline(item.text, [], 0));
  const isLetter = numbered !== null && (subject !== null || to !== null);
  return {
    isLetter,
    number: numbered && { found: numbered.found, confidence: isLetter ? numbered.confidence : 0.5 },
    date: date && { value: date.value, confidence: isLetter ? date.confidence : 0.7 },
    subject: subject === null ? null : { value: subject, confidence: 0.95 },
    from: from === null ? null : { value: from, confidence: 0.85 },
    to: to === null ? null : { value: to, confidence: 0.95 },
    markings,
    isStamped: isLetter && stamped && signed !== null,
    items: [...topItems(parts), ...parts.items],
  };
}

/** The lines above the labels as the kinds of letters are told by them (บันทึกข้อความ, คำสั่ง …). */
function topItems({ top }: LetterParts): BodyItem[] {
  const lines = top.flatMap(({ text }) => text.split("\t")).filter((text) => !isLeadIn(text));
  return lines.map((text) => ({ label: null, text, lineStarts: [0], lines: [text] }));
}

function textOf(items: readonly BodyItem[], labels: readonly (string | null)[]): string | null {
  const text = items.find(({ label }) => labels.includes(label))?.text ?? "";
  const clean = text.replace(/\s+/gu, " ").trim().slice(0, MAX_CHARACTERS).toWellFormed();
  return clean === "" ? null : clean;
}

/** The last date that stands alone below the text, and the name above it: so a stamped letter is signed. */
function footOf(text: readonly PdfLine[]): { date: Stated; agency: string | null } | null {
  for (let at = text.length - 1; at >= 0; at--) {
    for (const piece of (text[at]?.text ?? "").split("\t")) {
      const value = wholeDate(piece.replace(OF_THE_DAY, ""));
      if (value === null) continue;
      const above = text[at - 1]?.text.split("\t").at(-1) ?? "";
      const agency = above.length <= 80 && isName(above) && (text[at - 1]?.left ?? 0) > 0.25 ? above : null;
      return { date: { value, confidence: 0.9 }, agency };
    }
  }
  return null;
}

function lessSure(letter: PdfLetter): PdfLetter {
  const lower = (stated: Stated | null): Stated | null =>
    stated && { ...stated, confidence: Math.min(stated.confidence, RECOGNISED_CONFIDENCE) };
  const { number, date, subject, from, to } = letter;
  return {
    ...letter,
    number: number && { ...number, confidence: Math.min(number.confidence, RECOGNISED_CONFIDENCE) },
    date: lower(date),
    subject: lower(subject),
    from: lower(from),
    to: lower(to),
  };
}
