import { sql, type Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";

/** A mail that wants a letter back, and waits for that letter to be registered. */
export interface RecallMail {
  readonly intakeId: string;
  /** Compact JWS, as reading has found it; unproved. */
  readonly evidence: string;
}

/** More at once nobody has; whoever sends many hides none but the oldest. */
const MOST = 200;

/** The newest recalls whose letters stand in no book yet, oldest of them first. */
export async function readWaitingRecalls(
  transaction: Transaction<Tables>,
  agencyId: string,
): Promise<RecallMail[]> {
  const { rows } = await sql<RecallMail>`
    select o.subject_id as "intakeId", r.report ->> 'evidence' as evidence
      from outbox o join reading r on r.intake_id = o.subject_id
     where o.job = 'record-recall' and o.agency_id = ${agencyId} and jsonb_typeof(r.report -> 'evidence') = 'string'
     order by o.id desc limit ${MOST}`.execute(transaction);
  return rows.reverse();
}
