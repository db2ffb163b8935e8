import { refusals } from "../refusals.ts";
import { type ClockState, englishDateTime, thaiDateTime, thaiLetterDate } from "../stamp.ts";
import { normaliseThai } from "../thai-text.ts";
import type { Evidence, EvidenceType } from "./evidence.ts";

/** The same in both languages. */
export interface Words {
  readonly th: string;
  readonly en: string;
}

/** What a person reads of a statement: on paper and on the page that checks it, in the same words. */
export interface EvidenceRow {
  readonly label: Words;
  readonly value: Words;
}

/** Title of the paper, and in a sentence what it says. */
export const EVIDENCE_HEADINGS: Readonly<Record<EvidenceType, { title: Words; says: Words }>> = {
  arrived: {
    title: { th: "ใบแจ้งหนังสือเข้าระบบ", en: "Receipt of a letter: arrived" },
    says: {
      th: "หนังสือของท่านเข้าสู่ระบบแล้ว อยู่ระหว่างรอลงทะเบียนรับ",
      en: "Your letter has entered this system; its registration follows.",
    },
  },
  registered: {
    title: { th: "ใบตอบรับหนังสือ", en: "Receipt of a letter: registered" },
    says: { th: "ได้รับและลงทะเบียนรับหนังสือของท่านแล้ว", en: "Your letter was received and registered." },
  },
  "handed-over": {
    title: { th: "ใบแจ้งการเปิดหนังสือ", en: "Receipt of a letter: handed over" },
    says: {
      th: "เจ้าหน้าที่ผู้รับผิดชอบได้เปิดหนังสือของท่านแล้ว",
      en: "The responsible officer has opened your letter.",
    },
  },
  refused: {
    title: { th: "ใบแจ้งไม่รับหนังสือ", en: "Notice: letter refused" },
    says: { th: "ไม่รับหนังสือที่ท่านส่งมา", en: "The letter that you sent is not accepted." },
  },
  rejected: {
    title: { th: "ใบแจ้งไม่ลงทะเบียนรับหนังสือ", en: "Notice: letter not registered" },
    says: { th: "ไม่ลงทะเบียนรับหนังสือที่ท่านส่งมา", en: "The letter that you sent was not registered." },
  },
  invalid: {
    title: { th: "ใบแจ้งหนังสือผิด", en: "Notice: invalid letter" },
    says: {
      th: "หนังสือที่ท่านส่งมาไม่ถูกต้องหรือไม่ครบถ้วน โปรดแก้ไขและส่งใหม่",
      en: "The letter that you sent is faulty or not complete; please send it again, corrected.",
    },
  },
  quarantined: {
    title: { th: "ใบแจ้งกักกันหนังสือ", en: "Notice: letter held in quarantine" },
    says: {
      th: "หนังสือที่ท่านส่งมาถูกกักกันไว้และยังไม่ได้ลงทะเบียนรับ",
      en: "The letter that you sent is held in quarantine; it was not registered.",
    },
  },
  corrected: {
    title: { th: "ใบแจ้งแก้ไขการรับหนังสือ", en: "Correction of a receipt" },
    says: {
      th: "แก้ไขรายการรับหนังสือของท่านตามรายละเอียดด้านล่าง ใบตอบรับฉบับเดิมใช้ไม่ได้อีก",
      en: "The receipt of your letter is corrected as below; this takes the place of the earlier one.",
    },
  },
  cancelled: {
    title: { th: "ใบแจ้งยกเลิกการลงทะเบียนรับหนังสือ", en: "Notice: registration cancelled" },
    says: {
      th: "ยกเลิกเลขทะเบียนรับของหนังสือของท่าน",
      en: "The registration of your letter was cancelled.",
    },
  },
  "recall-accepted": {
    title: { th: "ใบตอบรับการขอเรียกคืนหนังสือ", en: "Answer to a recall: accepted" },
    says: { th: "ยินยอมตามคำขอเรียกคืนหนังสือของท่าน", en: "The recall of your letter is accepted." },
  },
  "recall-refused": {
    title: { th: "ใบแจ้งไม่ยินยอมให้เรียกคืนหนังสือ", en: "Answer to a recall: refused" },
    says: { th: "ไม่ยินยอมตามคำขอเรียกคืนหนังสือของท่าน", en: "The recall of your letter is refused." },
  },
};

const NONE: Words = { th: "ไม่มีเลขที่", en: "none" };
const NO_DATE: Words = { th: "ไม่พบวันที่ในหนังสือ", en: "not found in the letter" };

