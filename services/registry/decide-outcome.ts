import type { Channel } from "../shared/letter/register-line.ts";
import { DOUBTED_SENDER } from "../shared/letter/sender-rules.ts";

/** A letter that waits for its outcome: the arrival and what reading found. */
export interface WaitingLetter {
  readonly intakeId: string;
  readonly arrivedAt: Date;
  readonly channel: Channel;
  readonly unit: string | null;
  readonly verdict: "ready" | "triage" | "ignored" | "refused";
  readonly reason: string;
  readonly contentDigest: string | null;
  /** Equal for the same letter in another message (reading.letter_digest); and whether files are attached. */
  readonly letterDigest: string | null;
  readonly hasFiles: boolean;
  /** Marked as classified; a machine's message that is so marked is ignored, not refused. */
  readonly isMarked: boolean;
  readonly senderDomain: string | null;
  readonly number: string | null;
  readonly numberPrinted: string | null;
  readonly letterDate: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly subject: string | null;
  readonly urgency: string;
  readonly kind: string;
  /** อ้างถึง as printed, and the canonical numbers among them. */
  readonly references: readonly string[];
  readonly referenceNumbers: readonly string[];
  readonly enclosures: readonly string[];
}

/** What identifies a letter. */
export type LetterIdentity = Pick<WaitingLetter, "senderDomain" | "number" | "letterDate" | "from"> & {
  /** Null for a letter that a clerk wrote in by hand. */
  readonly intakeId: string | null;
};

/** A letter that stands in the book. */
export type RegisteredLetter = LetterIdentity & Pick<WaitingLetter, "letterDigest">;

/** The first arrival of a message. */
export interface FirstArrival {
  readonly intakeId: string;
  /**
   * Whether the office still holds it: it stands in a book, lies in the tray or was refused. What was rejected, set aside
   * or cancelled is not held.
   */
  readonly isKept: boolean;
  /** What became of it without a clerk, and why; null where a clerk has decided, or it stands in a book. */
  readonly doubt: { readonly outcome: "triage" | "refused"; readonly reason: string } | null;
}

/** What has been here before, as far as it may resemble the waiting letters. */
export interface Earlier {
  /** Content digest → the first arrival with it. */
  readonly byDigest: ReadonlyMap<string, FirstArrival>;
  /** Entries with the number of one of the waiting letters. */
  readonly registered: readonly RegisteredLetter[];
  /** Contents and sender ({@link contentsOf}) → the first entry with the contents of one of the waiting letters. */
  readonly byContents: ReadonlyMap<string, string>;
}

export interface Decided {
  readonly letter: WaitingLetter;
  readonly outcome: "registered" | "duplicate" | "possible-duplicate" | "triage" | "ignored" | "refused";
  readonly reason: string;
  readonly earlierIntakeId: string | null;
}

/**
 * The last word on each letter, in order: the reading's verdict, unless the book shows that the letter has been here
 * before. The same message again (a lost 250, a second relay) changes nothing; the same letter in another message is an
 * officer's decision: with the same contents too its sender is told the number that it has already. The same files from the
 * same sender under another number or date are most likely the same letter corrected, so an officer looks before a second
 * number is given; texts without files are not compared, for many letters have but a covering line. A Message-ID alone
 * decides nothing: anyone can write one. And a copy of a doubted sender never stands in the way of one that is not doubted: or
 * who has got hold of a letter could send it ahead under its sender's name, and the letter would be but a forgery's copy.
 * Where the agency has a clerk register what comes by a channel, every letter goes to the tray.
 */
