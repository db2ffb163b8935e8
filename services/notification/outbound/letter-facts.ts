import {
  markingsInHeadline,
  markingsOnLine,
  readMarkingWords,
  UNMARKED,
} from "../../shared/letter/classification.ts";
import type { Recall } from "../../shared/letter/evidence/recall.ts";
import type { LetterCover } from "../../shared/letter/letter-cover.ts";
import { findLetterNumbers, normaliseLetterNumber } from "../../shared/letter/letter-number.ts";
import type { NoticeFacts } from "../notice-store.ts";
import type { LetterSubject, SentFile } from "./outbound-store.ts";

/** What the mail that brings a letter holds, fixed when it is promised: a later try sends the same. */
export interface LetterNoticeFacts extends NoticeFacts {
  readonly cover: LetterCover;
  /** When the letter was sent for the first time: equal in each copy, so that the copies are equal. */
  readonly sentAt: string;
  readonly files: readonly SentFile[];
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

export function letterFactsOf(subject: LetterSubject): LetterNoticeFacts {
  const { facts, entry, files, sentAt, name } = subject;
  const number = entry?.letterNumberPrinted ?? entry?.letterNumber ?? null;
  const about = entry?.subject ?? facts.subject ?? null;
  if (number === null || about === null || sentAt === null)
    throw new Error("a letter without number, subject or time of sending is to be sent");
  return {
    agency: agencyOf(subject),
    cover: {
      number,
      date: entry?.letterDate ?? null,
      subject: about,
      from: entry?.from ?? subject.agency.nameThai,
      to: name,
      urgency: entry?.urgency ?? "normal",
      references: entry?.references ?? [],
      enclosures: entry?.enclosures ?? [],
      text: facts.text ?? null,
    },
    sentAt: sentAt.toISOString(),
    files,
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
  const { agency, entry } = subject;
  const printed = entry?.letterNumber ?? entry?.letterNumberPrinted ?? "";
  return {
    schema: "https://saraban.example.go.th/schemas/recall.schema.json",
    recallId: recall.eventId,
    issuedAt: at.toISOString(),
    agency: { domain: agency.domain, nameThai: agency.nameThai, nameEnglish: agency.nameEnglish },
    letter: {
      number: normaliseLetterNumber(printed) ?? printed,
      date: entry?.letterDate ?? null,
      messageIds,
    },
    evidenceId,
    reason: recall.reason,
    replacedBy: recall.replacedBy,
  };
}

export function agencyOf({ agencyId, agency: { nameThai, nameEnglish, mailbox, domain } }: LetterSubject) {
  return { id: agencyId, nameThai, nameEnglish, mailbox: `${mailbox}@${domain}` };
}

/**
 * Whether a letter must not go by mail, whatever was approved: it stands in a closed book, or its own words mark it. The
 * receiving side would refuse it for the same words, and by then it has passed through others' servers.
 */
export function isClassified({ entry, facts }: LetterSubject): boolean {
  if (entry === null || entry.secrecy !== "normal") return true;
  const headline = entry.subject ?? facts.subject ?? "";
  // What is cited or enclosed may speak of a classified letter; a marking that stands alone there is this one's.
  const listed = [...entry.references, ...entry.enclosures].map((line) => readMarkingWords(line) ?? UNMARKED);
  return [
    markingsInHeadline(headline, findLetterNumbers(headline)),
    ...(facts.text ?? "").split("\n").map((line) => markingsOnLine(line)),
    ...listed,
  ].some(({ secrecy }) => secrecy !== "normal");
}