/** The six fields of Annex 6 §1.1 as far as the statement has them, and what else concerns this letter. */
export function evidenceRows(evidence: Evidence): EvidenceRow[] {
  const { letter, register, receiver, handedOver, reason, changes, replaces } = evidence;
  const rows: EvidenceRow[] = [];
  const row = (th: string, en: string, value: Words): void => void rows.push({ label: { th, en }, value });
  if (letter !== null) {
    row("เลขที่หนังสือ", "Letter number", {
      th: plain(letter.numberPrinted ?? letter.number) || NONE.th,
      en: plain(letter.number) || NONE.en,
    });
    const date = letter.date;
    row("ลงวันที่", "Letter date", date === null ? NO_DATE : { th: thaiLetterDate(date), en: plain(date) });
  }
  if (register !== null) {
    const number = `${register.number}/${register.yearBuddhist}`;
    row("เลขทะเบียนรับ", "Register number", {
      th: number,
      en: `${number} (inbound book of B.E. ${register.yearBuddhist})`,
    });
  }
  row("เวลาที่รับ", "Received", moment(evidence.receivedAt));
  const deemed = deemedLater(evidence);
  if (deemed !== null) {
    const { th, en } = moment(deemed);
    row("ถือว่าได้รับเมื่อ", "Deemed received", { th: `${th} (เวลาทำการถัดไป)`, en: `${en} (next working time)` });
  }
  if (evidence.registeredAt !== null) row("เวลาที่ลงทะเบียน", "Registered", moment(evidence.registeredAt));
  if (receiver !== null) {
    row("ชื่อ-สกุลผู้รับ", "Receiver", same(receiver.name));
    row("หน่วยงานผู้รับ", "Receiving unit", same(receiver.unit));
  }
  if (handedOver !== null) {
    row("เจ้าหน้าที่ผู้เปิดหนังสือ", "Opened by", same(handedOver.officer));
    row("เวลาที่เปิดหนังสือ", "Opened", moment(handedOver.at));
  }
  if (reason !== null) row("เหตุผล", "Reason", reasonWords(reason));
  // In the order of their names: a document that comes out of the database has its members in another one.
  for (const [field, change] of Object.entries(changes ?? {})
    .sort()
    .slice(0, MOST_CHANGES)) {
    const { th, en } = FIELD_WORDS[field] ?? same(field);
    const before = shownValue(field, change.old);
    const after = shownValue(field, change.new);
    row(`แก้ไข${th}`, `Corrected: ${en}`, {
      th: `จาก ${before.th} เป็น ${after.th}`,
      en: `from ${before.en} to ${after.en}`,
    });
  }
  if (replaces !== null) row("ใช้แทนหลักฐานรหัส", "Takes the place of", same(replaces));
  return rows;
}

const MOST_CHANGES = 8;

/** What ties the statement to one message, and to itself. */
export function proofRows(evidence: Evidence): EvidenceRow[] {
  const { message } = evidence;
  const rows: EvidenceRow[] = [
    { label: { th: "รหัสหลักฐาน", en: "Evidence id" }, value: same(evidence.evidenceId) },
    { label: { th: "ออกเมื่อ", en: "Issued" }, value: moment(evidence.issuedAt) },
    {
      label: { th: "ช่องทาง", en: "Channel" },
      value: CHANNEL_WORDS[evidence.channel] ?? same(evidence.channel),
    },
    {
      label: { th: "ขนาดข้อความ", en: "Size" },
      value: { th: `${message.sizeBytes} ไบต์`, en: `${message.sizeBytes} bytes` },
    },
    { label: { th: "SHA-256 ข้อความ", en: "message" }, value: same(message.sha256) },
  ];
  if (message.contentsSha256 !== null) {
    const label = { th: "SHA-256 เนื้อหา", en: "contents" };
    rows.push({ label, value: same(message.contentsSha256) });
  }
  if (message.messageId !== null)
    rows.push({ label: { th: "Message-ID", en: "Message-ID" }, value: same(message.messageId) });
  if (evidence.auditCheckpoint !== undefined) {
    const { treeSize, root, madeAt } = evidence.auditCheckpoint;
    const { th, en } = moment(madeAt);
    rows.push({
      label: { th: "จุดตรวจบันทึกการเข้าถึง", en: "Audit log" },
      value: {
        th: `${plain(root)} (${treeSize} รายการ ${th})`,
        en: `${plain(root)} (${treeSize} events, ${en})`,
      },
    });
  }
  return rows;
}

