import { readMarkingWords } from "../../shared/letter/classification.ts";
import { findLetterNumbers } from "../../shared/letter/letter-number.ts";
import { readRoles } from "../../shared/letter/letter-references.ts";
import type { LetterKind } from "../../shared/letter/register-line.ts";
import { normaliseThai, thaiDigitsToArabic } from "../../shared/letter/thai-text.ts";
import type { BodyItem } from "./body-items.ts";
import { withoutMarkings } from "./subject-header.ts";

export type KindOfLetter = { kind: LetterKind; place: "subject" | "body"; confidence: number };

const MAX_HEADER_CHARACTERS = 2_000;
const MAX_HEAD_LINE_CHARACTERS = 200;
const MAX_NUMBERS = 200;

const FORWARD = /^(?:\s{0,20}(?:fwd?|wg|ส่งต่อ)\s{0,4}[:：]){1,5}/iu;
const MEMO = "บันทึกข้อความ";
const STAMPED = "หนังสือ(?:ราชการ)?ประทับตรา(?:แทนการลงชื่อ)?";
// ส่งหนังสือประทับตรา and หนังสือประทับตรา ที่ …, not สำเนาบันทึกข้อความ, บันทึกข้อความร่วมมือ.
const NAMED_AT_HEAD = new RegExp(`^(?:(?:ขอ|จัด|นำ)?ส่ง(?:ต่อ)?\\s{0,4})?(?:(${MEMO})|${STAMPED})(?![ก-๎])`, "u");
const NAMED_BEFORE_NUMBER = new RegExp(
  `(?:^|[\\s“"(]|ส่ง)(?:(${MEMO})|${STAMPED})[\\s,(]{0,8}(?:(?:ด่วน|ลับ)(?:ที่สุด|มาก)?[\\s,)]{0,8})?(?:(?:เลข)?ที่)?[\\s:：]{0,8}$`,
  "u",
);
const STAMPED_ALONE = /^[(“"]?(?:หนังสือ(?:ราชการ)?ประทับตรา(?:แทนการลงชื่อ)?|ประทับตราแทนการลงชื่อ)[)”"]?$/u;

// A name of an agency or a subject; ตาม and เรื่อง open words that speak of something else.
const NAME = "(?:(?!ตาม|เรื่อง|คำสั่ง|ประกาศ)[ก-๛. ()]){0,100}?";
const OF_YEAR = "\\s{0,4}[0-9]{1,5}\\s{0,2}/\\s{0,2}25[0-9]{2}(?![0-9])";
// ระเบียบวาระ is an agenda, ประกาศนียบัตร a certificate.
const RULE = "(?:คำสั่ง|ระเบียบ(?!วาระ)|ข้อบังคับ)";
const NOTICE = "(?:ประกาศ(?!นีย)|แถลงการณ์|ข่าว)";
const ORDER = new RegExp(`^${RULE}(?:${NAME}[\\s()])?(?:ฉบับ)?ที่${OF_YEAR}`, "u");
const MINUTES = new RegExp(`^รายงานการประชุม${NAME}\\s{0,4}ครั้งที่${OF_YEAR}`, "u");
// The forms of the Regulation: the first line of a text, "\n", the line below it.
const HEADINGS: readonly [LetterKind, RegExp][] = [
  ["order", ORDER],
  ["order", new RegExp(`^${RULE}${NAME}\\nว่าด้วย`, "u")],
  ["public", new RegExp(`^${NOTICE}${NAME}\\n(?:เรื่อง|ฉบับที่)[\\s:：]`, "u")],
  ["evidence", MINUTES],
];
// In a Subject header all stands on one line.
const HEADERS: readonly [LetterKind, RegExp][] = [
  ["order", ORDER],
  ["public", new RegExp(`^${NOTICE}${NAME}\\s(?:ฉบับที่${OF_YEAR}\\s{1,4})?เรื่อง[\\s:：]`, "u")],
  ["evidence", MINUTES],
  ["evidence", /^หนังสือรับรอง[ก-๛]{0,40}(?:\s{1,4}(?:เลข)?ที่\s.{1,60})?$/u],
];

/**
 * ชนิดของหนังสือ (Regulation on Correspondence, ข้อ 10) where the letter says it itself: by its heading, or by what it is
 * called right before its number. What stands behind เรื่อง never tells: "ขอส่งสำเนาคำสั่ง ที่ ๑๒/๒๕๖๖" is an external letter.
 *
 * @param subjectHeader empty for a reply, which repeats the subject of another mail.
 * @param number the letter's own, canonical. A letter that bears code letters is no order, announcement or minutes:
 *   those carry their own number of a year, or none.
 * @returns null when nothing is said: an external letter, the most frequent.
 */
export function findLetterKind(
  subjectHeader: string,
  bodies: readonly (readonly BodyItem[])[],
  number: string | null,
): KindOfLetter | null {
  const header = headOf(subjectHeader);
  for (const items of bodies) {
    const kind = kindByHeading(items, number);
    if (kind !== null) return { kind, place: "body", confidence: 0.95 };
  }
  const named = NAMED_AT_HEAD.exec(header);
  if (named !== null) {
    return { kind: named[1] === undefined ? "stamped" : "internal", place: "subject", confidence: 0.9 };
  }
  if (number !== null) {
    const byHeader = kindBeforeNumber(header, number);
    if (byHeader !== null) return { kind: byHeader, place: "subject", confidence: 0.9 };
    for (const item of bodies.flat()) {
      const kind = kindBeforeNumber(item.text, number);
      if (kind !== null) return { kind, place: "body", confidence: 0.9 };
    }
    return null;
  }
  const found = HEADERS.find(([, pattern]) => pattern.test(header));
  return found === undefined ? null : { kind: found[0], place: "subject", confidence: 0.8 };
}

function headOf(subjectHeader: string): string {
  const line = normaliseThai(subjectHeader.slice(0, MAX_HEADER_CHARACTERS)).replace(/\s+/gu, " ");
  return thaiDigitsToArabic(withoutMarkings(line.replace(FORWARD, "")));
}

/** By the first words of a body, or by a line of one of the forms below a covering note. */
function kindByHeading(items: readonly BodyItem[], number: string | null): LetterKind | null {
  const lines = items.flatMap((item) => item.lines).map((line) => line.trim());
  const top = lines.findIndex((line) => readMarkingWords(line) === null);
  for (const [index, line] of lines.entries()) {
    if (!line.includes(MEMO)) continue;
    const alone = withoutMarkings(line) === MEMO;
    if (alone && (index === top || lines[index + 1]?.startsWith("ส่วนราชการ"))) return "internal";
  }
  if (items.some(({ label, text }) => label === null && STAMPED_ALONE.test(text))) return "stamped";
  if (items.some(({ text }) => text.startsWith("หนังสือรับรองฉบับนี้ให้ไว้"))) return "evidence";
  const head = lines.slice(Math.max(0, top), Math.max(0, top) + 2);
  const [heading = "", below = ""] = head.map((line) =>
    thaiDigitsToArabic(line.slice(0, MAX_HEAD_LINE_CHARACTERS)),
  );
  if (/^หนังสือรับรอง[ก-๛]{0,40}$/u.test(heading)) return "evidence";
  if (number !== null) return null;
  return HEADINGS.find(([, pattern]) => pattern.test(`${heading}\n${below}`))?.[0] ?? null;
}

function kindBeforeNumber(text: string, number: string): LetterKind | null {
  if (!text.includes(MEMO) && !text.includes("ประทับตรา")) return null;
  const roleAt = readRoles(text);
  for (const found of findLetterNumbers(text).slice(0, MAX_NUMBERS)) {
    if (found.canonical !== number || roleAt(found.start) === "reference") continue;
    const named = NAMED_BEFORE_NUMBER.exec(text.slice(Math.max(0, found.start - 100), found.start));
    if (named !== null) return named[1] === undefined ? "stamped" : "internal";
  }
  return null;
}
