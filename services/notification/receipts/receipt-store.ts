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

/** A statement that is signed and has to be written down before it is anything. */
export interface SignedEvidence extends IssuedEvidence {
  readonly agencyId: string;
  readonly eventId: string | null;
  /** Of the key that signed it. */
  readonly kid: string;
  readonly clock: ClockState;
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

export const RECEIPT_COLUMNS = sql`id, agency_id, intake_id, type, event_id, facts, jws, kid, code, replaces, made_at, clock`;

/** A row of the table, by the names of its columns. */
export function receiptRow({ evidence, jws, agencyId, eventId, kid, clock }: SignedEvidence) {
  return {
    id: evidence.evidenceId,
    agency_id: agencyId,
    intake_id: evidence.message.intakeId,
    type: evidence.type,
    event_id: eventId,
    facts: evidence,
    jws,
    kid,
    code: readCode(evidence.code) ?? "",
    replaces: evidence.replaces,
    made_at: evidence.issuedAt,
    clock,
  };
}

/**
 * Writes a statement, unless another worker has made it a moment before.
 * @returns it as it stands in the table, its fields in the order in which each later try will read them, so that all tries
 *   write the same octets; undefined when the other worker's stands there
 */
export async function insertReceipt(
  transaction: Transaction<Tables>,
  signed: SignedEvidence,
): Promise<IssuedEvidence | undefined> {
  const { rows } = await sql<IssuedEvidence>`
    insert into receipt (${RECEIPT_COLUMNS})
      select ${RECEIPT_COLUMNS} from jsonb_populate_record(null::receipt, ${JSON.stringify(receiptRow(signed))}::jsonb)
      on conflict on constraint receipt_once do nothing returning facts as evidence, jws`.execute(
    transaction,
  );
  return rows[0];
}
