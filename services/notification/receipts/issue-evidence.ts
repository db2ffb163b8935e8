import type { Transaction } from "kysely";
import { EVIDENCE_SCHEMA, type Evidence } from "../../shared/letter/evidence/evidence.ts";
import { newShortCode, showCode } from "../../shared/letter/evidence/short-code.ts";
import { signEvidence } from "../../shared/letter/evidence/sign-evidence.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { together } from "../../shared/runtime/database.ts";
import { newId } from "../../shared/runtime/ids.ts";
import { findReceipt, type IssuedEvidence, type IssuedOf, insertReceipt } from "./receipt-store.ts";
import type { EvidenceIssuer } from "./signing-keys.ts";

export type { IssuedEvidence } from "./receipt-store.ts";
export { type EvidenceIssuer, openIssuer } from "./signing-keys.ts";

/** What a statement says; the rest follows from its being issued. */
export interface EvidenceFacts
  extends Omit<Evidence, "schema" | "evidenceId" | "issuedAt" | "code" | "verifyUrl" | "clock"> {
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
  of: IssuedOf,
  eventId: string | null,
  facts: EvidenceFacts,
  stamp: Stamp,
): Promise<IssuedEvidence> {
  const { intakeId } = facts.message;
  const [found, key] = await together(
    findReceipt(transaction, intakeId, facts.type, eventId),
    issuer.signer(transaction, stamp.at),
  );
  if (found) return found;
  const code = newShortCode();
  const evidence: Evidence = {
    ...facts,
    schema: EVIDENCE_SCHEMA,
    evidenceId: newId(stamp.at.getTime()),
    issuedAt: stamp.at.toISOString(),
    clock: { ...facts.clock, issued: stamp.clock },
    code: showCode(code),
    verifyUrl: issuer.publicUrl === "" ? null : `${issuer.publicUrl}/verify/${code}`,
  };
  const issued = { evidence, jws: await signEvidence(evidence, key) };
  const stands =
    (await insertReceipt(transaction, of, eventId, issued, key.kid, stamp.clock)) ??
    (await findReceipt(transaction, intakeId, facts.type, eventId));
  if (!stands) throw new Error("the receipt was written and cannot be found");
  return stands;
}
