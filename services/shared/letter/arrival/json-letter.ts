import { checkBase64 } from "../../mime/check-base64.ts";
import { SECRECIES, type Secrecy, URGENCIES, type Urgency } from "../letter.ts";
import { LETTER_KINDS, type LetterKind } from "../register-line.ts";

/** A letter as a program states it (schemas/api/letter.schema.json); null: it does not say so. */
export interface JsonLetter {
  readonly number: string | null;
  /** ISO, C.E. */
  readonly date: string | null;
  readonly subject: string | null;
  readonly urgency: Urgency | null;
  /** Null for a word that no list has: then nobody may take it for ปกติ. */
  readonly secrecy: Secrecy | null;
  readonly letterKind: LetterKind | null;
  readonly from: JsonParty;
  readonly to: JsonParty;
  readonly references: readonly { number: string | null; date: string | null; subject: string | null }[];
  readonly enclosures: readonly string[];
  /** Empty in a form, where each file is a part of its own. */
  readonly files: readonly JsonFile[];
}

export interface JsonParty {
  readonly organisationId: string | null;
  readonly name: string | null;
  readonly person: string | null;
  readonly position: string | null;
}

export interface JsonFile {
  readonly name: string | null;
  readonly mediaType: string;
  readonly role: "main" | "enclosure";
  /** Decoded on demand, so that the octets of one file are held at a time; null where it is no base64. */
  readonly octets: () => Buffer | null;
}

/** A JSON body is held as a whole; larger letters come as a form or as XML. */
export const LARGEST_JSON_BYTES = 8 * 1024 * 1024;
const MOST_FILES = 100;
const MOST_ITEMS = 100;

/**
 * Reads the JSON of a letter. The door has checked it against its schema; here nothing is taken for granted all the same,
 * as it is read again whenever the stored octets are.
 * @returns null for what is no JSON object
 */
export function parseJsonLetter(octets: Buffer): JsonLetter | null {
  let value: unknown;
  try {
    value = JSON.parse(octets.toString("utf8"));
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const letter = value as Record<string, unknown>;
  return {
    number: text(letter["number"], 200),
    date: text(letter["date"], 40),
    subject: text(letter["subject"], 2_000),
    urgency: letter["urgency"] === undefined ? "normal" : oneOf(URGENCIES, letter["urgency"]),
    secrecy: letter["secrecy"] === undefined ? "normal" : oneOf(SECRECIES, letter["secrecy"]),
    letterKind: oneOf(LETTER_KINDS, letter["letterKind"]),
    from: partyOf(letter["from"]),
    to: partyOf(letter["to"]),
    references: objectsIn(letter["references"], MOST_ITEMS).map((each) => ({
      number: text(each["number"], 200),
      date: text(each["date"], 40),
      subject: text(each["subject"], 2_000),
    })),
    enclosures: listOf(letter["enclosures"], MOST_ITEMS).flatMap((each) => text(each, 500) ?? []),
    files: objectsIn(letter["files"], MOST_FILES).map((file) => ({
      name: text(file["name"], 255),
      mediaType: mediaTypeOf(file["mediaType"]),
      role: file["role"] === "main" ? "main" : "enclosure",
      octets: () => decode(file["content"]),
    })),
  };
}

function partyOf(value: unknown): JsonParty {
  const party = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  return {
    organisationId: text(party["organisationId"], 10),
    name: text(party["name"], 500),
    person: text(party["person"], 300),
    position: text(party["position"], 300),
  };
}

function decode(content: unknown): Buffer | null {
  if (typeof content !== "string") return null;
  const octets = Buffer.from(content, "base64");
  const check = checkBase64();
  check.updateDecoded(content, octets);
  return check.intact() ? octets : null;
}

function mediaTypeOf(value: unknown): string {
  const type = text(value, 127)?.toLowerCase() ?? "";
  return /^[\w.+!#$&^-]{1,63}\/[\w.+!#$&^-]{1,63}$/.test(type) ? type : "application/octet-stream";
}

/** One line, well-formed, without NUL, which no database text can hold. */
function text(value: unknown, mostCharacters: number): string | null {
  if (typeof value !== "string") return null;
  const line = value
    .slice(0, mostCharacters * 2)
    .replaceAll("\0", "")
    .replace(/\s+/gu, " ")
    .trim()
    .slice(0, mostCharacters)
    .toWellFormed();
  return line === "" ? null : line;
}

function oneOf<Word extends string>(words: readonly Word[], value: unknown): Word | null {
  return words.find((word) => word === value) ?? null;
}

function listOf(value: unknown, most: number): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, most) : [];
}

function objectsIn(value: unknown, most: number): Record<string, unknown>[] {
  return listOf(value, most).map((each) =>
    typeof each === "object" && each !== null ? (each as Record<string, unknown>) : {},
  );
}
