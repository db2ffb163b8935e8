import type { ActRefusal } from "../shared/letter/act-refusal.ts";
import type { ProblemWords } from "./problem.ts";

/** Why the registry refuses an act on an outbound letter, in words for the clerk; part of act-refusals.ts. */
export const outboundRefusals = {
  "an-answer-is-needed": {
    en: "Say what the recipient has answered",
    th: "โปรดระบุคำตอบของผู้รับ",
  },
  "no-such-letter": {
    en: "There is no such outbound letter in this agency",
    th: "ไม่มีหนังสือส่งฉบับนี้ในหน่วยงาน",
  },
  "a-letter-is-needed": { en: "Say what the letter says", th: "โปรดระบุรายละเอียดของหนังสือ" },
  "another-version-was-seen": {
    en: "The letter was changed meanwhile; look at it again, then decide",
    th: "หนังสือถูกแก้ไขหลังจากที่ท่านดู โปรดตรวจดูฉบับล่าสุดก่อนดำเนินการ",
  },
  "the-letter-is-numbered": {
    en: "The letter has its number: it stays in its book",
    th: "หนังสือออกเลขแล้ว เปลี่ยนทะเบียนไม่ได้",
  },
  "the-letter-is-sent": {
    en: "The letter is sent; nothing in it changes any more (recall it, and send one in its place)",
    th: "หนังสือส่งออกไปแล้ว แก้ไขไม่ได้ ให้ใช้การเรียกคืนและส่งฉบับแทน",
  },
  "the-letter-is-withdrawn": {
    en: "The letter is withdrawn; nothing more can happen to it",
    th: "หนังสือนี้ถูกยกเลิกการส่งแล้ว",
  },
  "the-letter-is-recalled": {
    en: "The letter has been recalled",
    th: "หนังสือนี้ได้ขอเรียกคืนแล้ว",
  },
  "the-letter-is-checked-already": {
    en: "This version is checked already",
    th: "หนังสือฉบับนี้ตรวจแล้ว",
  },
  "the-letter-is-not-approved": {
    en: "The letter is not signed off yet",
    th: "หนังสือยังไม่ได้รับการลงนามอนุมัติ",
  },
  "the-letter-is-not-sent": { en: "The letter is not sent yet", th: "หนังสือยังไม่ได้ส่ง" },
  "no-right-to-approve": {
    en: "Signing letters off takes the right approve (saraban clerk rights ID --may approve)",
    th: "ท่านไม่มีสิทธิลงนามอนุมัติหนังสือ",
  },
  "who-drafted-it-does-not-approve-it": {
    en: "Who drafted a letter, or changed it last, does not sign it off: another person does (outbound.fourEyes in config/agencies.yaml)",
    th: "ผู้ร่างหรือผู้แก้ไขล่าสุดลงนามอนุมัติเองไม่ได้ ต้องให้ผู้อื่นที่มีสิทธิลงนาม",
  },
  "the-number-is-of-another-book": {
    en: "The letter has a number of the other book (ordinary, circular); withdraw it and draft another one",
    th: "หนังสือมีเลขจากอีกทะเบียนหนึ่งแล้ว ให้ยกเลิกและร่างฉบับใหม่",
  },
  "the-replaced-letter-is-not-sent": {
    en: "The letter that it is to take the place of was never sent",
    th: "หนังสือฉบับเดิมที่จะแทนยังไม่เคยส่ง",
  },
  "no-such-replacement": {
    en: "There is no such outbound letter that could take its place",
    th: "ไม่พบหนังสือฉบับที่จะใช้แทน",
  },
  "no-recipients": { en: "The letter has no recipients", th: "ยังไม่ได้ระบุผู้รับหนังสือ" },
  "a-recipient-cannot-be-reached": {
    en: "A recipient has no address: name a partner whose mailbox stands in config/partners.yaml, or a mail address",
    th: "ผู้รับบางรายไม่มีที่อยู่สำหรับส่ง ให้กำหนด mailbox ของหน่วยงานใน config/partners.yaml หรือระบุที่อยู่ไปรษณีย์อิเล็กทรอนิกส์",
  },
  "a-recipient-stands-there-twice": {
    en: "Two recipients have the same address",
    th: "มีผู้รับซ้ำกัน",
  },
  "a-recipient-is-the-agency-itself": {
    en: "The agency does not send letters to its own mailbox",
    th: "ส่งหนังสือถึงตู้กลางของหน่วยงานเองไม่ได้",
  },
  "the-owner-mail-is-not-the-agencys": {
    en: "Who is told when nobody answers has an address in the agency's domain, and not its central mailbox",
    th: "ที่อยู่ของเจ้าของเรื่องต้องอยู่ในโดเมนของหน่วยงาน และไม่ใช่ตู้กลาง",
  },
  "no-such-recipient": {
    en: "The letter was not sent to this recipient",
    th: "หนังสือนี้ไม่มีผู้รับรายนี้",
  },
  "neither-text-nor-files": {
    en: "The letter has neither a file nor words: give at least one",
    th: "หนังสือยังไม่มีทั้งแฟ้มและข้อความ",
  },
  "no-such-file": {
    en: "A file of the letter was not uploaded to this agency",
    th: "ไม่พบแฟ้มบางรายการในหน่วยงานนี้",
  },
  "too-large-for-mail": {
    en: "The files are too large together to be sent by mail; make them smaller, or send fewer",
    th: "แฟ้มรวมกันใหญ่เกินกว่าจะส่งทางไปรษณีย์อิเล็กทรอนิกส์",
  },
  "classified-letters-are-not-mailed": {
    en: "The letter is marked as classified; such letters do not go by plain mail",
    th: "หนังสือมีชั้นความลับ ส่งทางไปรษณีย์อิเล็กทรอนิกส์ธรรมดาไม่ได้",
  },
} as const satisfies Partial<Record<ActRefusal, Omit<ProblemWords, "status">>>;
