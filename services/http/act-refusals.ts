import type { ActRefusal } from "../shared/letter/act-refusal.ts";
import { outboundRefusals } from "./outbound-refusals.ts";
import { Problem, type ProblemWords } from "./problem.ts";

/** Why the registry refuses an act, in words for the clerk. */
export const actRefusals: Readonly<Record<ActRefusal, Omit<ProblemWords, "status">>> = {
  ...outboundRefusals,
  "not-in-the-tray": {
    en: "This arrival does not lie in the tray",
    th: "เรื่องนี้ไม่ได้อยู่ในรายการรอพิจารณา",
  },
  "already-decided": {
    en: "Somebody has decided on this arrival already",
    th: "เรื่องนี้มีผู้ดำเนินการไปแล้ว",
  },
  "the-other-letter-is-not-registered": {
    en: "The letter that it is to be merged into does not stand in the book",
    th: "หนังสือที่จะรวมด้วยไม่ได้อยู่ในทะเบียน",
  },
  "the-same-letter-is-registered": {
    en: "A letter with this number and date from the same agency stands in the book; merge it, or say why it is registered all the same (reason)",
    th: "มีหนังสือเลขที่และวันที่เดียวกันจากหน่วยงานเดียวกันในทะเบียนแล้ว ให้รวมเรื่อง หรือระบุเหตุผลที่ต้องลงทะเบียนอีก",
  },
  "other-letters-were-merged-into-it": {
    en: "Other arrivals were merged into this line, and would be lost with it; correct the line instead",
    th: "มีหนังสือฉบับอื่นรวมไว้กับเลขทะเบียนนี้ ยกเลิกไม่ได้ ให้ใช้การแก้ไขแทน",
  },
  "received-after-its-registration": {
    en: "A letter on paper is received before it is registered, and only in an inbound book",
    th: "เวลารับหนังสือกระดาษต้องไม่หลังเวลาลงทะเบียน และใช้กับทะเบียนหนังสือรับเท่านั้น",
  },
  "a-subject-is-needed": {
    en: "The letter has no subject; write one in",
    th: "ยังไม่มีชื่อเรื่อง โปรดกรอกเรื่อง",
  },
  "only-outbound-numbers-are-reserved": {
    en: "Only numbers of an outbound book can be reserved",
    th: "จองเลขได้เฉพาะทะเบียนหนังสือส่ง",
  },
  "the-agency-has-no-letter-code": {
    en: "The agency has no letterCode in config/agencies.yaml, so its letters get no number (ที่)",
    th: "ยังไม่ได้กำหนดรหัสตัวพยัญชนะและเลขประจำของเจ้าของเรื่อง (letterCode) จึงออกเลขที่หนังสือไม่ได้",
  },
  "no-such-line": { en: "There is no such line in this book", th: "ไม่มีเลขทะเบียนนี้ในทะเบียน" },
  "the-line-is-cancelled": {
    en: "The line is cancelled; nothing more can happen to it",
    th: "เลขทะเบียนนี้ถูกยกเลิกแล้ว แก้ไขต่อไม่ได้",
  },
  "the-number-is-not-reserved": {
    en: "The number is not reserved: correct the line instead",
    th: "เลขนี้ไม่ใช่เลขที่จองไว้ ให้ใช้การแก้ไขแทน",
  },
  "the-number-is-only-reserved": {
    en: "The number is only reserved: fill it before it can be corrected",
    th: "เลขนี้เพียงจองไว้ ต้องลงรายการก่อนจึงจะแก้ไขได้",
  },
  "nothing-changes": {
    en: "The line reads like that already",
    th: "ข้อมูลตรงกับที่ลงไว้แล้ว ไม่มีสิ่งที่ต้องแก้",
  },
  "only-inbound-lines-are-handed-over": {
    en: "Only a letter that was received is handed over to an officer, or asked back by its sender",
    th: "ใช้ได้เฉพาะหนังสือในทะเบียนหนังสือรับ",
  },
  "an-officer-is-needed": {
    en: "Say who has opened the letter: given name and surname of the officer",
    th: "โปรดระบุชื่อ-สกุลเจ้าหน้าที่ผู้รับผิดชอบที่เปิดหนังสือ",
  },
  "already-handed-over": {
    en: "The letter is with this officer already",
    th: "หนังสือนี้ส่งมอบให้เจ้าหน้าที่ผู้นี้แล้ว",
  },
  "no-recall-is-open": {
    en: "The sender has not asked for this letter back, or was answered already",
    th: "ผู้ส่งไม่ได้ขอเรียกคืนหนังสือฉบับนี้ หรือได้ตอบคำขอไปแล้ว",
  },
  "classified-books-take-an-appointed-person": {
    en: "Classified letters are written in by the registrar of secret information, in person",
    th: "ทะเบียนข้อมูลข่าวสารลับต้องลงโดยนายทะเบียนข้อมูลข่าวสารลับด้วยตนเอง",
  },
  "classified-lines-hold-no-words": {
    en: "A line of a classified book holds a number and no words; it is written in or cancelled, and nothing else",
    th: "ทะเบียนข้อมูลข่าวสารลับมีเพียงเลขทะเบียน ลงรายการหรือยกเลิกได้เท่านั้น",
  },
  "against-the-rules-of-the-book": {
    en: "The book's own rules forbid this; an operator finds the reason in the log",
    th: "ขัดกับกติกาของทะเบียน โปรดแจ้งผู้ดูแลระบบ",
  },
};

const UNKNOWN = {
  en: "The registry refuses this; its reason is the code",
  th: "งานทะเบียนไม่ดำเนินการให้ เหตุผลตามรหัส",
};

/** The words for a refusal; for a reason that this table does not know yet (a newer registry), words that say so. */
export function refusalWords(reason: string): Omit<ProblemWords, "status"> {
  return Object.hasOwn(actRefusals, reason) ? actRefusals[reason as ActRefusal] : UNKNOWN;
}

/** A refused act as a problem: understood and well formed, and yet not to be done. */
export function actRefused(actId: string, reason: string): Problem {
  return new Problem(reason, { status: 422, ...refusalWords(reason) }, [], { id: actId });
}
