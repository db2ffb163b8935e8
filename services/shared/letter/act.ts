import type { Secrecy, Urgency } from "./letter.ts";
import { findLetterNumbers, normaliseLetterNumber } from "./letter-number.ts";
import type { OutboundFacts } from "./outbound.ts";
import type { LetterKind } from "./register-line.ts";
import { normaliseThai } from "./thai-text.ts";

/** Acts on an outbound letter. */
export const OUTBOUND_ACTS = [
  "draft",
  "check",
  "return",
  "approve",
  "send",
  "resend",
  "recall",
  "withdraw",
  "note-answer",
] as const;

/** What clerks and programs can do (schemas/act.schema.json). */
export const ACTS = [
  "register",
  "reject",
  "not-a-letter",
  "merge",
  "enter",
  "reserve",
  "fill",
  "correct",
  "cancel",
  "invalid",
  "hand-over",
  "answer-recall",
  ...OUTBOUND_ACTS,
] as const;
/** pass-on: a letter that the agency's own system has numbered goes out as it is; the e-CMS door alone asks for it. */
export type ActName = (typeof ACTS)[number] | "pass-on";

/** Fields of a line that a clerk may write. One that is left out stays as it is; null empties it. */
export interface LineFacts {
  /** ที่ as printed in the letter; its canonical form follows from it. For an outbound letter the registry makes it. */
  readonly letterNumberPrinted?: string | null;
  readonly letterDate?: string | null;
  readonly from?: string | null;
  readonly to?: string | null;
  readonly subject?: string | null;
  readonly action?: string | null;
  readonly remarks?: string | null;
  readonly urgency?: Urgency;
  readonly kind?: LetterKind;
  readonly references?: readonly string[];
  readonly enclosures?: readonly string[];
  /** When a letter on paper came in (an instant, ISO 8601 with offset); only for one that is entered into an inbound book. */
  readonly receivedAt?: string;
}

/** The same with what follows from it. */
export interface NormalisedFacts extends LineFacts {
  /** Only in the classified books; no door of this system offers it before people are appointed for them. */
  readonly secrecy?: Secrecy;
  readonly letterNumber?: string | null;
  readonly referenceNumbers?: readonly string[];
}

/** What an act says besides the columns of a line. Each field belongs to the acts named with it. */
export interface ActDetails {
  /** draft: the whole letter as it is to be now. pass-on: what it says; its number stands in the facts. */
  readonly letter?: OutboundFacts;
  /** check, return, approve, send, and if wanted draft: the version that the person has seen; another one is refused. */
  readonly version?: number;
  /** approve: sends it in the same moment. */
  readonly send?: boolean;
  /** recall: the letter that takes its place, when there is one. */
  readonly replacedBy?: string;
  /** resend, note-answer: which recipient. */
  readonly recipientId?: string;
  /** note-answer: what the clerk was told, by telephone or plain mail. */
  readonly answer?: {
    readonly what: "arrived" | "registered" | "refused";
    readonly receiveNumber?: string;
    /** An instant, ISO 8601 with offset. */
    readonly at?: string;
  };
  /** hand-over: the responsible officer who has opened the letter. */
  readonly officer?: string;
  /** answer-recall: whether the letter is given back. */
  readonly accept?: boolean;
}

/** An act as it stands in the database: the facts in one spelling. */
export interface Act {
  readonly id: string;
  readonly agencyId: string;
  readonly act: ActName;
  readonly intakeId: string | null;
  readonly earlierIntakeId: string | null;
  readonly bookId: string | null;
  readonly year: number | null;
  readonly number: number | null;
  /** The outbound letter; null for what concerns a line or an arrival. */
  readonly letterId: string | null;
  readonly facts: NormalisedFacts;
  readonly details: ActDetails;
  readonly reason: string;
  readonly madeBy: string;
  readonly madeByName: string;
}

/** One spelling for every text, the numbers' canonical forms beside the printed ones. Idempotent. */
export function normaliseFacts({ receivedAt, ...facts }: LineFacts): NormalisedFacts {
  const normalised: Record<string, unknown> = receivedAt === undefined ? {} : { receivedAt };
  for (const [field, value] of Object.entries(facts)) {
    if (typeof value === "string") normalised[field] = oneLine(value) || null;
    else if (Array.isArray(value)) normalised[field] = value.map(oneLine).filter((text) => text !== "");
    else normalised[field] = value;
  }
  const printed = normalised["letterNumberPrinted"] as string | null | undefined;
  if (printed !== undefined) {
    normalised["letterNumber"] = printed === null ? null : (normaliseLetterNumber(printed) ?? printed);
  }
  if (facts.references !== undefined) {
    normalised["referenceNumbers"] = numbersIn(normalised["references"] as string[]);
  }
  return normalised as NormalisedFacts;
}

/** The canonical letter numbers that printed references name, each once. */
export function numbersIn(references: readonly string[]): string[] {
  return [
    ...new Set(references.flatMap((text) => findLetterNumbers(text).map(({ canonical }) => canonical))),
  ];
}

/** One spelling, without line ends. */
export function oneLine(text: string): string {
  return normaliseThai(text).replace(/\s+/gu, " ").trim();
}
