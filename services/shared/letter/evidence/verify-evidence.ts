import { hasSigned, readCompactJws, readPayloadJson } from "./compact-jws.ts";
import type { Evidence } from "./evidence.ts";
import { evidenceFault } from "./evidence-shape.ts";
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
 * Checks a receipt: a compact JWS over the canonical form of a document that agrees with schemas/evidence.schema.json.
 * A partner's key speaks for the agencies of the partner's domain alone. Never throws, whatever it is given.
 */
export function verifyEvidence(jws: string, keys: readonly PublicKey[]): VerifiedEvidence {
  const parts = readCompactJws(jws, EVIDENCE_TYP);
  if (typeof parts === "string") return { state: "not-a-receipt", why: parts };
  const { kid, payload } = parts;
  const named = keys.filter((key) => key.kid === kid);
  const signing = named.filter((key) => hasSigned(key, parts));
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

/** Why octets are no statement in canonical form, in English; else the statement. */
function readPayload(octets: Buffer): string | Evidence {
  const document = readPayloadJson(octets);
  if (document === undefined) return "it holds no JSON";
  const fault = evidenceFault(document.value);
  if (fault !== null) return `it does not agree with the schema: ${fault}`;
  return document.isCanonical ? (document.value as Evidence) : "it is not in canonical form";
}

/** Whether a mailbox is of a domain, or of one below it. */
function isOfDomain(mailbox: string, domain: string): boolean {
  const own = mailbox.slice(mailbox.lastIndexOf("@") + 1).toLowerCase();
  const above = domain.toLowerCase();
  return own === above || own.endsWith(`.${above}`);
}
