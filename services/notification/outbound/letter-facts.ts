import { MOST_MESSAGE_IDS, type Recall } from "../../shared/letter/evidence/recall.ts";
import type { LetterCover } from "../../shared/letter/letter-cover.ts";
import { normaliseLetterNumber } from "../../shared/letter/letter-number.ts";
import { marksItself } from "../../shared/letter/own-markings.ts";
import type { NoticeFacts } from "../notice-store.ts";
import type { LetterSubject, SentFile } from "./outbound-store.ts";

/** What the mail that brings a letter holds, fixed when it is promised: a later try sends the same. */
export interface LetterNoticeFacts extends NoticeFacts {
  readonly cover: LetterCover;
  /** When the letter was sent for the first time: equal in each copy, so that the copies are equal. */
  readonly sentAt: string;
  readonly files: readonly SentFile[];
  /** Another letter went there under this number and date; left out where none did. */
  readonly isAnew?: true;
}

/** What the mail that asks for a letter back holds. */
export interface RecallNoticeFacts extends NoticeFacts {
  readonly recall: Recall;
  /** The same, signed. */
  readonly jws: string;
  /** ที่, as the letter has it. */
  readonly printed: string;
  /** Message-ID of the mail that brought the letter. */
  readonly letterMessageId: string;
}

/**
 * What was sent stays as it was, for who gets it later and for who gets it again: its line may be corrected meanwhile, and the
 * letter's own facts are as they stood when it was sent.
 */
export function letterFactsOf(subject: LetterSubject): LetterNoticeFacts {
  const { facts, entry, files, sentAt, name } = subject;
  const number = entry?.letterNumberPrinted ?? entry?.letterNumber ?? null;
  const about = facts.subject ?? entry?.subject ?? null;
  if (number === null || about === null || sentAt === null)
    throw new Error("a letter without number, subject or time of sending is to be sent");
  return {
    agency: agencyOf(subject),
    cover: {
      number,
      date: facts.letterDate ?? entry?.letterDate ?? null,
      subject: about,
      from: facts.from ?? entry?.from ?? subject.agency.nameThai,
      to: name,
      urgency: facts.urgency ?? entry?.urgency ?? "normal",
      references: facts.references ?? entry?.references ?? [],
      enclosures: facts.enclosures ?? entry?.enclosures ?? [],
      text: facts.text ?? null,
    },
    sentAt: sentAt.toISOString(),
    files,
    ...(subject.isAnew ? { isAnew: true } : {}),
  };
}

/** @param messageIds of the mails that brought the letter to this recipient */
export function recallOf(
  subject: LetterSubject,
  recall: NonNullable<LetterSubject["recall"]>,
  messageIds: readonly string[],
  evidenceId: string | null,
  at: Date,
): Recall {
  const { agency, entry, facts } = subject;
  const printed = entry?.letterNumber ?? entry?.letterNumberPrinted ?? "";
  return {
    schema: "https://saraban.example.go.th/schemas/recall.schema.json",
    recallId: recall.eventId,
    issuedAt: at.toISOString(),
    agency: { domain: agency.domain, nameThai: agency.nameThai, nameEnglish: agency.nameEnglish },
    letter: {
      number: normaliseLetterNumber(printed) ?? printed,
      // As the recipient has it.
      date: facts.letterDate ?? entry?.letterDate ?? null,
      // Sent again more often than that, it is known by the last of them.
      messageIds: messageIds.slice(-MOST_MESSAGE_IDS),
    },
    evidenceId,
    reason: recall.reason,
    replacedBy: recall.replacedBy,
  };
}

export function agencyOf({ agencyId, agency: { nameThai, nameEnglish, mailbox, domain } }: LetterSubject) {
  return { id: agencyId, nameThai, nameEnglish, mailbox: `${mailbox}@${domain}` };
}

/** Whether a letter must not go by mail, whatever was approved: it stands in a closed book, or its own words mark it. */
export function isClassified({ entry, facts }: LetterSubject): boolean {
  if (entry === null || entry.secrecy !== "normal") return true;
  const text = facts.text ?? "";
  // As it was sent, and as its line reads now: who corrects it may have found out what it is.
  return [facts, entry].some(({ subject, references = [], enclosures = [] }) =>
    marksItself({ subject: subject ?? "", text, references, enclosures }),
  );
}
