import { sql, type Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";

/** An arrival whose octets nobody opens, and until when they are kept. */
export interface Quarantined {
  readonly intakeId: string;
  readonly agencyId: string;
  readonly since: Date;
  readonly keepUntil: Date;
  readonly removedAt: Date | null;
}

/** What is due, the longest overdue first. */
export async function findDue(
  transaction: Transaction<Tables>,
  asOf: Date,
  most: number,
): Promise<Pick<Quarantined, "intakeId" | "agencyId">[]> {
  const { rows } = await sql<Pick<Quarantined, "intakeId" | "agencyId">>`
    select intake_id as "intakeId", agency_id as "agencyId" from quarantine
     where removed_at is null and keep_until <= ${asOf} order by keep_until, intake_id limit ${most}`.execute(
    transaction,
  );
  return rows;
}

/** Removes the octets of an arrival whose time is over. @returns false when another arrival still has the same octets */
export async function removeOctets(
  transaction: Transaction<Tables>,
  { intakeId, agencyId }: Pick<Quarantined, "intakeId" | "agencyId">,
  asOf: Date,
): Promise<boolean> {
  const { rows } = await sql`select from remove_quarantined(${intakeId}, ${agencyId}, ${asOf})`.execute(
    transaction,
  );
  return rows.length > 0;
}

/** Hashes of octets that were removed since then and that no agency holds any more: their files may go. */
export async function findFilesToRemove(transaction: Transaction<Tables>, since: Date): Promise<string[]> {
  const { rows } = await sql<{ sha256: string }>`
    select distinct b.sha256 from stored_body b
     where b.removed_at >= ${since}
       and not exists (select from stored_body o where o.sha256 = b.sha256 and o.removed_at is null)`.execute(
    transaction,
  );
  return rows.map(({ sha256 }) => sha256);
}

/** For operators: ids and times, not why. */
export async function listQuarantine(transaction: Transaction<Tables>): Promise<Quarantined[]> {
  const { rows } = await sql<Quarantined>`
    select intake_id as "intakeId", agency_id as "agencyId", since, keep_until as "keepUntil", removed_at as "removedAt"
      from quarantine order by removed_at is not null, keep_until, intake_id limit 10000`.execute(
    transaction,
  );
  return rows;
}
