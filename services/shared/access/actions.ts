import type { ActName } from "../letter/act.ts";

/**
 * All that can be done here, each with the words that pages, orders and the audit log have for it. A closed union: what does not
 * stand here cannot be asked for, and what no rule (rules.ts) names nobody may do.
 */
export const ACTIONS = {
  list: { th: "ดูรายการ", en: "see the list" },
  search: { th: "ค้นหา", en: "search" },
  count: { th: "นับจำนวน", en: "count" },
  read: {
    th: "อ่าน (หนังสือชั้นความลับ: เฉพาะรายการในทะเบียน)",
    en: "read (of a classified letter: its line in the register)",
  },
  print: { th: "พิมพ์", en: "print" },
  export: { th: "ส่งออกเป็นแฟ้ม", en: "export" },
  download: { th: "ดาวน์โหลด", en: "download" },
  "open-body": { th: "เปิดเนื้อหาหนังสือชั้นความลับ", en: "open a classified letter's contents" },
  "read-receipt": { th: "ดูใบรับ", en: "read a receipt" },
  register: { th: "ลงทะเบียน จองเลข ส่งมอบ", en: "register, reserve a number, hand over" },
  correct: { th: "แก้ไขรายการ", en: "correct a line" },
  cancel: { th: "ยกเลิกเลขทะเบียน", en: "cancel a number" },
  reject: { th: "ไม่รับหนังสือ ตอบการขอคืน", en: "turn a letter away, answer a recall" },
  draft: { th: "ร่างหนังสือ", en: "draft a letter" },
  check: { th: "ตรวจร่าง ส่งคืนแก้ไข", en: "check a draft, return it" },
  approve: { th: "ลงนามอนุมัติ", en: "sign off" },
  send: { th: "ส่งหนังสือ", en: "send" },
  withdraw: { th: "ระงับการส่ง เรียกคืน", en: "withdraw, recall" },
  "note-answer": { th: "บันทึกคำตอบของผู้รับ", en: "note what a recipient has answered" },
  submit: { th: "โปรแกรมยื่นหนังสือ", en: "hand a letter in by program" },
  receive: { th: "โปรแกรมรับจากกล่องรับ", en: "fetch from a program's inbox" },
  "enter-classified": { th: "ลงทะเบียนหนังสือชั้นความลับด้วยมือ", en: "enter a classified letter by hand" },
  "name-reader": { th: "กำหนดตัวผู้อ่านหนังสือชั้นความลับ", en: "name who may read a classified letter" },
  reclassify: { th: "ปรับชั้นความลับ", en: "change the classification" },
  declassify: { th: "ยกเลิกชั้นความลับ", en: "declassify" },
  "verify-receipt": { th: "ตรวจใบรับว่าแท้", en: "check that a receipt is genuine" },
  "read-directory": { th: "ดูทะเบียนหน่วยงาน", en: "read the directory of offices" },
  "list-people": { th: "ดูรายชื่อบุคคลและคำสั่งแต่งตั้ง", en: "see people and their appointments" },
  "manage-people": { th: "เพิ่ม ระงับ และตั้งรหัสใหม่ให้บุคคล", en: "add people, end them, set their proofs anew" },
  appoint: { th: "บันทึกคำสั่งแต่งตั้ง", en: "enter an appointment" },
  "end-appointment": { th: "ยุติการแต่งตั้ง", en: "end an appointment" },
  "manage-sessions": { th: "ดูและยุติการลงชื่อเข้าใช้ของผู้อื่น", en: "see and end others' sessions" },
  "keep-own-account": { th: "ดูแลบัญชีของตนเอง", en: "look after one's own account" },
  "manage-clients": { th: "ดูแลโปรแกรมและโทเค็น", en: "look after programs and tokens" },
  "read-settings": { th: "ดูการตั้งค่า", en: "read settings" },
  "rotate-keys": { th: "เปลี่ยนกุญแจ", en: "change keys" },
  "break-glass-ask": { th: "ขอเปิดดูกรณีฉุกเฉิน", en: "ask to break the glass" },
  "break-glass-agree": { th: "ยินยอมให้เปิดดูกรณีฉุกเฉิน", en: "agree that the glass be broken" },
  "break-glass-end": { th: "ยุติการเปิดดูกรณีฉุกเฉิน", en: "close the glass again" },
  "read-audit": { th: "ดูบันทึกการเข้าถึง", en: "read the audit log" },
  "verify-audit": { th: "ตรวจบันทึกการเข้าถึงว่าไม่ถูกแก้", en: "check that the audit log is whole" },
} as const satisfies Readonly<Record<string, { readonly th: string; readonly en: string }>>;

export type Action = keyof typeof ACTIONS;

export const ALL_ACTIONS = Object.keys(ACTIONS) as readonly Action[];

/** What an act of the registry (schemas/act.schema.json) is in the words of the rules. */
export const ACTION_OF_ACT: Readonly<Record<ActName, Action>> = {
  register: "register",
  merge: "register",
  enter: "register",
  reserve: "register",
  fill: "register",
  "hand-over": "register",
  reject: "reject",
  "not-a-letter": "reject",
  invalid: "reject",
  "answer-recall": "reject",
  correct: "correct",
  cancel: "cancel",
  draft: "draft",
  check: "check",
  return: "check",
  approve: "approve",
  send: "send",
  resend: "send",
  "pass-on": "send",
  recall: "withdraw",
  withdraw: "withdraw",
  "note-answer": "note-answer",
};
