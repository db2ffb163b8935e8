import type { DeliveryReport } from "../shared/letter/delivery-report.ts";
import type { LetterFacts } from "../shared/letter/letter.ts";
import type { LetterKind } from "../shared/letter/register-line.ts";

/** What a message is. Only a letter has facts; the others speak of letters of ours, a recall (and some notifiers) of one that we have received. */
export type MessageKind =
  | "letter"
  | "auto-reply"
  | "acknowledgement"
  | "bounce"
  | "mdn"
  | "recall"
  | "notifier"
  | "bulk"
  | "unreadable";

/** Where a fact was read. Later readers (PDF, XML, file name) add their names here and compete by confidence. */
export type FactSource =
  | "subject"
  | "body"
  | "directory"
  | "forwarded-subject"
  | "forwarded-body"
  | "pdf"
  | "xml"
  | "api"
  | "document"
  | "file-name";

/** One fact on which the sources of one letter disagree, the surest first; an officer chooses. */
export type Conflict = {
  field: keyof LetterFacts;
  values: { value: string; source: FactSource; confidence: number }[];
};

export type FoundIn = { source: FactSource /** 0 to 1 */; confidence: number };

/** Below this a fact is not stated: an officer's blank is better than a guess in a register. */
export const STATED_CONFIDENCE = 0.6;

export type FactSources = Partial<Record<keyof LetterFacts | "letterKind", FoundIn>>;

/** Another letter that this one speaks of: an item of อ้างถึง, or a passage that cites (ตามหนังสือ … ที่ …). */
export type Citation = {
  /** As it stands in the letter, one line, at most 500 characters. */
  printed: string;
  /** ที่, canonical; null where the letter names none (a law, a private letter). */
  number: string | null;
  /** ลงวันที่, ISO 8601, C.E. */
  date: string | null;
};

export type Attachment = {
  /** As the sender named it, decoded; data for a screen after escaping, never a path. Null when unnamed. */
  name: string | null;
  /** The name under which it may be saved: no path, no reserved name, no control or direction character. */
  safeName: string;
  /** Declared, in lower case; not to be trusted. */
  contentType: string;
  /** By its first octets; null when they tell none. */
  detectedType: string | null;
  /** Of the decoded content; null when it cannot be decoded. */
  sizeBytes: number | null;
  sha256: string | null;
  /** main: the letter itself; enclosure: สิ่งที่ส่งมาด้วย; other: pictures of the text, signatures, covers. */
  role: "main" | "enclosure" | "other";
  /** encrypted: a password is needed; not-unpacked: beyond the limits, or damaged; type-mismatch: not what it is called. */
  marks: ("encrypted" | "not-unpacked" | "type-mismatch" | "no-text" | "unreadable")[];
  /** What is packed in it (ZIP, winmail.dat, S/MIME, an XML letter), one level deep each; empty for a plain file. */
  members: Attachment[];
  /** A picture the HTML shows, rather than an enclosure. */
  inline: boolean;
  /** IMAP style; "2>1" is part 1 of the message attached as part 2. */
  partId: string;
};

/** Blocking problems send a message to the officer's tray; the others are told beside the entry. */
export type ReadingProblem =
  | "bare-newline"
  | "too-large"
  | "too-deep"
  | "too-many-parts"
  | "header-too-large"
  | "unreadable-structure"
  | "no-parts"
  | "undecodable-attachment"
  | "undecodable-body"
  | "encrypted"
  | "sensitivity-header"
  | "several-numbers"
  | "uncertain-number"
  | "several-messages"
  | "machine-sent"
  | "ambiguous-from"
  | "empty"
  | "no-number"
  | "no-date"
  | "unknown-charset"
  | "header-injection"
  | "reply-subject"
  | "text-cut"
  | "conflicting-facts"
  | "scanned-letter"
  | "pdf-unreadable"
  | "encrypted-attachment"
  | "archive-too-large"
  | "infected"
  | "not-scanned";

export type Reading = {
  kind: MessageKind;
  messageId: string | null;
  fromAddress: string | null;
  fromName: string | null;
  /** The Date field as an instant, ISO 8601 UTC; null when absent or no date. Not the time of arrival. */
  headerDate: string | null;
  /** The Subject field, decoded, one line, no invisible characters. */
  subjectHeader: string | null;
  /** Message-IDs of In-Reply-To and References, oldest first, at most 50. */
  references: string[];
  /** For a bounce or MDN: the message of ours it speaks of, and what became of it. */
  report: DeliveryReport | null;
  facts: LetterFacts;
  sources: FactSources;
  /** Facts on which PDF, XML, mail and file name disagree; empty for a letter marked as classified. */
  conflicts: readonly Conflict[];
  /** ชนิดของหนังสือ; external where no word of the letter tells another one, and then without a source. */
  letterKind: LetterKind;
  /** อ้างถึง, in the letter's order, at most 50, each number once. Not `references`: those are mails, these letters. */
  citations: readonly Citation[];
  /** สิ่งที่ส่งมาด้วย as the letter lists them, with their counts; at most 100, each at most 500 characters. */
  enclosures: readonly string[];
  attachments: Attachment[];
  problems: ReadingProblem[];
  sizeBytes: number;
  contentDigest: string;
  /**
   * SHA-256, hex: equal for the same letter in another message or over another channel: over the sorted digests of its
   * files, else over its text without white space. Null when there is neither.
   */
  letterDigest: string | null;
};

/** What is stated of a message of which nothing is believed. */
export const NOTHING_LISTED: Readonly<Pick<Reading, "letterKind" | "citations" | "enclosures">> =
  Object.freeze({ letterKind: "external", citations: [], enclosures: [] });

export type KnownSender = {
  name: string;
  /** Code letters of its numbers (นร), where the directory has them; they settle which number is its own. */
  codeLetters?: string | null;
  /** รหัสตัวอักษรโรมัน that the names of its files begin with (Annex 7), such as OPDC. */
  romanCode?: string | null;
  /** Its central address, whole; null or absent where the directory has none. */
  mailbox?: string | null;
  /** An agency served here: a number with its code letters is of a letter that we have sent. */
  served?: boolean;
};

/** The partner directory: mail domain in lower case to agency. */
export type KnownSenders = ReadonlyMap<string, KnownSender>;

export function senderOf(address: string | null, known: KnownSenders): KnownSender | null {
  if (address === null) return null;
  return (
    known.get(
      address
        .slice(address.lastIndexOf("@") + 1)
        .toLowerCase()
        .replace(/\.$/, ""),
    ) ?? null
  );
}