/** How far the times told can be trusted (Annex 6 §2.2.4): the worse of them is told. */
export function clockWords({ clock: { received, registered } }: Evidence): Words {
  const clocks: readonly ClockState[] = registered === null ? [received] : [received, registered];
  let worst: Exclude<ClockState, { state: "unsynchronised" }> | undefined;
  for (const clock of clocks) {
    if (clock.state === "unsynchronised")
      return {
        th: "เวลาข้างต้นอ่านจากนาฬิกาของระบบ ซึ่งขณะนั้นไม่ได้เทียบกับนาฬิกาอ้างอิง",
        en: "The times are those of this system's clock, which was not compared with a reference clock then.",
      };
    if (worst === undefined || clock.errorBoundMs > worst.errorBoundMs) worst = clock;
  }
  const ms = Math.ceil((worst?.errorBoundMs ?? 0) * 10) / 10;
  const reference = plain(worst?.reference ?? "");
  return {
    th: `เวลาข้างต้นเทียบกับนาฬิกาอ้างอิง ${reference} คลาดเคลื่อนไม่เกิน ${ms} มิลลิวินาที`,
    en: `The times agree with the reference clock ${reference} within ${ms} ms.`,
  };
}

/** When it counts as received, if that is later than its arrival (e-Government Act s. 10); null if not. */
export function deemedLater({ receivedAt, deemedReceivedAt }: Evidence): string | null {
  if (deemedReceivedAt === null) return null;
  return new Date(deemedReceivedAt) > new Date(receivedAt) ? deemedReceivedAt : null;
}

/** A person's own words; without them those of the table of refusals; of a code that it does not know, the code. */
function reasonWords({ code, words }: NonNullable<Evidence["reason"]>): Words {
  const own = plain(words);
  if (own !== "") return { th: own, en: own };
  const known = Object.entries(refusals).find(([name]) => name === code)?.[1];
  return known ?? same(code);
}

const CHANNEL_WORDS: Readonly<Record<string, Words>> = {
  smtp: { th: "ไปรษณีย์อิเล็กทรอนิกส์ (SMTP)", en: "e-mail (SMTP)" },
  imap: { th: "ไปรษณีย์อิเล็กทรอนิกส์ (IMAP)", en: "e-mail (IMAP)" },
  paper: { th: "กระดาษ", en: "paper" },
};

/** Fields that a correction names (schemas/evidence.schema.json). */
const FIELD_WORDS: Readonly<Record<string, Words>> = {
  "letter.number": { th: "เลขที่หนังสือ", en: "letter number" },
  "letter.numberPrinted": { th: "เลขที่หนังสือตามที่พิมพ์", en: "number as printed" },
  "letter.date": { th: "วันที่ของหนังสือ", en: "letter date" },
  receivedAt: { th: "เวลาที่รับ", en: "time received" },
  deemedReceivedAt: { th: "เวลาที่ถือว่าได้รับ", en: "deemed receipt" },
  registeredAt: { th: "เวลาที่ลงทะเบียน", en: "time registered" },
  "receiver.name": { th: "ชื่อ-สกุลผู้รับ", en: "receiver" },
  "receiver.unit": { th: "หน่วยงานผู้รับ", en: "receiving unit" },
};

const NOTHING: Words = { th: "(ไม่มี)", en: "(none)" };

function shownValue(field: string, value: string | null): Words {
  const text = plain(value);
  if (text === "") return NOTHING;
  if (field.endsWith("At") && !Number.isNaN(Date.parse(text))) return moment(text);
  if (field === "letter.date" && !Number.isNaN(Date.parse(text)))
    return { th: thaiLetterDate(text), en: text };
  return { th: `"${text}"`, en: `"${text}"` };
}

function moment(instant: string): Words {
  const at = new Date(instant);
  return { th: thaiDateTime(at), en: englishDateTime(at) };
}

function same(text: string): Words {
  const shown = plain(text);
  return { th: shown, en: shown };
}

/** A longer text is cut, visibly; the signed document has it in full. */
const LONGEST_TEXT = 600;

/** In one line, nothing invisible: what is shown is what stands there. */
function plain(text: string | null): string {
  if (text === null) return "";
  const cut = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
  return normaliseThai(cut).replace(/\s+/gu, " ").trim();
}
