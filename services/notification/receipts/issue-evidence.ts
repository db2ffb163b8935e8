import type { Transaction } from "kysely";
import { EVIDENCE_SCHEMA, type Evidence } from "../../shared/letter/evidence/evidence.ts";
import { newShortCode, showCode } from "../../shared/letter/evidence/short-code.ts";
import { signEvidence } from "../../shared/letter/evidence/sign-evidence.ts";
import type { EvidenceIssuer } from "../../shared/letter/evidence/signing-keys.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { together } from "../../shared/runtime/database.ts";
import { newId } from "../../shared/runtime/ids.ts";
import { findReceipt, type IssuedEvidence, insertReceipt, type SignedEvidence } from "./receipt-store.ts";

export { type EvidenceIssuer, openIssuer } from "../../shared/letter/evidence/signing-keys.ts";
export type { IssuedEvidence, SignedEvidence } from "./receipt-store.ts";

/** What a statement says; the rest follows from its being issued. */
export interface EvidenceFacts
  extends Omit<
    Evidence,
    "schema" | "evidenceId" | "issuedAt" | "code" | "verifyUrl" | "clock" | "auditCheckpoint"
  > {
  readonly clock: Pick<Evidence["clock"], "received" | "registered">;
}

/**
 * Issues a statement to a sender: signs it and writes it down, in the transaction of the notice that carries it. Once for
 * an arrival, type and event: a second time the one that exists is found, with its facts as they were then, whatever the
 * books say by now.
 * @param eventId the event in the book that it tells of; null for the letter's own arrival, registration or refusal
 * @throws when the facts are none by schemas/evidence.schema.json (a fault of ours), or the key was retired this moment
 *   (the database refuses it): the job is done again, with the next key
 */
export async function issueEvidence(
  transaction: Transaction<Tables>,
  issuer: EvidenceIssuer,
  agencyId: string,
  eventId: string | null,
  facts: EvidenceFacts,
  stamp: Stamp,
): Promise<IssuedEvidence> {
  const { intakeId } = facts.message;
  const find = () => findReceipt(transaction, intakeId, facts.type, eventId);
  const found = await find();
  if (found) return found;
  const signed = await signNew(transaction, issuer, agencyId, eventId, facts, stamp);
  const stands = (await insertReceipt(transaction, signed)) ?? (await find());
  if (!stands) throw new Error("the receipt was written and cannot be found");
  return stands;
}

/** Signs a statement that is still to be written down, by who writes more with it (promise-store.ts). */
export async function signNew(
  transaction: Transaction<Tables>,
  issuer: EvidenceIssuer,
  agencyId: string,
  eventId: string | null,
  facts: EvidenceFacts,
  stamp: Stamp,
): Promise<SignedEvidence> {
  const [key, checkpoint] = await together(
    issuer.signer(transaction, stamp.at),
    issuer.checkpoint(transaction),
  );
  const code = newShortCode();
  const evidence: Evidence = {
    ...facts,
    schema: EVIDENCE_SCHEMA,
    evidenceId: newId(stamp.at.getTime()),
    issuedAt: stamp.at.toISOString(),
    clock: { ...facts.clock, issued: stamp.clock },
    code: showCode(code),
    verifyUrl: issuer.publicUrl === "" ? null : `${issuer.publicUrl}/verify/${code}`,
    ...(checkpoint && { auditCheckpoint: checkpoint }),
  };
  const jws = await signEvidence(evidence, key);
  return { evidence, jws, agencyId, eventId, kid: key.kid, clock: stamp.clock };
}
