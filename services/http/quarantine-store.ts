import { sql, type Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";

/** An arrival that was refused, and until when its octets are kept, which nobody opens. */
export interface QuarantineRow {
  readonly intakeId: string;
  readonly agencyId: string;
  readonly arrivedAt: Date;
  readonly reason: string;
  readonly since: Date;
  readonly keepUntil: Date;
  readonly removedAt: Date | null;
}

/**
 * What an agency has refused, the newest first; those marked as classified are not among them, for the table's policy
 * shows them to no clerk. @param after the arrival after which the page begins; null for the first page
 */
export async function readQuarantine(
  transaction: Transaction<Tables>,
  agencyId: string,
  after: string | null,
  limit: number,
): Promise<QuarantineRow[]> {
  const { rows } = await sql<QuarantineRow>`
    select q.intake_id as "intakeId", q.agency_id as "agencyId", i.arrived_at as "arrivedAt", q.reason, q.since,
           q.keep_until as "keepUntil", q.removed_at as "removedAt"
      from quarantine q join intake i on i.id = q.intake_id and i.agency_id = q.agency_id
     where q.agency_id = ${agencyId}
       and (${after}::uuid is null
         or (q.since, q.intake_id) < (select p.since, p.intake_id from quarantine p where p.intake_id = ${after}))
     order by q.since desc, q.intake_id desc limit ${limit}`.execute(transaction);
  return rows;
}
