import type { LetterFacts } from "../shared/letter/letter.ts";
import type { LetterKind } from "../shared/letter/register-line.ts";

/** What a message is. Only a letter has facts; the others speak of letters of ours. */
export type MessageKind =
  | "letter"
  | "auto-reply"
  | "acknowledgement"
  | "bounce"
  | "mdn"
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
  | "file-name";

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
  /** Declared, in lower case; not to be trusted. */
  contentType: string;
  /** Of the decoded content; null when it cannot be decoded. */
  sizeBytes: number | null;
  sha256: string | null;
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
  | "text-cut";

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
};

/** What is stated of a message of which nothing is believed. */
export const NOTHING_LISTED: Readonly<Pick<Reading, "letterKind" | "citations" | "enclosures">> =
  Object.freeze({ letterKind: "external", citations: [], enclosures: [] });

export type DeliveryReport = {
  relatesTo: string | null;
  /** RFC 3464 §2.3.3 (failed, delayed …) or RFC 8098 §3.2.6 (displayed, deleted …). */
  action: string | null;
  /** RFC 3463, such as 5.2.2. */
  status: string | null;
  recipient: string | null;
};

export type KnownSender = {
  name: string;
  /** Code letters of its numbers (นร), where the directory has them; they settle which number is its own. */
  codeLetters?: string | null;
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
