import type { Evidence } from "../shared/letter/evidence/evidence.ts";
import { DEFAULT_OFFICE } from "../shared/letter/office-hours.ts";
import { buddhistYear } from "../shared/letter/stamp.ts";
import type { NoticeFacts } from "./notice-store.ts";
import type { EvidenceFacts } from "./receipts/issue-evidence.ts";
import type { NoticeSubject, StatedField, SubjectEntry, SubjectEvent } from "./subject-store.ts";

/** What a notice to the sender of an arrival says besides its receipt. */
export interface SenderFacts extends NoticeFacts {
  readonly told: {
    /** When the office works, for its own words: the hours are those of the moment of the promise. */
    readonly office: {
      readonly hours: readonly (readonly [from: string, to: string])[];
      readonly days: readonly string[];
    };
    /** Of an arrival: whether it waits for a person's decision, or only for its turn. */
    readonly waitsFor: "officer" | "number" | null;
    /** Until when the copy of a refused letter is kept. */
    readonly keepUntil: string | null;
    /** Evidence id that the text names as replaced, also one of the time before receipts were signed. */
    readonly replaces: string | null;
  };
}

/** Reasons for which a letter is refused without a person: rows of shared/letter/refusals.ts. */
export type RefusalReason = "classified-by-mail" | "infected" | "sender-not-accepted";

/**
 * What an alert says to a person of the agency: that an arrival was refused, why, and until when its copy is kept. Nothing
 * of the sender and none of his words: it goes out as plain mail.
 */
export interface AlertFacts extends NoticeFacts {
  readonly evidenceId: string;
  readonly type: "alert";
  readonly reason: RefusalReason;
  readonly intakeId: string;
  readonly receivedAt: string;
  /** Null when no copy is kept. */
  readonly keepUntil: string | null;
}

/** What an alert says of a number of ours that another office says is wrong. */
export interface DisputeFacts extends NoticeFacts {
  readonly type: "dispute";
  /** The letter's arrival. */
  readonly letterId: string;
  /** Ours, as 12/2569. */
  readonly registerNumber: string;
  /** When the office said so. */
  readonly receivedAt: string;
}

export function isDispute(facts: NoticeFacts): facts is DisputeFacts {
  return "type" in facts && facts.type === "dispute";
}

/** What a notice said that was promised before receipts were signed: it is still to be sent as it was promised. */
export interface UnsignedFacts
  extends NoticeFacts,
    Pick<Evidence, "evidenceId" | "receivedAt">,
    Partial<Pick<Evidence, "letter" | "register" | "deemedReceivedAt" | "registeredAt" | "receiver">> {
  readonly type: "registered" | "refused" | "rejected";
  /** Of refused: a code; of rejected: a clerk's words. */
  readonly reason?: string;
  readonly clock?: Pick<Evidence["clock"], "received" | "registered">;
  readonly message: Pick<Evidence["message"], "intakeId" | "messageId" | "sha256">;
}

export function isUnsigned(facts: NoticeFacts): facts is UnsignedFacts {
  return "evidenceId" in facts && "message" in facts;
}

export function senderFactsOf(
  subject: NoticeSubject,
  told: Partial<Omit<SenderFacts["told"], "office">> = {},
): SenderFacts {
  const { hours, workingDays } = { ...DEFAULT_OFFICE, ...subject.office };
  const office = { hours: hours.map(({ from, to }) => [from, to] as const), days: workingDays };
  const { waitsFor = null, keepUntil = null, replaces = null } = told;
  return { agency: agencyOf(subject), told: { office, waitsFor, keepUntil, replaces } };
}

export function alertOf(id: string, subject: NoticeSubject): AlertFacts {
  return {
    evidenceId: id,
    type: "alert",
    agency: agencyOf(subject),
    reason: refusalReason(subject),
    intakeId: subject.intakeId,
    receivedAt: subject.arrivedAt.toISOString(),
    keepUntil: subject.keepUntil?.toISOString() ?? null,
  };
}

/** It is here. Nobody has looked at it yet, so nothing of it is stated that could turn out otherwise. */
export function arrivedFacts(subject: NoticeSubject): EvidenceFacts {
  return { ...bareFacts(subject), type: "arrived" };
}

/** Why it is not taken. It repeats nothing of the letter, which may be one that plain mail must not carry. */
export function refusedFacts(subject: NoticeSubject): EvidenceFacts {
  const code = refusalReason(subject);
  // What is infected is locked away: whoever sent it may send it again when it is clean.
  const type = code === "infected" ? "quarantined" : "refused";
  return { ...bareFacts(subject), type, reason: { code, words: null } };
}

/** A clerk's decision that a letter is not registered: it was looked at, or cannot be used. Nothing else of it is repeated. */
export function rejectedFacts(subject: NoticeSubject): EvidenceFacts {
  const type = subject.decision?.decision === "invalid" ? "invalid" : "rejected";
  return { ...bareFacts(subject), type, reason: { code: type, words: wordsOf(subject.decision?.reason) } };
}

