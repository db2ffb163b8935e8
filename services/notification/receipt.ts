import type { ClockState } from "../shared/letter/stamp.ts";

export interface IssuingAgency {
  readonly id: string;
  readonly nameThai: string;
  readonly nameEnglish: string;
  /** The agency's central address; notices are sent from it. */
  readonly mailbox: string;
}

/**
 * What an acknowledgement says, fixed when it is promised (schemas/receipt.schema.json). It holds at least the six
 * fields of Annex 6 §1.1: letter number, letter date, register number, time received, receiver's name, receiving unit.
 */
export interface Receipt {
  readonly schema: "https://saraban.example.go.th/schemas/receipt.schema.json";
  readonly evidenceId: string;
  readonly type: "registered";
  readonly agency: IssuingAgency;
  readonly letter: {
    /** Null for a letter that bears none; a clerk has registered it. */
    readonly number: string | null;
    readonly numberPrinted: string | null;
    /** The letter's own date, C.E.; null when it could not be read. */
    readonly date: string | null;
  };
  readonly register: {
    readonly book: string;
    readonly number: number;
    readonly year: number;
    readonly yearBuddhist: number;
  };
  /** When the letter entered this system: the time that decides disputes (Annex 6 §2.2.5). */
  readonly receivedAt: string;
  /** The moment at which it counts as received (e-Government Act s. 10); null where no calendar says. */
  readonly deemedReceivedAt: string | null;
  readonly registeredAt: string;
  readonly receiver: { readonly name: string; readonly unit: string };
  readonly clock: { readonly received: ClockState; readonly registered: ClockState };
  readonly message: {
    readonly intakeId: string;
    readonly messageId: string | null;
    readonly sha256: string;
    readonly sizeBytes: number;
  };
}

/** What a rejection says: a clerk has looked at the letter and does not register it. */
export interface RejectionFacts extends Omit<RefusalFacts, "schema" | "type" | "reason"> {
  readonly schema: "https://saraban.example.go.th/schemas/rejection.schema.json";
  readonly type: "rejected";
  /** In the clerk's own words. */
  readonly reason: string;
}

export type NoticeFacts = Receipt | RefusalFacts | RejectionFacts | AlertFacts;

/** What a refusal says. Nothing of the letter: the letter is refused because it must not be repeated by plain mail. */
export interface RefusalFacts {
  readonly schema: "https://saraban.example.go.th/schemas/refusal.schema.json";
  readonly evidenceId: string;
  readonly type: "refused";
  readonly agency: IssuingAgency;
  readonly reason: "classified-by-mail" | "infected" | "sender-not-accepted";
  readonly receivedAt: string;
  readonly message: { readonly intakeId: string; readonly messageId: string | null; readonly sha256: string };
}

/**
 * What an alert says to a person of the agency: that an arrival was refused, why, and until when its copy is kept. Nothing
 * of the sender and none of his words: it goes out as plain mail.
 */
export interface AlertFacts {
  readonly evidenceId: string;
  readonly type: "alert";
  readonly agency: IssuingAgency;
  readonly reason: RefusalFacts["reason"];
  readonly intakeId: string;
  readonly receivedAt: string;
  /** Null when no copy is kept. */
  readonly keepUntil: string | null;
}
