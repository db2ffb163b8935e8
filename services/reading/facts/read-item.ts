import {
  type Markings,
  markingsInHeadline,
  markingsOnLine,
  strongest,
  UNMARKED,
} from "../../shared/letter/classification.ts";
import type { LetterFacts } from "../../shared/letter/letter.ts";
import { type FoundNumber, findLetterNumbers } from "../../shared/letter/letter-number.ts";
import { type Role, readRoles } from "../../shared/letter/letter-references.ts";
import { findThaiDates, parseThaiDate } from "../../shared/letter/thai-date.ts";
import { STATED_CONFIDENCE } from "../reading.ts";
import type { BodyItem } from "./body-items.ts";
import { dateBehind, isLeadIn, readSubjectHeader, withoutMarkings } from "./subject-header.ts";

/** What one item of a body says of the letter, each fact with its confidence. */
export type ItemFacts = {
  numbers: { found: FoundNumber; confidence: number }[];
  proposals: { field: keyof LetterFacts; value: string; confidence: number }[];
  markings: Markings;
};

// A table may hold thousands; one of them in its own place is looked for, not all of them weighed.
const MAX_NUMBERS = 200;

/** Reads an item that is neither อ้างถึง nor สิ่งที่ส่งมาด้วย. `next` tells the date of a letter from that of a meeting. */
export function readItem(
  item: BodyItem,
  codeLetters: string | null,
  belowSubject: boolean,
  next: BodyItem | undefined,
): ItemFacts {
  const facts: ItemFacts = { numbers: [], proposals: [], markings: UNMARKED };
  const roleAt = readRoles(item.text);
  const propose = (field: keyof LetterFacts, value: string, confidence: number) => {
    const text = value.trim().slice(0, 1_000).toWellFormed();
    if (text !== "") facts.proposals.push({ field, value: text, confidence });
  };
  for (const line of item.lines) facts.markings = strongest(facts.markings, markingsOnLine(line));

  if (item.label === "number" || item.label === null) {
    for (const found of findLetterNumbers(item.text).slice(0, MAX_NUMBERS)) {
      const confidence = bodyConfidence(item, found, roleAt(found.start), codeLetters);
      if (confidence === null) continue;
      facts.numbers.push({ found, confidence });
      const { secrecy } = markingsBeside(item.text, found, roleAt);
      if (codeLetters === found.codeLetters)
        facts.markings = strongest(facts.markings, { ...UNMARKED, secrecy });
      if (confidence < STATED_CONFIDENCE) continue;
      const date = dateBehind(item.text, found.end);
      if (date !== null) propose("date", date, 0.92);
      facts.markings = strongest(facts.markings, markingsBeside(item.text, found, roleAt));
      const subject = subjectBehind(item.text, found.end);
      if (subject !== null) propose("subject", subject, 0.8);
    }
  }
  switch (item.label) {
    case "date": {
      const date = findThaiDates(item.text)[0];
      // วันที่ … with เวลา … below is when a meeting is held.
      // With a time of day it is that, or when a mail was sent.
      const event = next?.label === "time" || /เวลา|[0-9๐-๙]{1,2}:[0-9๐-๙]{2}/u.test(item.text);
      const named = /^[-•*\s]{0,6}(?:ลงวันที่|ลว|วันที่หนังสือ|วันที่ของ|วันที่ลงนาม)/u.test(item.lines[0] ?? "");
      if (date !== undefined && date.start === 0 && (named || !event))
        propose("date", date.iso, named ? 0.95 : 0.7);
      break;
    }
    case "subject":
      propose("subject", subjectLine(item.text, codeLetters), 0.95);
      facts.markings = strongest(facts.markings, markingsInHeadline(item.text, [], 0, roleAt));
      break;
    case "from":
      propose("from", item.text, 0.9);
      break;
    case "to":
      // The To of a copied mail header is no addressee.
      if (!item.text.includes("@")) propose("to", item.text, 0.95);
      break;
    case "greeting":
      // In a covering note เรียน greets the clerk; in a letter it stands below เรื่อง and names the addressee.
      if (belowSubject && !/สารบรรณ/u.test(item.text)) propose("to", item.text, 0.85);
      break;
    case null:
      // A date may be broken over two lines, and be all of what stands there.
      for (const line of [...item.lines, item.text.slice(0, 60)]) {
        const date = parseThaiDate(line);
        if (date !== null && next?.label !== "time") propose("date", date, 0.85);
      }
      break;
    default:
      break;
  }
  return facts;
}

/** The Subject of a copied mail header has number and date before its เรื่อง, as a Subject header has. */
function subjectLine(text: string, codeLetters: string | null): string {
  const first = findLetterNumbers(text.slice(0, 200))[0];
  if (first === undefined || !isLeadIn(text.slice(0, first.start))) return withoutMarkings(text);
  return readSubjectHeader(text, codeLetters).subject?.value ?? "";
}

/** How surely a number in a body is the letter's own; null when it is another letter's. */
function bodyConfidence(
  item: BodyItem,
  found: FoundNumber,
  role: Role,
  codeLetters: string | null,
): number | null {
  if (item.label === "number" && isLeadIn(item.text.slice(0, found.start))) return 0.95;
  const enclosedHere = /^[^\n]{0,80}(?:ที่แนบ|แนบมา|ที่ส่งมาพร้อม|มาพร้อม(?:กับ)?(?:หนังสือ|จดหมาย|อีเมล|เมล)?นี้)/u.test(
    item.text.slice(found.end, found.end + 100),
  );
  if (role === "reference") return enclosedHere && codeLetters === found.codeLetters ? 0.7 : null;
  const lineStart = item.lineStarts.findLast((start) => start <= found.start) ?? 0;
  if (isLeadIn(item.text.slice(lineStart, found.start))) return 0.9;
  if (role === "own" || enclosedHere) return 0.8;
  return codeLetters === found.codeLetters ? 0.5 : 0.3;
}

/** Markings in the few words before a number of a sentence, or right behind it. */
function markingsBeside(text: string, found: FoundNumber, roleAt: (at: number) => Role): Markings {
  const from = Math.max(0, found.start - 60);
  // Up to the end of the next word: a word cut in two could look like a marking.
  const word = /^\s{0,8}\S{1,40}(?=\s|$)/u.exec(text.slice(found.end, found.end + 60));
  const around = text.slice(from, found.end + (word?.[0].length ?? 0));
  const number = { start: found.start - from, end: found.end - from };
  return markingsInHeadline(around, [number], 0, (at) => roleAt(at + from));
}

/** … ที่ นร ๑๒๐๐/๕๕ ลงวันที่ … เรื่อง ก มาเพื่อโปรดดำเนินการ: ก. */
function subjectBehind(text: string, end: number): string | null {
  const behind = text.slice(end, end + 1_200);
  const mark = /(?:^|[\s)])เรื่อง(?:\s{0,4}[:：]\s{0,4}|\s{1,4})/u.exec(behind.slice(0, 120));
  if (mark === null) return null;
  const subject = behind.slice(mark.index + mark[0].length);
  const stop =
    /\s(?:มาเพื่อ|มาให้|มาพร้อม|มายัง|มาด้วย|เพื่อโปรด|เพื่อทราบ|เพื่อพิจารณา|เพื่อดำเนินการ|จึงเรียน|จึงขอ|รายละเอียด|ดังแนบ|ตามเอกสาร|ตามไฟล์|ตามที่แนบ|โปรด|ดังนี้)/u.exec(
      subject,
    );
  return withoutMarkings(stop === null ? subject : subject.slice(0, stop.index));
}
