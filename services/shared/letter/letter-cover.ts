import { URGENCY_WORDS, type Urgency } from "./letter.ts";
import { thaiLetterDate } from "./stamp.ts";

/** What the mail that brings a letter says of it. */
export interface LetterCover {
  /** ที่, as it stands in the letter. */
  readonly number: string;
  /** ลงวันที่, ISO, C.E. */
  readonly date: string | null;
  readonly subject: string;
  /** จาก */
  readonly from: string;
  /** เรียน, ถึง: as the letter addresses this recipient. */
  readonly to: string;
  readonly urgency: Urgency;
  /** อ้างถึง and สิ่งที่ส่งมาด้วย, one line each. */
  readonly references: readonly string[];
  readonly enclosures: readonly string[];
  /** The words of who sends it; null for none. */
  readonly text: string | null;
}

/**
 * Subject and text of the mail that brings a letter, in the labelled lines that offices write into their mails, so that
 * whoever registers it there, a person or a program, finds each column of the book. The sender's own words come first.
 */
export function coverOf(letter: LetterCover): { readonly subject: string; readonly text: string } {
  const { number, date, subject, from, to, urgency, references, enclosures, text } = letter;
  const marking = urgency === "normal" ? "" : `${URGENCY_WORDS[urgency]} `;
  const dated = date === null ? "" : ` ลงวันที่ ${thaiLetterDate(date)}`;
  const lines = [
    ...(text === null ? [] : [...text.split(/\r?\n/u), ""]),
    `เลขที่หนังสือ : ${number}`,
    ...(date === null ? [] : [`ลงวันที่ : ${thaiLetterDate(date)}`]),
    `เรื่อง : ${subject}`,
    `จาก : ${from}`,
    `ถึง : ${to}`,
    ...listed("อ้างถึง", references),
    ...listed("สิ่งที่ส่งมาด้วย", enclosures),
    ...(urgency === "normal" ? [] : [`ชั้นความเร็ว : ${URGENCY_WORDS[urgency]}`]),
    "",
  ];
  return { subject: `${marking}ที่ ${number}${dated} เรื่อง ${subject}`, text: lines.join("\r\n") };
}

function listed(label: string, items: readonly string[]): string[] {
  const [first, ...rest] = items;
  if (first === undefined) return [];
  if (rest.length === 0) return [`${label} : ${first}`];
  return [`${label} : 1. ${first}`, ...rest.map((item, at) => `${at + 2}. ${item}`)];
}
