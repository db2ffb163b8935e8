import type { LineFacts } from "./act.ts";

/** States of an outbound letter (outbound_letter.state), in their order; withdrawn may follow each but sent. */
export const OUTBOUND_STATES = ["draft", "checked", "approved", "sent", "withdrawn"] as const;
export type OutboundState = (typeof OUTBOUND_STATES)[number];

/** `outbound` of an agency in config/agencies.yaml; what is not said has its default. */
export interface OutboundRules {
  /** Who drafted a letter, or changed it last, does not sign it off. */
  readonly fourEyes?: boolean;
}

export const DEFAULT_OUTBOUND_RULES: Readonly<Required<OutboundRules>> = Object.freeze({ fourEyes: true });

/** How a letter goes to a recipient (outbound_recipient.channel). */
export const RECIPIENT_CHANNELS = ["mail", "ecms"] as const;
export type RecipientChannel = (typeof RECIPIENT_CHANNELS)[number];

/**
 * The scope with which a partner's program fetches the letters that we send to its office: who may hand letters in for an office
 * takes those that are for it. Receipts alone are read by programs that are not to see letters.
 */
export const FETCHING_SCOPE = "submit";

/** To whom a letter goes. */
export interface RecipientFacts {
  /** ถึง, as the letter addresses it; by default the partner's name. */
  readonly name?: string;
  /** Domain of a partner in config/partners.yaml: it goes over the best channel that stands there. */
  readonly partner?: string;
  /** Of a partner: by this way, whatever others there are. */
  readonly channel?: RecipientChannel;
  /** A mail address, for who is no partner. */
  readonly address?: string;
}

/** What an outbound letter says (outbound_letter.facts). */
export interface OutboundFacts extends Omit<LineFacts, "letterNumberPrinted" | "receivedAt"> {
  readonly series: "ordinary" | "circular";
  /** Words of the covering mail; the letter itself is the first file. */
  readonly text?: string;
  readonly recipients: readonly RecipientFacts[];
  /** Ids of uploaded files: the letter itself first, then its enclosures. */
  readonly files: readonly string[];
  /** Mail address of who is told when a recipient does not answer, in the agency's domain; by default contacts.clerk. */
  readonly ownerMail?: string;
  /** The letter that this one takes the place of. */
  readonly replaces?: string;
}

/** What may become of a letter at one recipient, worst news last where two are true at once (recipient_event.what). */
export const RECIPIENT_EVENTS = [
  "delayed",
  "accepted",
  "delivered",
  "displayed",
  "answered",
  "arrived",
  "registered",
  "handed-over",
  "corrected",
  "cancelled",
  "quarantined",
  "invalid",
  "rejected",
  "refused",
  "failed",
  "recall-sent",
  "recall-refused",
  "recall-accepted",
  "warned",
  "escalated",
] as const;
export type RecipientEvent = (typeof RECIPIENT_EVENTS)[number];

/** With any of these the recipient's office has answered: nobody has to be warned any more. */
export const ANSWERS: ReadonlySet<RecipientEvent> = new Set<RecipientEvent>([
  "arrived",
  "registered",
  "handed-over",
  "refused",
  "rejected",
  "invalid",
  "quarantined",
  "recall-accepted",
]);
