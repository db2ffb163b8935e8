import { sql, type Transaction } from "kysely";
import type { DocumentMark } from "../../shared/closed/document-marks.ts";
import type { Tables } from "../../shared/letter/tables.ts";

/** A classified letter by e-CMS, as its own program sees it. */
export interface ClosedDocument {
  readonly processId: string;
  readonly intakeId: string;
  readonly deletedAt: Date | null;
}

/** Whether a classified letter with this identity is here and was not deleted since, whoever handed it in. */
export async function isClosedKept(
  transaction: Transaction<Tables>,
  agencyId: string,
  marks: readonly DocumentMark[],
): Promise<boolean> {
  const { rows } = await sql<{ kept: boolean }>`
    select is_identity_used(${agencyId}, ${marks.map(({ identity }) => identity)}::bytea[]) as kept`.execute(
    transaction,
  );
  return rows[0]?.kept === true;
}

/** Of this client, the one that is not deleted first, then the newest. */
export async function findClosedDocument(
  transaction: Transaction<Tables>,
  agencyId: string,
  marks: readonly DocumentMark[],
): Promise<ClosedDocument | undefined> {
  const { rows } = await sql<ClosedDocument>`
    select process_id as "processId", intake_id as "intakeId", deleted_at as "deletedAt" from closed_document
     where agency_id = ${agencyId} and identity = any (${marks.map(({ identity }) => identity)}::bytea[])
     order by deleted_at is not null, came_at desc limit 1`.execute(transaction);
  return rows[0];
}

/** Whether this client has handed in a classified letter that a notifier names so: by its number and date, or by the process. */
export async function isClosedNamed(
  transaction: Transaction<Tables>,
  agencyId: string,
  letterId: string,
  named: readonly Buffer[],
): Promise<boolean> {
  const { rows } = await sql`
    select from closed_document
     where agency_id = ${agencyId} and (named = any (${[...named]}::bytea[]) or process_id::text = lower(${letterId})) limit 1`.execute(
    transaction,
  );
  return rows.length > 0;
}

export async function deleteClosedDocument(
  transaction: Transaction<Tables>,
  processId: string,
  at: Date,
): Promise<void> {
  await sql`update closed_document set deleted_at = ${at} where process_id = ${processId} and deleted_at is null`.execute(
    transaction,
  );
}
