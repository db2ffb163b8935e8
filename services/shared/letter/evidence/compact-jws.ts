import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { canonicalForm } from "./canonical-form.ts";
import { LONGEST_JWS } from "./find-jws.ts";
import type { PublicKey } from "./public-key.ts";

/** The parts of a compact JWS in our form; nothing of it is proved yet. */
export interface CompactJws {
  readonly kid: string;
  readonly payload: Buffer;
  readonly signed: string;
  readonly signature: Buffer;
}

/**
 * A compact JWS (RFC 7515 §3.1) over a document's canonical form. By hand: jose answers by promises alone, which go through the
 * pool of threads and take ten times as long.
 */
export function signCompact(
  typ: string,
  document: unknown,
  { kid, privateKey }: { readonly kid: string; readonly privateKey: KeyObject },
): string {
  const header = canonicalForm({ alg: "EdDSA", kid, typ });
  const signed = [header, canonicalForm(document)]
    .map((part) => Buffer.from(part).toString("base64url"))
    .join(".");
  return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString("base64url")}`;
}

/**
 * The protected header in its canonical form, no other spelling and no other member: there is no algorithm to choose, no
 * crit to honour and no key to take from the message itself (RFC 8725 §3.1).
 */
const HEADER = /^\{"alg":"EdDSA","kid":"([!#-[\]-~]{1,128})","typ":"([a-z]+(?:-[a-z]+)*\+jws)"\}$/;

/** Why a text is no JWS of this type in our form, in English; else its parts. */
export function readCompactJws(jws: string, typ: string): string | CompactJws {
  if (jws.length > LONGEST_JWS) return "it is too long";
  const [header = "", payload = "", signature = "", ...more] = jws.split(".", 4);
  if (more.length > 0) return "it is no compact JWS";
  const octets = [header, payload, signature].map(fromBase64url);
  const [headerOctets, payloadOctets, signatureOctets] = octets;
  if (!headerOctets || !payloadOctets || !signatureOctets) return "it is no compact JWS";
  const [, kid, stated] = HEADER.exec(headerOctets.toString("latin1")) ?? [];
  if (kid === undefined || stated !== typ) return `its protected header is not that of ${typ}`;
  return { kid, payload: payloadOctets, signed: `${header}.${payload}`, signature: signatureOctets };
}

/** Undefined for what is not the one spelling of its octets: bits that are left over must not make a second document. */
export function fromBase64url(text: string): Buffer | undefined {
  const octets = Buffer.from(text, "base64url");
  return text !== "" && octets.toString("base64url") === text ? octets : undefined;
}

/** A payload's JSON, and whether it is spelt as we spell it. */
export interface PayloadJson {
  readonly value: unknown;
  readonly isCanonical: boolean;
}

/** Undefined for what is no JSON in UTF-8, cannot be written as such (lone surrogates), or holds NUL, which no table takes. */
export function readPayloadJson(octets: Buffer): PayloadJson | undefined {
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
export function hasSigned(
  { jwk: { kty, crv, x } }: Pick<PublicKey, "jwk">,
  { signed, signature }: CompactJws,
): boolean {
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
