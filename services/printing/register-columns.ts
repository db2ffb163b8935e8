import { SECRECY_WORDS } from "../shared/letter/letter.ts";
import type { Direction, LineStatus, RegisterLine, Series } from "../shared/letter/register-line.ts";
import { cellText, type Digits, inDigits, shortLetterDate, shortThaiDate } from "./printed-words.ts";

/** What a register's page says about itself. */
export interface RegisterHeader {
  readonly agencyNameThai: string;
  readonly direction: Direction;
  readonly series: Series;
  /** B.E. */
  readonly yearBuddhist: number;
  /** For example "ตั้งแต่วันที่ 1 ตุลาคม 2569 ถึงวันที่ 31 ตุลาคม 2569". */
  readonly periodWords: string;
  /** Given name and surname of the officer who prints, and answers for the print. */
  readonly printedByName: string;
  readonly printedAt: Date;
}

export interface RegisterColumn {
  readonly name: ColumnName;
  readonly heading: string;
  /** Of the page's width, against the other columns. */
  readonly share: number;
}

export type ColumnName =
  | "number"
  | "letterNumber"
  | "secrecy"
  | "letterDate"
  | "from"
  | "to"
  | "subject"
  | "action"
  | "signature"
  | "receivedOn"
  | "remarks";

export interface RegisterForm {
  readonly title: string;
  readonly seriesWords: string;
  readonly columns: readonly RegisterColumn[];
}

export const STATUS_WORDS: Readonly<Record<LineStatus, string>> = {
  registered: "ลงทะเบียน",
  reserved: "จองเลข",
  cancelled: "ยกเลิก",
};

/**
 * The registers of the Regulation on Correspondence: ทะเบียนหนังสือรับ (form 13) and ทะเบียนหนังสือส่ง (form 14); circulars
 * (ว) have numbers of their own in the latter's columns. Classified letters: ทขล.๑ and ทขล.๒ of the Regulation on
 * Official Secrets. The forms' numbers, the column หมายเหตุ and the title of the secret registers could not be checked
 * against the regulations' own text, so no number of a form is printed on the ordinary registers.
 */
export function registerForm(direction: Direction, series: Series): RegisterForm {
  const received = direction === "inbound";
  if (series === "classified") {
    return {
      title: received ? "ทะเบียนรับข้อมูลข่าวสารลับ (ทขล.๑)" : "ทะเบียนส่งข้อมูลข่าวสารลับ (ทขล.๒)",
      seriesWords: "ข้อมูลข่าวสารลับ",
      columns: received ? SECRET_RECEIVED : SECRET_SENT,
    };
  }
  return {
    title: received ? "ทะเบียนหนังสือรับ" : "ทะเบียนหนังสือส่ง",
    seriesWords: series === "circular" ? "หนังสือเวียน (ว)" : "หนังสือทั่วไป",
    columns: ordinaryColumns(received ? "เลขทะเบียนรับ" : "เลขทะเบียนส่ง"),
  };
}

function ordinaryColumns(numberHeading: string): RegisterColumn[] {
  return [
    column("number", numberHeading, 54),
    column("letterNumber", "ที่", 92),
    column("letterDate", "ลงวันที่", 62),
    column("from", "จาก", 116),
    column("to", "ถึง", 116),
    column("subject", "เรื่อง", 196),
    column("action", "การปฏิบัติ", 76),
    column("remarks", "หมายเหตุ", 74),
  ];
}

const SECRET_RECEIVED: readonly RegisterColumn[] = [
  column("number", "เลขที่รับ", 46),
  column("letterNumber", "ที่", 88),
  column("secrecy", "ชั้นความลับ", 58),
  column("letterDate", "ลงวันที่", 62),
  column("from", "จาก", 104),
  column("to", "ถึง", 104),
  column("subject", "เรื่อง", 140),
  column("signature", "ลงชื่อ", 60),
  column("receivedOn", "วันที่รับ", 62),
  column("remarks", "หมายเหตุ", 62),
];

const SECRET_SENT: readonly RegisterColumn[] = [
  column("number", "เลขที่ส่ง", 56),
  column("secrecy", "ชั้นความลับ", 66),
  column("from", "จาก", 140),
  column("to", "ถึง", 140),
  column("subject", "เรื่อง", 220),
  column("signature", "ลงชื่อ", 84),
  column("remarks", "หมายเหตุ", 80),
];

function column(name: ColumnName, heading: string, share: number): RegisterColumn {
  return { name, heading, share };
}

/** What stands in a column of a line. ลงชื่อ stays empty: whoever takes the letter signs there by hand. */
export function columnText(name: ColumnName, line: RegisterLine, digits: Digits): string {
  switch (name) {
    case "number":
      return inDigits(line.number, digits);
    case "letterNumber":
      return cellText(line.letterNumberPrinted ?? line.letterNumber);
    case "secrecy":
      return SECRECY_WORDS[line.secrecy];
    case "letterDate":
      return line.letterDate === null ? "" : inDigits(cellText(shortLetterDate(line.letterDate)), digits);
    case "from":
      return cellText(line.from);
    case "to":
      return cellText(line.to);
    case "subject":
      return cellText(line.subject);
    case "action":
      return cellText(line.action);
    case "signature":
      return "";
    case "receivedOn":
      return inDigits(shortThaiDate(line.arrivedAt ?? line.registeredAt), digits);
    case "remarks":
      return remarksText(line);
  }
}

/** A cancelled number stays used, with the reason (which the registry keeps in หมายเหตุ); a reserved one says so. */
function remarksText(line: RegisterLine): string {
  const remarks = cellText(line.remarks);
  const status = STATUS_WORDS[line.status];
  if (line.status === "registered" || remarks.startsWith(status)) return remarks;
  return `${status} ${remarks}`.trim();
}
