import type { Markings } from "../../shared/letter/classification.ts";
import {
  markingsAfterLabels,
  markingsInHeadline,
  readMarkingWords,
  strongest,
} from "../../shared/letter/classification.ts";
import { type FoundNumber, findLetterNumbers } from "../../shared/letter/letter-number.ts";
import { type Role, readRoles } from "../../shared/letter/letter-references.ts";
import { findThaiDates } from "../../shared/letter/thai-date.ts";
import { normaliseThai } from "../../shared/letter/thai-text.ts";

/** What a Subject header says of the letter. Each fact with its confidence, or null. */
export type HeadlineFacts = {
  numbers: { found: FoundNumber; confidence: number }[];
  date: { value: string; confidence: number } | null;
  subject: { value: string; confidence: number } | null;
  markings: Markings;
  isReply: boolean;
  isForward: boolean;
};

const MAX_CHARACTERS = 2_000;
const PREFIX = /^\s{0,20}(?:(re|aw|sv|ตอบกลับ|ตอบ)|(fwd?|wg|ส่งต่อ))\s{0,4}(?:\[[0-9]{1,3}\])?\s{0,4}[:：]/iu;
const SUBJECT_MARK = /(?:^|[\s)\]】])เรื่อง(?:[ \t]{0,8}[:：][ \t]{0,8}|[ \t]{1,8})/u;
/** Words that stand before a number or in place of a subject, and say nothing of their own. */
const LEAD_IN =
  /\s+|[:：\-–—|,.*#!()[\]“”"'_/]+|ด่วน|ลับ|มาก|ที่สุด|ที่|เลข|หนังสือ|ราชการ|เวียน|ภายนอก|ภายใน|ประทับตรา|ขอ|จัด|นำ|ส่ง|ต่อ|ซ้ำ|ด้วย|อีกครั้ง|แจ้ง|อิเล็กทรอนิกส์|ทาง|เอกสาร/uy;
const GENERIC = /^(?:official letters?|letters?|documents?|scan|test|no subject|\(no subject\)|-+|.{0,2})$/iu;

export function readSubjectHeader(header: string, codeLetters: string | null): HeadlineFacts {
  let text = normaliseThai(header).replaceAll("\n", " ").slice(0, MAX_CHARACTERS).toWellFormed().trim();
  let isReply = false;
  let isForward = false;
  for (
    let prefix = PREFIX.exec(text), left = 5;
    prefix !== null && left > 0;
    prefix = PREFIX.exec(text), left--
  ) {
    isReply ||= prefix[1] !== undefined;
    isForward ||= prefix[2] !== undefined;
    text = text.slice(prefix[0].length).trim();
  }
  const mark = SUBJECT_MARK.exec(text);
  const headEnd = mark === null ? text.length : mark.index + 1;
  const head = text.slice(0, headEnd);
  const roleAt = readRoles(text);
  // Behind เรื่อง a number is spoken about; before it, unless cited, it is the letter's.
  const numbers = findLetterNumbers(head)
    .filter((found) => roleAt(found.start) !== "reference")
    .map((found) => ({ found, confidence: numberConfidence(head, found, roleAt(found.start), codeLetters) }));
  const own = numbers.filter((number) => number.confidence >= 0.6).map((number) => number.found);
  return {
    numbers,
    date: dateOf(head, own, roleAt),
    subject: subjectOf(text, mark, head, own),
    markings: strongest(
      strongest(
        markingsInHeadline(text, own, mark === null ? undefined : headEnd, roleAt),
        markingsAfterLabels(text),
      ),
      { urgency: "normal", secrecy: own.some((number) => number.secretCircular) ? "confidential" : "normal" },
    ),
    isReply,
    isForward,
  };
}

/** Whether a text is only words that lead in to a number. Longest first is not needed: no two share a beginning. */
export function isLeadIn(text: string): boolean {
  if (text.length > 120) return false;
  let at = 0;
  while (at < text.length) {
    LEAD_IN.lastIndex = at;
    if (!LEAD_IN.test(text)) return false;
    at = LEAD_IN.lastIndex;
  }
  return true;
}

export function numberConfidence(
  text: string,
  found: FoundNumber,
  role: Role,
  codeLetters: string | null,
): number {
  if (isLeadIn(text.slice(0, found.start))) return 0.9;
  if (role === "own") return 0.8;
  const introduced = /(?:ที่|[([])\s{0,4}$/u.test(text.slice(Math.max(0, found.start - 10), found.start));
  if (codeLetters === found.codeLetters) return introduced ? 0.75 : 0.7;
  return introduced && codeLetters === null ? 0.6 : 0.4;
}

/** The date right behind a number (ลงวันที่ …), if one stands there. */
export function dateBehind(text: string, end: number): string | null {
  const behind = text.slice(end, end + 80);
  const label =
    /^[\s,()”"|]{0,10}(?:(?:ลับ|ด่วน)(?:ที่สุด|มาก)?[\s,()]{1,4})?(?:ลงวันที่|ลว\.?|วันที่|ลง|dated?)\s{0,4}[:：]?\s{0,4}/iu.exec(
      behind,
    );
  if (label === null) return null;
  const date = findThaiDates(behind.slice(label[0].length))[0];
  return date !== undefined && date.start === 0 ? date.iso : null;
}

function dateOf(
  head: string,
  own: FoundNumber[],
  roleAt: (at: number) => Role,
): { value: string; confidence: number } | null {
  for (const number of own) {
    const value = dateBehind(head, number.end);
    if (value !== null) return { value, confidence: 0.9 };
  }
  for (const match of head.matchAll(/(?:ลงวันที่|ลว\.?)/gu)) {
    if (roleAt(match.index) === "reference") continue;
    const value = dateBehind(head, match.index);
    if (value !== null) return { value, confidence: 0.7 };
  }
  return null;
}

function subjectOf(
  text: string,
  mark: RegExpExecArray | null,
  head: string,
  own: FoundNumber[],
): { value: string; confidence: number } | null {
  if (mark !== null) {
    const value = withoutMarkings(text.slice(mark.index + mark[0].length));
    return value === "" ? null : { value, confidence: 0.9 };
  }
  let rest = head;
  for (const number of [...own].reverse()) {
    const date = dateBehind(head, number.end);
    const end = date === null ? number.end : number.end + endOfDate(head.slice(number.end));
    rest = `${rest.slice(0, number.start).replace(/(?:เลขที่|ที่)?[\s(]*$/u, "")} ${rest.slice(end).replace(/^\s*\)/, "")}`;
  }
  const value = withoutMarkings(rest);
  if (
    isLeadIn(value) ||
    /^(?:ลงวันที่|ลว\.?[ 0-9๐-๙])/u.test(value) ||
    GENERIC.test(value) ||
    /^(?:ขอ)?ส่งหนังสือ(?:ราชการ)?ในรูปแบบ/u.test(value)
  )
    return null;
  return { value, confidence: own.length > 0 ? 0.4 : 0.5 };
}

function endOfDate(behind: string): number {
  return findThaiDates(behind.slice(0, 100))[0]?.end ?? 0;
}

/** A subject without the markings set before or behind it in brackets or at its head. */
export function withoutMarkings(subject: string): string {
  let text = subject.trim();
  for (let left = 4; left > 0; left--) {
    const before =
      /^(?:[[(【][^[\]()【】]{1,40}[\])】]|(?:ลับ|ด่วน)(?:ที่สุด|มาก)?(?=[\s:：\-–!]|$))[\s:：\-–!]*/u.exec(text);
    if (before !== null && readMarkingWords(before[0]) !== null) text = text.slice(before[0].length).trim();
    const behind = /[[(【]([^[\]()【】]{1,40})[\])】]$/u.exec(text);
    if (behind !== null && readMarkingWords(behind[1] ?? "") !== null)
      text = text.slice(0, behind.index).trim();
  }
  return text;
}
