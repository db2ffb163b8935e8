import type { LetterFacts } from "../../shared/letter/letter.ts";
import { type FoundNumber, findLetterNumbers } from "../../shared/letter/letter-number.ts";
import { readRoles } from "../../shared/letter/letter-references.ts";
import { findThaiDates } from "../../shared/letter/thai-date.ts";
import { foldForComparison } from "../../shared/letter/thai-text.ts";
import type { Citation } from "../reading.ts";
import type { BodyItem } from "./body-items.ts";
import { type ListRules, oneLine, splitListItems } from "./list-items.ts";
import { dateBehind } from "./subject-header.ts";

const MAX_CITATIONS = 50;
const MAX_CHARACTERS = 500;
// A table may hold thousands of numbers; see read-item.ts.
const MAX_NUMBERS = 200;
const MAX_WORDS_BEFORE = 150;

// อ้างอิง heads lists of web pages and books too, and อ้างถึงการประชุม … is running words: there only numbers count.
const LISTED = /^[-•*–▪●]?[ \t]{0,4}(?:หนังสือที่)?อ้างถึง(?=[\s:：=0-9๐-๙(]|$)/u;
// Longer than what is kept: one item may name several letters.
const RULES: ListRules = {
  complete: (item) => findThaiDates(item).at(-1)?.end === item.length,
  begins: (line) => /^(?:และ|หนังสือ|บันทึก|ที่)/u.test(line),
  maxCharacters: 4 * MAX_CHARACTERS,
};

/**
 * The letters that a letter refers to: what stands under อ้างถึง, and the numbers that its text cites. `own` is the letter
 * itself, which an answer to an answer may name.
 */
export function findCitations(
  bodies: readonly (readonly BodyItem[])[],
  own: Pick<LetterFacts, "number" | "date">,
): Citation[] {
  const citations = new Map<string, Citation>();
  for (const item of bodies.flat()) {
    for (const citation of citationsIn(item)) {
      if (citations.size >= MAX_CITATIONS) return [...citations.values()];
      const key = citation.number ?? foldForComparison(citation.printed);
      if (!isOwn(citation, own) && !citations.has(key)) citations.set(key, citation);
    }
  }
  return [...citations.values()];
}

function citationsIn(item: BodyItem): Citation[] {
  if (item.label === "enclosure") return [];
  if (item.label !== "reference") return citedInPassing(item.text);
  if (!LISTED.test(item.lines[0]?.trim() ?? "")) return citedInPassing(`อ้างถึง ${item.text}`);
  // A line that ends inside ลงวันที่ must not cost the date.
  return splitListItems(item, RULES).flatMap((text) => citedInList(text.replace(/ลงวัน ที่/gu, "ลงวันที่")));
}

/** Numbers begin again each year: the same number of another date is another letter. */
function isOwn({ number, date }: Citation, own: Pick<LetterFacts, "number" | "date">): boolean {
  return (
    number !== null && number === own.number && (date === null || own.date === null || date === own.date)
  );
}

/** One item of อ้างถึง; one that names several letters is cut between them. */
function citedInList(text: string): Citation[] {
  const roleAt = readRoles(text);
  const numbers = citable(text).filter(({ start }) => roleAt(start) !== "own");
  if (numbers.length === 0)
    return [{ printed: oneLine(text, MAX_CHARACTERS), number: null, date: dateIn(text) }];
  let from = 0;
  return numbers.map((number, index) => {
    const next = numbers[index + 1];
    const to = next === undefined ? text.length : borderBetween(text, number.end, next.start);
    const printed = oneLine(text.slice(from, to).replace(/^[\s,;]*(?:และ|กับ|หรือ)?/u, ""), MAX_CHARACTERS);
    const date = dateBehind(text, number.end) ?? dateIn(text.slice(from, to));
    from = to;
    return { printed, number: number.canonical, date };
  });
}

/** Where one letter's words end and the next one's begin: at the last และ, or else behind the first one's date. */
function borderBetween(text: string, end: number, nextStart: number): number {
  const between = text.slice(end, nextStart);
  const joints = [...between.matchAll(/[\s,;](?=และ|กับ|หรือ)|[,;]/gu)];
  return joints.at(-1)?.index === undefined ? endOfDate(text, end) : end + (joints.at(-1)?.index ?? 0);
}

/** … ตามหนังสือกรม ก ที่ กค ๐๔๐๒/๑ ลงวันที่ … นั้น: from หนังสือ to the date. */
function citedInPassing(text: string): Citation[] {
  const roleAt = readRoles(text);
  let behindLast = 0;
  return citable(text).flatMap((number) => {
    const before = text.slice(Math.max(behindLast, number.start - MAX_WORDS_BEFORE), number.start);
    const end = endOfDate(text, number.end);
    behindLast = end;
    if (roleAt(number.start) !== "reference") return [];
    const word = Math.max(before.lastIndexOf("หนังสือ"), before.lastIndexOf("บันทึก"));
    const start = number.start - before.length + (word < 0 ? before.length : word);
    const printed = oneLine(text.slice(start, end), MAX_CHARACTERS);
    return [{ printed, number: number.canonical, date: dateBehind(text, number.end) }];
  });
}

function citable(text: string): FoundNumber[] {
  return findLetterNumbers(text).slice(0, MAX_NUMBERS);
}

/** ลงวันที่ somewhere in an item. A date without it is when somebody met, not when a letter was signed. */
function dateIn(text: string): string | null {
  const label = /ลงวันที่|ลว(?=[. 0-9๐-๙])/u.exec(text);
  return label === null ? null : dateBehind(text, label.index);
}

function endOfDate(text: string, end: number): number {
  if (dateBehind(text, end) === null) return end;
  return end + (findThaiDates(text.slice(end, end + 80))[0]?.end ?? 0);
}
