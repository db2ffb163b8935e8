import { isoDateOf } from "../../shared/ecms/faults.ts";
import type { GovernmentDocument } from "../../shared/ecms/read-government-document.ts";
import { readMarkingWords } from "../../shared/letter/classification.ts";
import type { Secrecy, Urgency } from "../../shared/letter/letter.ts";
import { normaliseLetterNumber } from "../../shared/letter/letter-number.ts";
import type { LetterFile } from "../attachments/letter-file.ts";
import type { Citation, FactSource } from "../reading.ts";
import { readBodyItems } from "./body-items.ts";
import { findEnclosures } from "./find-enclosures.ts";
import type { KindOfLetter } from "./letter-kind.ts";
import type { Stated } from "./pdf-top.ts";

/** What one file says of the letter that it is. */
export interface FileLetter {
  readonly file: LetterFile;
  readonly source: Extract<FactSource, "pdf" | "xml" | "api" | "document">;
  readonly number: { readonly value: string; readonly printed: string; readonly confidence: number } | null;
  readonly date: Stated | null;
  readonly subject: Stated | null;
  readonly from: Stated | null;
  readonly to: Stated | null;
  /** Null where the file says nothing of it; a code says "normal" too. */
  readonly urgency: Urgency | null;
  readonly kind: KindOfLetter | null;
  readonly citations: readonly Citation[];
  readonly enclosures: readonly string[];
}

const SECRECY_OF_CODE: ReadonlyMap<number, Secrecy> = new Map([
  [1, "normal"],
  [2, "confidential"],
  [3, "secret"],
  [4, "top-secret"],
  // Not in the standard, sent by one client: ลับเฉพาะบุคคล.
  [5, "confidential"],
]);
const URGENCY_OF_CODE: ReadonlyMap<number, Urgency> = new Map([
  [1, "normal"],
  [2, "urgent"],
  [3, "very-urgent"],
  [4, "most-urgent"],
]);

/** Null for a code that no list has; some write the word itself. */
export function secrecyOf({ secretCode }: GovernmentDocument): Secrecy | null {
  if (secretCode === null || secretCode === "ปกติ") return "normal";
  return SECRECY_OF_CODE.get(Number(secretCode)) ?? readMarkingWords(secretCode)?.secrecy ?? null;
}

export function letterOfDocument(file: LetterFile, document: GovernmentDocument): FileLetter {
  const { id, receiver } = document;
  const number = id === null ? null : normaliseLetterNumber(id);
  const person = [receiver.givenName, receiver.familyName].filter((name) => name !== null).join(" ");
  const to = receiver.jobTitle ?? (person === "" ? null : person);
  const items =
    document.attachmentText === null ? [] : readBodyItems(`สิ่งที่ส่งมาด้วย ${document.attachmentText}`);
  const sure = (value: string | null): Stated | null => (value === null ? null : { value, confidence: 0.99 });
  return {
    file,
    source: "xml",
    number: number === null ? null : { value: number, printed: (id ?? "").slice(0, 200), confidence: 0.99 },
    date: sure(isoDate(document.correspondenceDate)),
    subject: sure(document.subject?.slice(0, 1_000).toWellFormed() ?? null),
    // The wire names the sender's department by its code; its name is the directory's.
    from: null,
    to: sure(to),
    urgency: URGENCY_OF_CODE.get(Number(document.speedCode)) ?? null,
    kind: null,
    citations: document.references.slice(0, 50).map(({ id: cited, date, subject }) => ({
      printed: [cited, date && `ลงวันที่ ${date}`, subject && `เรื่อง ${subject}`]
        .filter(Boolean)
        .join(" ")
        .slice(0, 500)
        .toWellFormed(),
      number: cited === null ? null : normaliseLetterNumber(cited),
      date: isoDate(date),
    })),
    enclosures: findEnclosures([items]),
  };
}

/** yyyy-MM-dd of a date as programs write it, the same here as at their door; null for no date. */
export const isoDate = isoDateOf;
