import type { RawBuilder } from "kysely";
import type { SpooledBytes } from "../../runtime/store.ts";

/** api: the exchange API (JSON, XML); ecms: the e-CMS protocol, whoever called whom. */
export type Door = "smtp" | "imap" | "api" | "ecms";

/** A mailbox of an agency served here; unit: the part behind MAILBOX_ in saraban_finance@…, null for the agency's own. */
export interface Recipient {
  readonly address: string;
  readonly agencyId: string;
  readonly unit: string | null;
}

/** What the door knows of a message besides its octets. */
export interface Envelope {
  readonly door: Door;
  /** Envelope sender; "" for the null reverse-path (RFC 5321 §4.5.5). */
  readonly mailFrom: string;
  readonly recipients: readonly Recipient[];
  readonly remoteAddress: string;
  readonly helo: string;
  readonly smtpUtf8: boolean;
  readonly tls: boolean;
  /** Of doors for programs: what the octets are (an HTTP Content-Type, with its boundary), and whose they are. */
  readonly program?: ProgramEnvelope;
}

/** A request of a program: its body is the letter's octets. */
export interface ProgramEnvelope {
  readonly mediaType: string;
  /** The client that sent it; null for what was fetched from another e-CMS node. */
  readonly clientId: string | null;
  /** Domain of the agency in whose name it came: of a partner, or of an agency served here. */
  readonly senderDomain: string | null;
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
  alongside?: Alongside,
) => Promise<Accepted>;

/**
 * Further statements of the transaction that takes a letter in, asked for each arrival: the message of a mailbox is
 * remembered, a client's key is used up. One that breaks a key undoes the arrival with it.
 */
export type Alongside = (arrival: TakenIn) => readonly RawBuilder<unknown>[];

export interface TakenIn {
  readonly intakeId: string;
  readonly agencyId: string;
  readonly sha256: string;
}
