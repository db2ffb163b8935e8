import type { Urgency } from "../letter/letter.ts";
import type { LetterKind } from "../letter/register-line.ts";
import { searchableFields } from "./blind-index.ts";
import type { ClosedLevel } from "./key-provider.ts";

export const CLOSED_FACTS_SCHEMA = "https://saraban.example.go.th/schemas/closed-facts.schema.json";

/** What the register says of a classified letter (schemas/closed-facts.schema.json). Stands nowhere but sealed. */
export interface ClosedFacts {
  readonly schema: typeof CLOSED_FACTS_SCHEMA;
  /** As it came. */
  readonly level: ClosedLevel;
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

/** The fields by which a letter is found, for gramsOf and holdsTerms: the same for whoever seals it and whoever searches. */
export function searchedText({
  number,
  numberPrinted,
  subject,
  from,
  to,
  office,
  action,
  remarks,
}: ClosedFacts): string {
  const words = (party: ClosedParty) => [party.name, party.person, party.position];
  return searchableFields([
    ...[number, numberPrinted, subject],
    ...[...words(from), ...words(to), office?.nameThai ?? null],
    ...[action, remarks],
  ]);
}
