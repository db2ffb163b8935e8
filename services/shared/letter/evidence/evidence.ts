import type { ClockState } from "../stamp.ts";

export const EVIDENCE_SCHEMA = "https://saraban.example.go.th/schemas/evidence.schema.json";

/** What a signed statement to a sender says; receipt.type. */
export const EVIDENCE_TYPES = [
  "arrived",
  "registered",
  "handed-over",
  "refused",
  "rejected",
  "invalid",
  "quarantined",
  "corrected",
  "cancelled",
  "recall-accepted",
  "recall-refused",
] as const;
export type EvidenceType = (typeof EVIDENCE_TYPES)[number];

export interface IssuingAgency {
  readonly id: string;
  readonly nameThai: string;
  readonly nameEnglish: string;
  /** The agency's central address; notices are sent from it. */
  readonly mailbox: string;
}

/** How many events the audit log had, and the root of the tree over them (base64url). */
export interface AuditCheckpoint {
  readonly treeSize: number;
  readonly root: string;
  readonly madeAt: string;
}

/**
 * A statement of the receiving office, signed once and never changed (schemas/evidence.schema.json). With the type
 * "registered" it holds at least the six fields of Annex 6 §1.1: letter number, letter date, register number, time received,
 * receiver's name, receiving unit. Nothing of the letter's subject or contents stands in it, whatever its class.
 */
export interface Evidence {
  readonly schema: typeof EVIDENCE_SCHEMA;
  readonly evidenceId: string;
  readonly type: EvidenceType;
  /** When this statement was made. */
  readonly issuedAt: string;
  readonly agency: IssuingAgency;
  /** Null where it must not be repeated (refused letters), or nobody has read it yet (arrived). */
  readonly letter: {
    /** Null for a letter that bears none; a clerk has registered it. */
    readonly number: string | null;
    readonly numberPrinted: string | null;
    /** The letter's own date, C.E.; null when it could not be read. */
    readonly date: string | null;
  } | null;
  readonly register: {
    readonly book: string;
    readonly number: number;
    readonly year: number;
    readonly yearBuddhist: number;
  } | null;
  /** When the letter entered this system: the time that decides disputes (Annex 6 §2.2.5). */
  readonly receivedAt: string;
  /** The moment at which it counts as received (e-Government Act s. 10); null where no calendar says. */
  readonly deemedReceivedAt: string | null;
  readonly registeredAt: string | null;
  /** Of "handed-over": when, and to whom. */
  readonly handedOver: { readonly at: string; readonly officer: string } | null;
  readonly receiver: { readonly name: string; readonly unit: string } | null;
  readonly clock: {
    readonly received: ClockState;
    readonly registered: ClockState | null;
    readonly issued: ClockState;
  };
  readonly channel: string;
  readonly message: {
    readonly intakeId: string;
    readonly messageId: string | null;
    /** Of the octets as they arrived. */
    readonly sha256: string;
    readonly sizeBytes: number;
    /** Over the letter's own files, or else its text: equal for the same letter in another message. */
    readonly contentsSha256: string | null;
  };
  /** Why, of what was refused, corrected or cancelled; words are a person's own. */
  readonly reason: { readonly code: string; readonly words: string | null } | null;
  /** Of "corrected": field of this document → what the replaced one said and what is right. */
  readonly changes: Readonly<
    Record<string, { readonly old: string | null; readonly new: string | null }>
  > | null;
  /** The evidence id of the statement that this one takes the place of. */
  readonly replaces: string | null;
  /** Short code, as printed: by it anyone finds this statement at the office that made it. */
  readonly code: string;
  /** Where: URL of the code, or null when the office has no public page. */
  readonly verifyUrl: string | null;
  /**
   * The newest checkpoint of the office's audit log: who holds this statement is a witness of it. Left out where there is no
   * such log, and in statements from before there was.
   */
  readonly auditCheckpoint?: AuditCheckpoint;
}