export function decideOutcomes(
  waiting: readonly WaitingLetter[],
  earlier: Earlier,
  registeredByClerk: (channel: Channel) => boolean,
): Decided[] {
  const digests = new Map(earlier.byDigest);
  const registered = Map.groupBy(earlier.registered, ({ number }) => number);
  const contents = new Map(earlier.byContents);
  return waiting.map((letter) => {
    const repeated = letter.contentDigest === null ? undefined : digests.get(letter.contentDigest);
    const isRepeated = repeated !== undefined && repeated.intakeId !== letter.intakeId;
    if (isRepeated && !isBetter(letter, repeated)) {
      const earlierIntakeId = repeated.intakeId;
      if (repeated.isKept) return { letter, outcome: "duplicate", reason: "same-message", earlierIntakeId };
      // Sent again after it was rejected or its line was cancelled: a person has to look, or it would be lost for good.
      if (letter.verdict === "ready" || letter.verdict === "triage") {
        const doubt = { outcome: "triage", reason: "sent-again" } as const;
        digests.set(letter.contentDigest as string, { intakeId: letter.intakeId, isKept: true, doubt });
        return { letter, ...doubt, earlierIntakeId };
      }
    }
    // What was ignored (a copy with a null sender, say) must not make the letter itself a duplicate.
    if (letter.contentDigest !== null && letter.verdict !== "ignored") {
      const { intakeId, verdict, reason } = letter;
      const doubt = verdict === "ready" ? null : { outcome: verdict, reason };
      digests.set(letter.contentDigest, { intakeId, isKept: true, doubt });
    }
    if (letter.verdict !== "ready") {
      return { letter, outcome: letter.verdict, reason: letter.reason, earlierIntakeId: null };
    }
    const resembled = registered.get(letter.number)?.filter((other) => isSameLetter(letter, other)) ?? [];
    const same = resembled.find((other) => hasSameContents(letter, other));
    if (same) {
      const earlierIntakeId = same.intakeId;
      return { letter, outcome: "possible-duplicate", reason: "same-letter", earlierIntakeId };
    }
    if (resembled[0]) {
      const earlierIntakeId = resembled[0].intakeId;
      return { letter, outcome: "possible-duplicate", reason: "same-number-and-date", earlierIntakeId };
    }
    const key = contentsOf(letter);
    const otherwiseNumbered = key === null ? undefined : contents.get(key);
    if (otherwiseNumbered !== undefined) {
      const earlierIntakeId = otherwiseNumbered;
      return { letter, outcome: "possible-duplicate", reason: "same-content", earlierIntakeId };
    }
    if (registeredByClerk(letter.channel)) {
      return { letter, outcome: "triage", reason: "registered-by-clerk", earlierIntakeId: null };
    }
    registered.set(letter.number, [...(registered.get(letter.number) ?? []), letter]);
    if (key !== null) contents.set(key, letter.intakeId);
    return { letter, outcome: "registered", reason: letter.reason, earlierIntakeId: null };
  });
}

/**
 * Whether a message may be taken where its first copy was not, for its sender (forged then, proved now) or for what may have
 * been an error (a virus). One that was found to be classified stays so: its contents are the same.
 */
function isBetter({ verdict }: WaitingLetter, { doubt }: FirstArrival): boolean {
  if (doubt === null || (verdict !== "ready" && verdict !== "triage")) return false;
  if (doubt.outcome === "refused") return doubt.reason !== "classified";
  return verdict === "ready" && DOUBTED_SENDER.includes(doubt.reason);
}

/**
 * Same letter: same number and date from the same agency, be it by the sender's domain or, for a letter that another
 * agency passed on, by the name of the agency that issued it. A date that is not known may be any date. The date tells
 * the years apart: letter numbers start again each January.
 */
export function isSameLetter(letter: LetterIdentity, other: LetterIdentity): boolean {
  if (letter.number === null || letter.number !== other.number) return false;
  const sameAgency =
    (letter.senderDomain !== null && letter.senderDomain === other.senderDomain) ||
    (letter.from !== null && letter.from === other.from);
  const datesAgree =
    letter.letterDate === null || other.letterDate === null || letter.letterDate === other.letterDate;
  return sameAgency && datesAgree;
}

/** Of a line that a clerk wrote in by hand there are no contents, and no receipt that could be sent again. */
function hasSameContents(letter: WaitingLetter, other: RegisteredLetter): boolean {
  return (
    other.intakeId !== null && letter.letterDigest !== null && letter.letterDigest === other.letterDigest
  );
}

/** Sender and files of a letter as one key; null for a letter without files. */
export function contentsOf({
  verdict,
  letterDigest,
  senderDomain,
  hasFiles,
}: Pick<WaitingLetter, "verdict" | "letterDigest" | "senderDomain" | "hasFiles">): string | null {
  if (verdict !== "ready" || !hasFiles || letterDigest === null || senderDomain === null) return null;
  return `${letterDigest} ${senderDomain}`;
}
