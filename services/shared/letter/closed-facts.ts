import type { Urgency } from "./letter.ts";
import { normaliseLetterNumber } from "./letter-number.ts";
import type { LetterKind } from "./register-line.ts";

export const CLOSED_FACTS_SCHEMA = "https://saraban.example.go.th/schemas/closed-facts.schema.json";

/** What the register says of a classified letter (schemas/closed-facts.schema.json). Stands nowhere but sealed. */
export interface ClosedFacts {
  readonly schema: typeof CLOSED_FACTS_SCHEMA;
  /** As it came. */
  readonly level: "confidential" | "secret";
  readonly number: string | null;
  readonly numberPrinted: string | null;
  /** ISO, C.E. */
  readonly date: string | null;
  readonly from: ClosedParty;
  readonly to: ClosedParty;
  /** The other side as the directory has it. */
  readonly office: {
    readonly domain: string;
    readonly nameThai: string;
    readonly organisationId: string | null;
  } | null;
  readonly subject: string | null;
  readonly urgency: Urgency;
  readonly letterKind: LetterKind;
  readonly references: readonly {
    readonly number: string | null;
    readonly date: string | null;
    readonly subject: string | null;
  }[];
  readonly enclosures: readonly string[];
  readonly text: string | null;
  readonly action: string | null;
  readonly remarks: string | null;
  readonly files: readonly ClosedFile[];
  /** Null for a letter that was written in by hand. */
  readonly handedIn: HandedIn | null;
}

export interface ClosedParty {
  readonly name: string | null;
  readonly organisationId: string | null;
  readonly domain: string | null;
  readonly person: string | null;
  readonly position: string | null;
}

export interface ClosedFile {
  readonly role: "main" | "enclosure";
  readonly name: string | null;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** closed_body.part that it is, or is in. */
  readonly part: number;
  /** Where in that part, as openArrivedFile wants it; null: it is the part. */
  readonly place: string | null;
}

export interface HandedIn {
  readonly form: "json" | "xml" | "multipart" | "soap";
  /** Content-Type as it came, with its boundary. */
  readonly mediaType: string;
  /** Of the octets as they came. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

export const NO_PARTY: ClosedParty = Object.freeze({
  name: null,
  organisationId: null,
  domain: null,
  person: null,
  position: null,
});

/** What a letter says, by whatever form it came; its class, its office and how it was handed in are the door's to add. */
export type LetterFacts = Omit<ClosedFacts, "schema" | "level" | "office" | "handedIn">;

/** All that is sealed. @param office the sender's, as the directory has it */
export function closedFacts(
  facts: LetterFacts,
  level: ClosedFacts["level"],
  office: ClosedFacts["office"],
  handedIn: NonNullable<ClosedFacts["handedIn"]>,
): ClosedFacts {
  return { schema: CLOSED_FACTS_SCHEMA, level, ...facts, office, handedIn };
}

/** ที่ as its sender wrote it, and the same in canonical form. */
export function numberOf(printed: string | null): Pick<LetterFacts, "number" | "numberPrinted"> {
  return { number: printed === null ? null : normaliseLetterNumber(printed), numberPrinted: printed };
}
