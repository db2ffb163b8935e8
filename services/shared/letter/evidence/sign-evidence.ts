import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { calculateJwkThumbprint } from "jose";
import { signCompact } from "./compact-jws.ts";
import type { Evidence } from "./evidence.ts";
import { evidenceFault } from "./evidence-shape.ts";
import { type PublicJwk, readJwk } from "./public-key.ts";
import { EVIDENCE_TYP } from "./verify-evidence.ts";

/** The private half of a key, and the name under which everyone finds the public one. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

/**
 * Signs a statement: a compact JWS (RFC 7515 §3.1) over its canonical form.
 * @throws when the statement is none by its schema: what we sign, everyone must be able to read as ours
 */
export async function signEvidence(evidence: Evidence, key: SigningKey): Promise<string> {
  const fault = evidenceFault(evidence);
  if (fault !== null) throw new Error(`this is no statement to sign: ${fault}`);
  return signCompact(EVIDENCE_TYP, evidence, key);
}

/** A new key; its kid is its thumbprint (RFC 7638), so that two keys never share one. */
export async function newSigningKey(): Promise<SigningKey> {
  const { privateKey } = generateKeyPairSync("ed25519");
  return { kid: await thumbprint(publicHalf(privateKey)), privateKey };
}

/** @returns base64url of 32 octets (RFC 7638 §3) */
export function thumbprint(jwk: PublicJwk): Promise<string> {
  return calculateJwkThumbprint({ kty: jwk.kty, crv: jwk.crv, x: jwk.x });
}

export function publicHalf(privateKey: KeyObject): PublicJwk {
  const jwk = readJwk(privateKey.export({ format: "jwk" }));
  if (jwk === null) throw new Error("this is no Ed25519 key");
  return jwk;
}
