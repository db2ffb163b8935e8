import { createPublicKey, verify } from "node:crypto";
import { canonicalForm } from "./canonical-form.ts";
import type { Evidence } from "./evidence.ts";
import { evidenceFault } from "./evidence-shape.ts";
import { LONGEST_JWS } from "./find-jws.ts";
import type { PublicKey } from "./public-key.ts";

export const EVIDENCE_TYP = "saraban-receipt+jws";

/**
 * What a JWS turned out to be.
 * genuine: signed so by the key's holder. revoked-key: the signature holds, but the key is in wrong hands: anyone may have
 * made it. unknown-key: nobody here knows the key, or it is another office's; what it claims is not proved by anything.
 * tampered: the key is known, and has not signed this. not-a-receipt: something else, or a form that we never write.
 */
export type VerifiedEvidence =
  | {
      readonly state: "genuine";
      readonly evidence: Evidence;
      readonly kid: string;
      /** Domain of the partner whose key it is; null for this installation's own, or a key file given by hand. */
      readonly holder: string | null;
    }
  | {
      readonly state: "revoked-key";
      readonly claims: Evidence;
      readonly kid: string;
      readonly holder: string | null;
      readonly revokedAt: Date;
    }
  | { readonly state: "unknown-key"; readonly claims: Evidence; readonly kid: string }
  | { readonly state: "tampered"; readonly kid: string }
  | { readonly state: "not-a-receipt"; readonly why: string };

/**
 * The protected header in its canonical form, no other spelling and no other member: there is no algorithm to choose, no
 * crit to honour and no key to take from the message itself (RFC 8725 §3.1).
 */
const HEADER = /^\{"alg":"EdDSA","kid":"([!#-[\]-~]{1,128})","typ":"saraban-receipt\+jws"\}$/;

/**
 * Checks a receipt: a compact JWS over the canonical form of a document that agrees with schemas/evidence.schema.json.
 * A partner's key speaks for the agencies of the partner's domain alone. Never throws, whatever it is given.
 */
export function verifyEvidence(jws: string, keys: readonly PublicKey[]): VerifiedEvidence {
  const parts = readCompactJws(jws);
  if (typeof parts === "string") return { state: "not-a-receipt", why: parts };
  const { kid, payload, signed, signature } = parts;
  const named = keys.filter((key) => key.kid === kid);
  const signing = named.filter((key) => hasSigned(key, signed, signature));
  if (named.length > 0 && signing.length === 0) return { state: "tampered", kid };
  const claims = readPayload(payload);
  if (typeof claims === "string") return { state: "not-a-receipt", why: claims };
  const speaking = signing.filter(
    ({ holder }) => holder === null || isOfDomain(claims.agency.mailbox, holder),
  );
  const [key] = speaking;
  if (!key) return { state: "unknown-key", claims, kid };
  const revokedAt = speaking.find((one) => one.revokedAt !== null)?.revokedAt ?? null;
  return revokedAt === null
    ? { state: "genuine", evidence: claims, kid, holder: key.holder }
    : { state: "revoked-key", claims, kid, holder: key.holder, revokedAt };
}

/** Why a text is no JWS in our form, in English; else its parts. */
function readCompactJws(
  jws: string,
): string | { kid: string; payload: Buffer; signed: string; signature: Buffer } {
  if (jws.length > LONGEST_JWS) return "it is too long";
  const [header = "", payload = "", signature = "", ...more] = jws.split(".", 4);
  if (more.length > 0) return "it is no compact JWS";
  const octets = [header, payload, signature].map(fromBase64url);
  const [headerOctets, payloadOctets, signatureOctets] = octets;
  if (!headerOctets || !payloadOctets || !signatureOctets) return "it is no compact JWS";
  const kid = HEADER.exec(headerOctets.toString("latin1"))?.[1];
  if (kid === undefined) return "its protected header is not that of a receipt";
  return { kid, payload: payloadOctets, signed: `${header}.${payload}`, signature: signatureOctets };
}

/** Undefined for what is not the one spelling of its octets: bits that are left over must not make a second receipt. */
function fromBase64url(text: string): Buffer | undefined {
  const octets = Buffer.from(text, "base64url");
  return text !== "" && octets.toString("base64url") === text ? octets : undefined;
}

/** Why octets are no statement in canonical form, in English; else the statement. */
function readPayload(octets: Buffer): string | Evidence {
  const document = parsed(octets);
  if (document === undefined) return "it holds no JSON";
  const fault = evidenceFault(document.value);
  if (fault !== null) return `it does not agree with the schema: ${fault}`;
  return document.isCanonical ? (document.value as Evidence) : "it is not in canonical form";
}

/** Undefined for what is no JSON in UTF-8, cannot be written as such (lone surrogates), or holds NUL, which no table takes. */
function parsed(octets: Buffer): { readonly value: unknown; readonly isCanonical: boolean } | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(octets);
    const value: unknown = JSON.parse(text, withoutNul);
    return { value, isCanonical: canonicalForm(value) === text };
  } catch {
    return undefined;
  }
}

function withoutNul(_name: string, value: unknown): unknown {
  if (typeof value === "string" && value.includes("\0")) throw new Error("NUL");
  return value;
}

/** jose answers by promises alone; this is all that it would do for the one algorithm that there is. */
function hasSigned({ jwk: { kty, crv, x } }: PublicKey, signed: string, signature: Buffer): boolean {
  try {
    return verify(
      null,
      Buffer.from(signed),
      createPublicKey({ key: { kty, crv, x }, format: "jwk" }),
      signature,
    );
  } catch {
    return false; // 32 octets that are no point of the curve
  }
}

function isOfDomain(mailbox: string, domain: string): boolean {
  const own = mailbox.slice(mailbox.lastIndexOf("@") + 1).toLowerCase();
  const above = domain.toLowerCase();
  return own === above || own.endsWith(`.${above}`);
}
