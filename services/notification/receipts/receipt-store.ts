import { sql, type Transaction } from "kysely";
import type { Evidence, EvidenceType } from "../../shared/letter/evidence/evidence.ts";
import { readCode } from "../../shared/letter/evidence/short-code.ts";
import type { ClockState } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";

/** A statement as it was signed. */
export interface IssuedEvidence {
  readonly evidence: Evidence;
  readonly jws: string;
}

/** Whose statement it is, and to whom it is closed. */
export interface IssuedOf {
  readonly agencyId: string;
  /** Of a classified arrival: the program that handed it in, which alone sees the receipt; null for all others. */
  readonly closedClient: string | null;
}

/** The statement that was made of an arrival, or of an event in its line; undefined before. */
export async function findReceipt(
  transaction: Transaction<Tables>,
  intakeId: string,
  type: EvidenceType,
  eventId: string | null,
): Promise<IssuedEvidence | undefined> {
  const { rows } = await sql<IssuedEvidence>`
    select facts as evidence, jws from receipt
     where intake_id = ${intakeId} and type = ${type} and event_id is not distinct from ${eventId}`.execute(
    transaction,
  );
  return rows[0];
}

/**
 * Writes a statement, unless another worker has made it a moment before.
 * @param kid of the key that signed it
 * @returns it as it stands in the table, its fields in the order in which each later try will read them, so that all tries
 *   write the same octets; undefined when the other worker's stands there
 */
export async function insertReceipt(
  transaction: Transaction<Tables>,
  { agencyId, closedClient }: IssuedOf,
  eventId: string | null,
  { evidence, jws }: IssuedEvidence,
  kid: string,
  clock: ClockState,
): Promise<IssuedEvidence | undefined> {
  const row = await transaction
    .insertInto("receipt")
    .values({
      id: evidence.evidenceId,
      agency_id: agencyId,
      closed_client: closedClient,
      intake_id: evidence.message.intakeId,
      type: evidence.type,
      event_id: eventId,
      facts: JSON.stringify(evidence),
      jws,
      kid,
      code: readCode(evidence.code) ?? "",
      replaces: evidence.replaces,
      made_at: new Date(evidence.issuedAt),
      clock: JSON.stringify(clock),
    })
    .onConflict((conflict) => conflict.constraint("receipt_once").doNothing())
    .returning(["facts", "jws"])
    .executeTakeFirst();
  return row && { evidence: row.facts as unknown as Evidence, jws: row.jws };
}
