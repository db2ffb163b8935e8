import { sql, type Transaction } from "kysely";
import type { Evidence, EvidenceType } from "../../shared/letter/evidence/evidence.ts";
import { readCode } from "../../shared/letter/evidence/short-code.ts";
import type { ClockState } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { gathered } from "../../shared/runtime/gather-asks.ts";

/** A statement as it was signed. */
export interface IssuedEvidence {
  readonly evidence: Evidence;
  readonly jws: string;
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
export function insertReceipt(
  transaction: Transaction<Tables>,
  agencyId: string,
  eventId: string | null,
  { evidence, jws }: IssuedEvidence,
  kid: string,
  clock: ClockState,
): Promise<IssuedEvidence | undefined> {
  return insertRow(transaction, {
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
  });
}

/** By the names of the columns. */
type Row = { readonly id: string } & Readonly<Record<string, unknown>>;

const insertRow = gathered(async (transaction: Transaction<Tables>, rows: readonly Row[]) => {
  const columns = sql`id, agency_id, intake_id, type, event_id, facts, jws, kid, code, replaces, made_at, clock`;
  const { rows: inserted } = await sql<IssuedEvidence & { id: string }>`
      insert into receipt (${columns})
        select ${columns} from jsonb_populate_recordset(null::receipt, ${JSON.stringify(rows)}::jsonb)
        on conflict on constraint receipt_once do nothing returning id, facts as evidence, jws`.execute(
    transaction,
  );
  const byId = new Map(inserted.map(({ id, evidence, jws }) => [id, { evidence, jws }]));
  return rows.map(({ id }) => byId.get(id));
});
