/**
 * The letter as every room speaks of it: the facts an office writes into its register, and the words of
 * the two classifications. Names follow the register's columns (ที่, ลงวันที่, จาก, ถึง, เรื่อง).
 */

/** ชั้นความเร็ว, mildest first. */
export const URGENCIES = ["normal", "urgent", "very-urgent", "most-urgent"] as const;
export type Urgency = (typeof URGENCIES)[number];

/** ชั้นความลับ, mildest first. */
export const SECRECIES = ["normal", "confidential", "secret", "top-secret"] as const;
export type Secrecy = (typeof SECRECIES)[number];

export const URGENCY_WORDS: Readonly<Record<Urgency, string>> = {
  normal: "ปกติ",
  urgent: "ด่วน",
  "very-urgent": "ด่วนมาก",
  "most-urgent": "ด่วนที่สุด",
};

export const SECRECY_WORDS: Readonly<Record<Secrecy, string>> = {
  normal: "ปกติ",
  confidential: "ลับ",
  secret: "ลับมาก",
  "top-secret": "ลับที่สุด",
};

export type LetterFacts = {
  /** ที่, canonical: Arabic digits, `CODE (SUB) UNIT/NUMBER`, circulars `UNIT/ว NUMBER`. */
  number: string | null;
  /** ที่ as the sender printed it. */
  numberPrinted: string | null;
  /** ลงวันที่: the letter's own date, ISO 8601, Christian era, no time zone (a calendar date in Thailand). */
  date: string | null;
  /** เรื่อง */
  subject: string | null;
  /** จาก: the sending agency. */
  from: string | null;
  /** ถึง or เรียน: the addressee. */
  to: string | null;
  urgency: Urgency;
  secrecy: Secrecy;
};

export const NO_FACTS: Readonly<LetterFacts> = Object.freeze({
  number: null,
  numberPrinted: null,
  date: null,
  subject: null,
  from: null,
  to: null,
  urgency: "normal",
  secrecy: "normal",
});

/** The graver of two: where two places of one letter disagree, the graver marking is obeyed. */
export function graverSecrecy(a: Secrecy, b: Secrecy): Secrecy {
  return SECRECIES.indexOf(a) >= SECRECIES.indexOf(b) ? a : b;
}

export function higherUrgency(a: Urgency, b: Urgency): Urgency {
  return URGENCIES.indexOf(a) >= URGENCIES.indexOf(b) ? a : b;
}
