import type { Secrecy, Urgency } from "./letter.ts";

/** Letter kinds of the Regulation on Correspondence, ข้อ 10: external, internal, stamped, order, public, evidence. */
export const LETTER_KINDS = ["external", "internal", "stamped", "order", "public", "evidence"] as const;
export type LetterKind = (typeof LETTER_KINDS)[number];

export const LETTER_KIND_WORDS: Readonly<Record<LetterKind, string>> = {
  external: "หนังสือภายนอก",
  internal: "หนังสือภายใน",
  stamped: "หนังสือประทับตรา",
  order: "หนังสือสั่งการ",
  public: "หนังสือประชาสัมพันธ์",
  evidence: "หนังสือที่เจ้าหน้าที่ทำขึ้นหรือรับไว้เป็นหลักฐาน",
};

export type Direction = "inbound" | "outbound";
/** ordinary; circular (ว, outbound only); classified (ทขล.๑ inbound, ทขล.๒ outbound). */
export type Series = "ordinary" | "circular" | "classified";

/** The books that every clerk of an agency may see: direction and series. */
export const OPEN_BOOKS = ["inbound.ordinary", "outbound.ordinary", "outbound.circular"] as const;

/** What may happen to a line after it was written: rows of entry_event. */
export type LineEventName =
  | "corrected"
  | "filled"
  | "cancelled"
  | "handed-over"
  | "recall-requested"
  | "recall-accepted"
  | "recall-refused";

/** registered; reserved (จองเลข, not filled yet); cancelled (the number stays used). */
export type LineStatus = "registered" | "reserved" | "cancelled";

/** How a letter came or goes; `paper` is one that a clerk wrote in by hand. */
export const CHANNELS = ["smtp", "imap", "api", "ecms", "paper"] as const;
export type Channel = (typeof CHANNELS)[number];

/** A line of a register book with all corrections applied: what a clerk sees, searches and prints. */
export interface RegisterLine {
  readonly bookId: string;
  readonly agencyId: string;
  readonly direction: Direction;
  readonly series: Series;
  /** Calendar year (C.E.) in Asia/Bangkok. */
  readonly year: number;
  /** เลขทะเบียนรับ or เลขทะเบียนส่ง. */
  readonly number: number;
  readonly status: LineStatus;
  /** ที่, canonical; printed: as it stands in the letter. Null for a letter that bears none. */
  readonly letterNumber: string | null;
  readonly letterNumberPrinted: string | null;
  /** ลงวันที่, ISO date, C.E. */
  readonly letterDate: string | null;
  /** จาก */
  readonly from: string | null;
  /** ถึง */
  readonly to: string | null;
  /** เรื่อง */
  readonly subject: string | null;
  /** การปฏิบัติ */
  readonly action: string | null;
  /** หมายเหตุ */
  readonly remarks: string | null;
  readonly urgency: Urgency;
  readonly secrecy: Secrecy;
  readonly kind: LetterKind;
  /** อ้างถึง, as printed in the letter. */
  readonly references: readonly string[];
  /** สิ่งที่ส่งมาด้วย */
  readonly enclosures: readonly string[];
  readonly channel: Channel;
  readonly unit: string | null;
  /** When it entered this system (Annex 6 §2.2.5); null for what did not arrive by a door. */
  readonly arrivedAt: Date | null;
  /** Start of the working time in which it counts as received; null when the calendar had no data for its year. */
  readonly deemedReceivedAt: Date | null;
  readonly registeredAt: Date;
  /** rule:NAME, person:ID of a clerk, or person:os/USER on the command line. */
  readonly registeredBy: string;
  /** Given name and surname of the clerk; null when a rule registered it. */
  readonly registeredByName: string | null;
}
