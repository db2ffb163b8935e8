import type { LetterFacts } from "../shared/letter/letter.ts";

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

export type FoundIn = {
  source: FactSource /** 0 to 1; below 0.6 a fact is not stated. */;
  confidence: number;
};

export type FactSources = Partial<Record<keyof LetterFacts, FoundIn>>;

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
  attachments: Attachment[];
  problems: ReadingProblem[];
  sizeBytes: number;
  contentDigest: string;
};

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
