import type { IsBreached } from "./breached-passwords.ts";
import { ENOUGH_UNITS, type GuessCost } from "./guess-password.ts";

/** Why a password is not taken; the first two and `not-text` stand alone, the others only after them. */
export type PasswordFault =
  | "too-short"
  | "too-long"
  | "not-text"
  | "like-you"
  | "common"
  | "breached"
  | "used-before";

export const SHORTEST_PASSWORD = 12;
export const LONGEST_PASSWORD = 256;
/** Nobody may take one of so many that he had, the present one among them. */
export const REMEMBERED_PASSWORDS = 5;
/** Before anything is done with it: composed text may be several times as long as it counts. */
const LONGEST_TYPED = 4 * LONGEST_PASSWORD;

/**
 * The spelling in which a password is hashed (NIST SP 800-63B §3.1.1.2: NFKC): the same word from another keyboard or
 * telephone has to be the same password. Null for what is too long to be one.
 */
export function normalPassword(typed: string): string | null {
  if (typed.length > LONGEST_TYPED) return null;
  const password = typed.normalize("NFKC");
  return [...password].length > LONGEST_PASSWORD ? null : password;
}

/** What tells of the person whose password it is: id, name, agencies. */
export type AboutPerson = readonly string[];

/**
 * What stands against a new password (NIST SP 800-63B §3.1.1.2): length in characters of any script, the lists, and the words
 * that anybody would try who knows whose it is. No rule about kinds of characters, and no change without cause: both make
 * passwords worse. Whether it was used before takes hashing and is asked elsewhere.
 */
export async function passwordFaults(
  typed: string,
  about: AboutPerson,
  lists: { readonly guessCost: GuessCost; readonly isBreached: IsBreached },
): Promise<PasswordFault[]> {
  const password = normalPassword(typed);
  if (password === null) return ["too-long"];
  // A character is a code point (§3.1.1.1), not what UTF-16 or a font makes of it.
  if ([...password].length < SHORTEST_PASSWORD) return ["too-short"];
  if (!typed.isWellFormed() || /\p{Cc}/u.test(password)) return ["not-text"];
  const faults: PasswordFault[] = [];
  const words = about.flatMap((text) => [text, ...text.split(/[\s._@-]+/u)]).filter((word) => word !== "");
  if (lists.guessCost(password) < ENOUGH_UNITS) faults.push("common");
  else if (lists.guessCost(password, words) < ENOUGH_UNITS) faults.push("like-you");
  // The lists were made from passwords as they were typed.
  if ((await lists.isBreached(password)) || (password !== typed && (await lists.isBreached(typed))))
    faults.push("breached");
  return faults;
}

/** Words for the person, Thai first. */
export const PASSWORD_WORDS: Readonly<Record<PasswordFault, { readonly th: string; readonly en: string }>> = {
  "too-short": {
    th: `ต้องยาวอย่างน้อย ${SHORTEST_PASSWORD} ตัวอักษร ใช้ภาษาใดก็ได้ เว้นวรรคได้`,
    en: `has at least ${SHORTEST_PASSWORD} characters, of any script, spaces too`,
  },
  "too-long": {
    th: `ต้องยาวไม่เกิน ${LONGEST_PASSWORD} ตัวอักษร`,
    en: `has at most ${LONGEST_PASSWORD} characters`,
  },
  "not-text": { th: "มีอักขระควบคุมที่พิมพ์ไม่ได้", en: "has characters that nobody can type" },
  "like-you": {
    th: "คล้ายรหัสผู้ใช้ ชื่อ หรือหน่วยงานของท่าน ซึ่งผู้อื่นเดาได้",
    en: "is made of your id, your name or your agency",
  },
  common: {
    th: "เป็นคำ ชื่อ ปี หรือแถวแป้นพิมพ์ที่ใช้กันทั่วไป ซึ่งเดาได้เร็ว ลองใช้คำที่ไม่เกี่ยวกันหลายคำ",
    en: "is made of common words, names, years or rows of keys; take several words that have nothing to do with each other",
  },
  breached: { th: "รหัสผ่านนี้เคยรั่วไหลแล้ว", en: "is known from a breach" },
  "used-before": {
    th: `เป็นรหัสผ่านที่ใช้อยู่หรือเคยใช้ใน ${REMEMBERED_PASSWORDS} ครั้งล่าสุด`,
    en: `is one of your last ${REMEMBERED_PASSWORDS}`,
  },
};
