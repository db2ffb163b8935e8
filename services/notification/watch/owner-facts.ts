import { createHash } from "node:crypto";
import type { NoticeFacts } from "../notice-store.ts";

/** What the owner of a letter is told of. */
export type OwnerNews = "failed" | "warned" | "escalated";

/** One recipient in a notice to the owner. */
export interface OwnerRecipient {
  /** recipient_event.id: by it is known what has been told. */
  readonly eventId: number;
  readonly recipientId: string;
  readonly name: string;
  readonly address: string;
  /** When it was found out. */
  readonly at: string;
  /** failed: why, as a code of this system, and in the other server's words; null where there are none. */
  readonly reason: { readonly code: string | null; readonly words: string | null } | null;
  /** Otherwise: the best that is known of the letter there; null when not even a server has taken it. */
  readonly known: "delayed" | "accepted" | "delivered" | "displayed" | "answered" | null;
}

/** What a notice to the owner says, fixed when it is promised. */
export interface OwnerFacts extends NoticeFacts {
  readonly type: "owner";
  readonly what: OwnerNews;
  readonly letter: {
    readonly id: string;
    /** ที่, as the letter bears it. */
    readonly number: string | null;
    readonly date: string | null;
    /** Null where the book is not an open one: nothing of a classified letter goes out as plain mail. */
    readonly subject: string | null;
    /** In the outbound book, such as 12/2569. */
    readonly registerNumber: string | null;
    readonly sentAt: string;
  };
  /** warned: hours by the clock, escalated: working hours; null of failed. */
  readonly hours: number | null;
  /** Years (B.E.) whose holidays are not known, so that their hours were counted by the clock. */
  readonly missingYears: readonly number[];
  readonly recipients: readonly OwnerRecipient[];
}

/**
 * notice.event_id of a notice to the owner: a UUID of version 8 (RFC 9562 §5.8) made of SHA-256 over the news and the
 * number of the first recipient_event that it tells of. Promised a second time, by this process or another, it is the
 * same, and the table takes it once.
 */
export function ownerEventId(what: OwnerNews, firstEventId: number): string {
  const octets = createHash("sha256").update(`owner ${what} ${firstEventId}`).digest().subarray(0, 16);
  octets[6] = ((octets[6] as number) & 0x0f) | 0x80;
  octets[8] = ((octets[8] as number) & 0x3f) | 0x80;
  return octets.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
