import type { Evidence } from "../shared/letter/evidence/evidence.ts";
import { findJws } from "../shared/letter/evidence/find-jws.ts";
import type { PublicKey } from "../shared/letter/evidence/public-key.ts";
import { readOwnKeys, readPartnerKeys } from "../shared/letter/evidence/public-key-store.ts";
import { readCode } from "../shared/letter/evidence/short-code.ts";
import { verifyEvidence } from "../shared/letter/evidence/verify-evidence.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Kysely } from "../shared/runtime/database.ts";
import { findRecorded, isServed } from "./verify-store.ts";

/**
 * What became of a check.
 * genuine: signed by its office, and, when it is of this office, in its record. unrecorded: signed with a key of this office
 * and not in its record. revoked-key: its key got into wrong hands; only what stands in the record is believed. unknown-key,
 * tampered, not-a-receipt: nothing that it says is proved by anything. not-found: no such code.
 */
export type CheckedReceipt =
  | {
      readonly state: "genuine" | "unrecorded" | "revoked-key";
      readonly evidence: Evidence;
      readonly kid: string;
      /** Domain of the partner whose receipt it is; null for this office's own. */
      readonly holder: string | null;
      /** Whether exactly this statement stands in this office's record; null for a partner's. */
      readonly isRecorded: boolean | null;
      readonly keyRetiredAt: Date | null;
      readonly keyRevokedAt: Date | null;
      /** Evidence id of the newest statement that takes its place. */
      readonly replacedBy: string | null;
    }
  | { readonly state: "unknown-key"; readonly claims: Evidence; readonly kid: string }
  | { readonly state: "tampered"; readonly kid: string }
  | { readonly state: "not-a-receipt" }
  | { readonly state: "not-found" };

/** A receipt's own answers hold it to no agency: who holds it may ask. */
const ANYBODY = { actor: "client:anybody", agencies: [] } as const;

/** Finds a statement of this office by its short code, or by its evidence id, and checks it as if it had been brought. */
export async function checkByCode(database: Kysely<Tables>, given: string): Promise<CheckedReceipt> {
  const wanted = isEvidenceId(given) ? given.toLowerCase() : readCode(given);
  if (wanted === null) return { state: "not-found" };
  return inTransaction(database, ANYBODY, async (transaction) => {
    const recorded = await findRecorded(transaction, wanted);
    if (!recorded) return { state: "not-found" };
    const keys = await readOwnKeys(transaction);
    return judge(recorded.jws, keys, async () => recorded);
  });
}

/**
 * Checks what somebody brings: a JWS, a mail, a JSON document or a PDF of ours that holds one, or a short code or its
 * address as text. The first receipt that is found in it counts.
 */
export async function checkOctets(database: Kysely<Tables>, octets: Uint8Array): Promise<CheckedReceipt> {
  const jws = findJws(octets);
  if (jws === null) {
    const code = codeIn(octets);
    return code === null ? { state: "not-a-receipt" } : checkByCode(database, code);
  }
  return inTransaction(database, ANYBODY, async (transaction) => {
    const claimed = verifyEvidence(jws, []);
    const isOurs =
      claimed.state === "unknown-key" &&
      (await isServed(transaction, domainOf(claimed.claims.agency.mailbox)));
    // An own key goes first, so that no partner can put one of the same name before it. A ministry's key speaks for the
    // offices below its domain, but not for one that is served here.
    const keys = [
      ...(await readOwnKeys(transaction)),
      ...(isOurs ? [] : await readPartnerKeys(transaction, kidOf(jws))),
    ];
    return judge(jws, keys, (evidenceId) => findRecorded(transaction, evidenceId));
  });
}

async function judge(
  jws: string,
  keys: readonly PublicKey[],
  find: (evidenceId: string) => ReturnType<typeof findRecorded>,
): Promise<CheckedReceipt> {
  const verified = verifyEvidence(jws, keys);
  if (verified.state === "not-a-receipt") return { state: "not-a-receipt" };
  if (verified.state !== "genuine" && verified.state !== "revoked-key") return verified;
  const { state, kid, holder } = verified;
  const evidence = state === "genuine" ? verified.evidence : verified.claims;
  const key = keys.find((one) => one.kid === kid && one.holder === holder);
  const own = holder === null ? await find(evidence.evidenceId) : undefined;
  const isRecorded = holder === null ? own?.jws === jws : null;
  return {
    state: state === "genuine" && isRecorded === false ? "unrecorded" : state,
    evidence,
    kid,
    holder,
    isRecorded,
    keyRetiredAt: key?.retiredAt ?? null,
    keyRevokedAt: key?.revokedAt ?? null,
    replacedBy: isRecorded === true ? (own?.replacedBy ?? null) : null,
  };
}

const EVIDENCE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function isEvidenceId(text: string): boolean {
  return EVIDENCE_ID.test(text);
}

/** More is no code, nor an address with one. */
const LONGEST_CODE_TEXT = 700;

/** The code in a text that is one, or the address of one (…/verify/CODE); null when it is something else. */
function codeIn(octets: Uint8Array): string | null {
  if (octets.length > LONGEST_CODE_TEXT) return null;
  const text = Buffer.from(octets).toString("utf8").trim();
  const last = text.slice(text.lastIndexOf("/") + 1).replace(/^verify\?code=/, "");
  return isEvidenceId(last) || readCode(last) !== null ? last : null;
}

function domainOf(mailbox: string): string {
  return mailbox.slice(mailbox.lastIndexOf("@") + 1).toLowerCase();
}

/** The key that a JWS names; it is believed only when that key has signed it. */
function kidOf(jws: string): string {
  try {
    const header: unknown = JSON.parse(Buffer.from(jws.split(".", 1)[0] ?? "", "base64url").toString());
    const { kid } = header as { kid?: unknown };
    return typeof kid === "string" ? kid.slice(0, 200).replaceAll("\0", "") : "";
  } catch {
    return ""; // no key has this name
  }
}
