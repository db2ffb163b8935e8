import type { SpooledBytes } from "../shared/runtime/store.ts";

/** A mailbox of an agency served here; unit: the part behind MAILBOX_ in saraban_finance@…, null for the agency's own. */
export interface Recipient {
  readonly address: string;
  readonly agencyId: string;
  readonly unit: string | null;
}

/** What the door knows of a message besides its octets. */
export interface Envelope {
  readonly door: "smtp" | "imap";
  /** Envelope sender; "" for the null reverse-path (RFC 5321 §4.5.5). */
  readonly mailFrom: string;
  readonly recipients: readonly Recipient[];
  readonly remoteAddress: string;
  readonly helo: string;
  readonly smtpUtf8: boolean;
  readonly tls: boolean;
}

/** A message of a mailbox on another server: remembered in the transaction that takes it in. */
export interface PulledMessage {
  readonly mailboxId: string;
  /** The agency whose mailbox it is. */
  readonly agencyId: string;
  /** Which count of UIDs the UID belongs to: a new one begins with each new UIDVALIDITY. */
  readonly numbering: number;
  readonly uidValidity: number;
  readonly uid: number;
  /** When the other server says that it got the message (INTERNALDATE); null when it does not say. */
  readonly deliveredAt: Date | null;
}

export interface Accepted {
  /** One for each agency among the recipients. */
  readonly intakeIds: readonly string[];
}

/**
 * The narrow place that every door leads to. Resolves only when the octets and the intake rows are durable; from then on
 * the letter is ours (RFC 5321 §4.2.5). A rejection means that nothing is promised and the sender must try again.
 */
export type AcceptLetter = (
  envelope: Envelope,
  spooled: SpooledBytes,
  pulled?: PulledMessage,
) => Promise<Accepted>;