/** The line as it was written, at the moment of registration. */
export function registeredFacts(subject: NoticeSubject): EvidenceFacts {
  const entry = entryOf(subject);
  return {
    ...bareFacts(subject),
    type: "registered",
    letter: letterOf(entry),
    register: {
      book: entry.bookId,
      number: entry.number,
      year: entry.year,
      yearBuddhist: buddhistYear(entry.year),
    },
    deemedReceivedAt: entry.deemedReceivedAt === null ? null : new Date(entry.deemedReceivedAt).toISOString(),
    registeredAt: new Date(entry.registeredAt).toISOString(),
    receiver: { name: entry.registeredByName ?? subject.receiverName, unit: receivingUnit(subject) },
    clock: { received: subject.arrivedClock, registered: entry.clock },
  };
}

/** What an event in the book makes of a registered letter, as its line reads after the event. */
export function eventFacts(
  subject: NoticeSubject,
  event: SubjectEvent,
  replaces: string | null,
): EvidenceFacts {
  const facts = { ...registeredFacts(subject), type: event.what, letter: letterAfter(subject, event) };
  // The book wants a reason for every event: where the clerk gave none, it holds the event's name.
  // Of what became of a classified letter nobody's words go out.
  const isSaid = subject.closedClient === null && event.reason !== event.what;
  const reason = { code: event.what, words: isSaid ? wordsOf(event.reason) : null };
  switch (event.what) {
    case "corrected":
      return { ...facts, reason, replaces, changes: changesOf(event) };
    case "cancelled":
      return { ...facts, reason, replaces };
    case "handed-over": {
      const at = new Date(event.madeAt).toISOString();
      return { ...facts, handedOver: { at, officer: cut(event.details.officer ?? "") } };
    }
    case "recall-accepted":
    case "recall-refused":
      return { ...facts, reason };
  }
}

/** What is true of every arrival. */
function bareFacts(subject: NoticeSubject): EvidenceFacts {
  const { intakeId, messageId, sha256, sizeBytes, contentsSha256 } = subject;
  return {
    type: "arrived",
    agency: agencyOf(subject),
    letter: null,
    register: null,
    receivedAt: subject.arrivedAt.toISOString(),
    deemedReceivedAt: null,
    registeredAt: null,
    handedOver: null,
    receiver: null,
    clock: { received: subject.arrivedClock, registered: null },
    channel: subject.channel,
    message: {
      intakeId,
      // A name that was cut would be another message's.
      messageId: messageId !== null && messageId.length <= LONGEST_TEXT ? messageId : null,
      sha256,
      sizeBytes,
      contentsSha256,
    },
    reason: null,
    changes: null,
    replaces: null,
  };
}

/** By schemas/evidence.schema.json: what is longer would never be signed, and its sender never told. */
const LONGEST_TEXT = 1000;

function cut(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT - 1).toWellFormed()}…`;
}

/** A person's own words, if there are any. */
function wordsOf(text: string | undefined): string | null {
  return text === undefined || text === "" ? null : cut(text);
}

function entryOf({ entry }: NoticeSubject): SubjectEntry {
  if (!entry) throw new Error("the arrival has no entry in a book");
  return entry;
}

const STATED_AS = {
  letterNumber: "number",
  letterNumberPrinted: "numberPrinted",
  letterDate: "date",
} as const satisfies Record<StatedField, keyof NonNullable<Evidence["letter"]>>;

function letterOf(line: Pick<SubjectEntry, StatedField>): NonNullable<Evidence["letter"]> {
  const { letterNumber, letterNumberPrinted, letterDate } = line;
  return { number: cutOrNull(letterNumber), numberPrinted: cutOrNull(letterNumberPrinted), date: letterDate };
}

function cutOrNull(text: string | null): string | null {
  return text === null ? null : cut(text);
}

function letterAfter(subject: NoticeSubject, event: SubjectEvent): NonNullable<Evidence["letter"]> {
  const line = { ...entryOf(subject) };
  for (const one of subject.events.slice(0, subject.events.findIndex(({ id }) => id === event.id) + 1)) {
    for (const field of Object.keys(STATED_AS) as StatedField[]) {
      const change = one.changes[field];
      if (change !== undefined) line[field] = change.new;
    }
  }
  return letterOf(line);
}

function changesOf({ changes }: SubjectEvent): NonNullable<Evidence["changes"]> {
  const fields = (Object.keys(STATED_AS) as StatedField[]).filter((field) => changes[field] !== undefined);
  return Object.fromEntries(
    fields.map((field) => {
      const { old, new: now } = changes[field] as { old: string | null; new: string | null };
      return [`letter.${STATED_AS[field]}`, { old: cutOrNull(old), new: cutOrNull(now) }];
    }),
  );
}

/** Which row of refusals.ts an outcome's reason is told by; what is neither classified nor infected lies with the sender. */
function refusalReason({ outcomeReason }: NoticeSubject): RefusalReason {
  if (outcomeReason === "infected") return "infected";
  return outcomeReason === "classified" ? "classified-by-mail" : "sender-not-accepted";
}

export function agencyOf({ agencyId, nameThai, nameEnglish, mailbox, domain }: NoticeSubject) {
  return { id: agencyId, nameThai, nameEnglish, mailbox: `${mailbox}@${domain}` };
}

function receivingUnit({ nameThai, unit }: NoticeSubject): string {
  return unit === null ? nameThai : `${nameThai} (${unit})`;
}
