import { CompactSign, compactVerify, decodeProtectedHeader, errors, importJWK } from "jose";
import { dayOfIsoDate } from "../bangkok-day.ts";
import { canonicalForm } from "./canonical-form.ts";
import type { PublicKey } from "./public-key.ts";
import type { SigningKey } from "./sign-evidence.ts";

export const RECALL_SCHEMA = "https://saraban.example.go.th/schemas/recall.schema.json";

/** `typ` of the JWS (RFC 7515 §4.1.9): a recall is never taken for a receipt, nor a receipt for a recall. */
export const RECALL_TYPE = "saraban-recall+jws";

/**
 * An office wants a letter back that it has sent (schemas/recall.schema.json). Carried by the mail that asks for it as a
 * compact JWS, signed with the key that signs the office's receipts. It names the letter, and says nothing of its subject.
 */
export interface Recall {
  readonly schema: typeof RECALL_SCHEMA;
  /** Of the act: the same recall that comes twice is one. */
  readonly recallId: string;
  readonly issuedAt: string;
  /** The office that asks: of the letter, and of the key. */
  readonly agency: { readonly domain: string; readonly nameThai: string; readonly nameEnglish: string };
  readonly letter: {
    /** ที่, canonical. */
    readonly number: string;
    /** ISO date, C.E.; null when the letter bears none. */
    readonly date: string | null;
    /** Of the mails that brought it, with angle brackets. */
    readonly messageIds: readonly string[];
  };
  /** Of the receipt that the recipient has sent for it; null while none is known. */
  readonly evidenceId: string | null;
  readonly reason: string;
  /** Number of the letter that takes its place, canonical; null when there is none. */
  readonly replacedBy: string | null;
}

export type VerifiedRecall =
  | { readonly state: "genuine"; readonly recall: Recall; readonly kid: string }
  /** Says what it says, but nobody has proved it: no key of this name, or the signature is not that of this text. */
  | { readonly state: "unproved"; readonly recall: Recall; readonly because: "unknown-key" | "tampered" }
  | { readonly state: "not-a-recall" };

const LONGEST_JWS = 64 * 1024;
/** How many mails a recall may name. */
export const MOST_MESSAGE_IDS = 100;

/** @throws when the recall is none by its form: what we sign, everyone must be able to read as ours */
export async function signRecall(recall: Recall, { kid, privateKey }: SigningKey): Promise<string> {
  if (!isRecall(recall)) throw new Error("this is no recall to sign");
  // The header begins as that of a receipt does, so that findJws finds both.
  return new CompactSign(Buffer.from(canonicalForm(recall)))
    .setProtectedHeader({ alg: "EdDSA", kid, typ: RECALL_TYPE })
    .sign(privateKey);
}

/** What a compact JWS asks for, unproved; null when it is no recall. Never throws, whatever it is given. */
export function readRecall(jws: string): Recall | null {
  if (jws.length > LONGEST_JWS) return null;
  try {
    if (decodeProtectedHeader(jws).typ !== RECALL_TYPE) return null;
    const payload = Buffer.from(jws.split(".")[1] ?? "", "base64url");
    const content: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
    return isRecall(content) ? content : null;
  } catch {
    return null;
  }
}

/**
 * Whether an office has asked for it. Never throws, whatever it is given.
 * @param keys those of the domain that the recall names; no other office's key proves it
 */
export async function verifyRecall(
  jws: string,
  keys: readonly Pick<PublicKey, "kid" | "jwk">[],
): Promise<VerifiedRecall> {
  const recall = readRecall(jws);
  if (recall === null) return { state: "not-a-recall" };
  const named = decodeProtectedHeader(jws).kid;
  const key = keys.find(({ kid }) => kid === named);
  if (!key) return { state: "unproved", recall, because: "unknown-key" };
  try {
    await compactVerify(jws, await importJWK(key.jwk, "EdDSA"), { algorithms: ["EdDSA"] });
    return { state: "genuine", recall, kid: key.kid };
  } catch (error) {
    if (error instanceof errors.JOSEError) return { state: "unproved", recall, because: "tampered" };
    // A key that a partner has published wrongly is no key.
    return { state: "unproved", recall, because: "unknown-key" };
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function isRecall(content: unknown): content is Recall {
  if (!isObject(content) || content["schema"] !== RECALL_SCHEMA) return false;
  const { recallId, issuedAt, agency, letter, evidenceId, reason, replacedBy } = content;
  if (!isObject(agency) || !isObject(letter) || !Array.isArray(letter["messageIds"])) return false;
  return (
    matches(recallId, UUID) &&
    isText(issuedAt, 40) &&
    !Number.isNaN(Date.parse(issuedAt)) &&
    isText(agency["domain"], 253) &&
    isText(agency["nameThai"], 300) &&
    isText(agency["nameEnglish"], 300) &&
    isText(letter["number"], 100) &&
    (letter["date"] === null || isDate(letter["date"])) &&
    letter["messageIds"].length <= MOST_MESSAGE_IDS &&
    letter["messageIds"].every((id) => isText(id, 998)) &&
    (evidenceId === null || matches(evidenceId, UUID)) &&
    isText(reason, 1000) &&
    (replacedBy === null || isText(replacedBy, 100))
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown, longest: number): value is string {
  // NUL and lone surrogates can be said in JSON, and not be written into the database.
  return (
    typeof value === "string" && value.length <= longest && !value.includes("\0") && value.isWellFormed()
  );
}

function isDate(value: unknown): boolean {
  return typeof value === "string" && dayOfIsoDate(value) !== null;
}

function matches(value: unknown, form: RegExp): value is string {
  return typeof value === "string" && form.test(value);
}
