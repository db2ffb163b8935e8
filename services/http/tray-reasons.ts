/** Why an arrival lies in the tray, in words for the clerk. */
export interface TrayReason {
  readonly en: string;
  readonly th: string;
}

/** By the codes of services/reading/judge-message.ts and services/registry/decide-outcome.ts. */
export const trayReasons: Readonly<Record<string, TrayReason>> = {
  "registered-by-clerk": {
    en: "This agency's letters are registered by a clerk",
    th: "หน่วยงานนี้ให้เจ้าหน้าที่ลงทะเบียนเอง",
  },
  "sent-again": {
    en: "The same message was here before, and was rejected, set aside or cancelled",
    th: "เคยได้รับข้อความเดียวกันนี้แล้ว แต่ไม่ได้ลงทะเบียนหรือถูกยกเลิก",
  },
  "same-number-and-date": {
    en: "A letter with this number and date stands in the book already",
    th: "มีหนังสือเลขที่และวันที่เดียวกันในทะเบียนแล้ว",
  },
  "same-letter": {
    en: "The same letter, with the same contents, stands in the book already; the answer, where one may be given, is the number that it has",
    th: "หนังสือฉบับเดียวกัน เนื้อหาเหมือนกัน ลงทะเบียนไว้แล้ว ระบบแจ้งเลขทะเบียนเดิมให้ผู้ส่งหากแจ้งได้",
  },
  "same-content": {
    en: "A letter with the same files from the same sender stands in the book under another number or date: a correction?",
    th: "มีหนังสือจากผู้ส่งเดียวกันที่เอกสารแนบเหมือนกันในทะเบียนแล้ว แต่เลขที่หรือวันที่ต่างกัน อาจเป็นการส่งแก้ไข",
  },
  "unknown-sender": {
    en: "The sender is not in the list of known agencies",
    th: "ผู้ส่งไม่อยู่ในรายชื่อหน่วยงานที่รู้จัก",
  },
  "forged-sender": {
    en: "Somebody else seems to have written it: it fails the checks of the agency that it names as its sender",
    th: "น่าจะเป็นการปลอมชื่อผู้ส่ง ไม่ผ่านการตรวจสอบโดเมนของหน่วยงานที่อ้างว่าเป็นผู้ส่ง",
  },
  "unproved-sender": {
    en: "Nothing proves that it comes from the agency that it names as its sender",
    th: "ยังยืนยันไม่ได้ว่าส่งจากหน่วยงานที่ระบุเป็นผู้ส่ง",
  },
  "sender-undecided": {
    en: "Whether it comes from its sender could not be checked, for DNS did not answer",
    th: "ตรวจสอบผู้ส่งไม่ได้ เนื่องจากระบบชื่อโดเมน (DNS) ไม่ตอบ",
  },
  "sender-by-clerk": {
    en: "This agency leaves letters of such senders to a clerk",
    th: "หน่วยงานนี้กำหนดให้เจ้าหน้าที่พิจารณาหนังสือจากผู้ส่งลักษณะนี้",
  },
  "not-scanned": {
    en: "The virus scanner could not examine it",
    th: "โปรแกรมป้องกันไวรัสตรวจข้อความนี้ไม่ได้",
  },
  "no-number": { en: "No letter number (ที่) was found", th: "ไม่พบเลขที่หนังสือ" },
  "uncertain-number": {
    en: "A letter number was found, but it may be that of another letter",
    th: "พบเลขที่หนังสือแต่ไม่แน่ว่าเป็นเลขของฉบับนี้",
  },
  "several-numbers": {
    en: "Several numbers could be that of the letter",
    th: "พบเลขที่หนังสือหลายเลข ไม่ทราบว่าเลขใดเป็นของฉบับนี้",
  },
  "several-messages": {
    en: "The message holds several messages",
    th: "มีข้อความหลายฉบับอยู่ในฉบับเดียว",
  },
  "machine-sent": {
    en: "A program seems to have sent it, though it looks like a letter",
    th: "ดูเป็นหนังสือ แต่น่าจะส่งโดยระบบอัตโนมัติ",
  },
  "ambiguous-from": { en: "It names several senders or none", th: "ระบุผู้ส่งหลายรายหรือไม่ระบุผู้ส่ง" },
  encrypted: { en: "It is encrypted and cannot be read here", th: "ข้อความถูกเข้ารหัสไว้ ระบบอ่านไม่ได้" },
  "sensitivity-header": {
    en: "Its header marks it as confidential; look at it before anything else is done",
    th: "ส่วนหัวของข้อความระบุว่าเป็นความลับ โปรดตรวจสอบก่อนดำเนินการ",
  },
  empty: { en: "It says nothing", th: "ไม่มีข้อความ" },
  unreadable: { en: "It cannot be read", th: "ระบบอ่านข้อความไม่ได้" },
  "unreadable-structure": { en: "Its structure cannot be read", th: "โครงสร้างของข้อความเสียหาย อ่านไม่ได้" },
  "no-parts": { en: "A part of it is missing", th: "ข้อความขาดส่วนประกอบ" },
  "bare-newline": {
    en: "Its lines are ended as no mail program ends them, which can hide a second message",
    th: "การขึ้นบรรทัดผิดมาตรฐาน อาจมีข้อความอื่นแฝงอยู่",
  },
  "too-large": { en: "A part of it is too large to be read", th: "ข้อความบางส่วนใหญ่เกินกว่าจะอ่าน" },
  "too-deep": { en: "Messages within messages, too deep to be read", th: "ข้อความซ้อนกันหลายชั้นเกินกว่าจะอ่าน" },
  "too-many-parts": { en: "It has too many parts to be read", th: "ข้อความมีส่วนประกอบมากเกินกว่าจะอ่าน" },
  "header-too-large": { en: "Its header is too large to be read", th: "ส่วนหัวของข้อความใหญ่เกินกว่าจะอ่าน" },
  "conflicting-facts": {
    en: "The letter itself and the mail name different numbers or dates",
    th: "เลขที่หรือวันที่ในตัวหนังสือไม่ตรงกับที่แจ้งในอีเมล",
  },
  "pdf-unreadable": {
    en: "A PDF in it cannot be read; ask the sender for it again",
    th: "อ่านไฟล์ PDF ที่แนบไม่ได้ โปรดขอไฟล์จากผู้ส่งอีกครั้ง",
  },
  "encrypted-attachment": {
    en: "An attachment needs a password, and the letter itself may be in it",
    th: "เอกสารแนบต้องใช้รหัสผ่าน และตัวหนังสืออาจอยู่ในนั้น",
  },
  "archive-too-large": {
    en: "An attachment holds more than is unpacked here, and the letter itself may be in it",
    th: "เอกสารแนบใหญ่หรือมีไฟล์มากเกินกว่าที่ระบบจะแตกออก และตัวหนังสืออาจอยู่ในนั้น",
  },
  "undecodable-attachment": { en: "An attachment is damaged", th: "เอกสารแนบเสียหาย" },
  "undecodable-body": { en: "Its text is damaged", th: "เนื้อความเสียหาย" },
  "text-cut": { en: "Its text is too long and was read in part", th: "เนื้อความยาวเกินไป อ่านได้เพียงบางส่วน" },
};

const UNKNOWN: TrayReason = { en: "A clerk has to look at it", th: "ต้องให้เจ้าหน้าที่ตรวจสอบ" };

/** The words for a reason; for one that this table does not know yet (a newer reading), words that say no more. */
export function trayReason(code: string): TrayReason {
  return trayReasons[code] ?? UNKNOWN;
}
