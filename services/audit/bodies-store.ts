import { sql, type Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import { type Acting, inTransaction, type Kysely } from "../shared/runtime/database.ts";
import type { KeptOctets } from "./check-octets.ts";
import { type FaultRow, MOST_NAMED } from "./check-result.ts";

/** An arrival whose octets have no row, or one of another size, or were removed though they are to be kept. */
export interface BodyFault extends FaultRow {
  readonly fault: "octets-missing" | "size-differs" | "octets-removed";
  readonly intakeId: string;
  readonly sha256: string;
}

export async function findBodyFaults(transaction: Transaction<Tables>): Promise<readonly BodyFault[]> {
  const { rows } = await sql<BodyFault>`
    select case when b.sha256 is null then 'octets-missing' when b.size_bytes <> i.size_bytes then 'size-differs'
                else 'octets-removed' end as fault,
           i.agency_id as "agencyId", i.id as "intakeId", i.sha256, count(*) over () as total
      from intake i left join stored_body b on b.sha256 = i.sha256 and b.agency_id = i.agency_id
     where b.size_bytes is distinct from i.size_bytes
        or b.removed_at is not null
           and not exists (select from quarantine q where q.intake_id = i.id and q.removed_at is not null)
     order by i.arrival_seq limit ${MOST_NAMED}`.execute(transaction);
  return rows;
}

export interface BodyFigures {
  readonly bodies: number;
  readonly inDatabase: number;
  readonly inFiles: number;
}

export async function countBodies(transaction: Transaction<Tables>): Promise<BodyFigures> {
  const { rows } = await sql<BodyFigures>`
    select count(*) as bodies, count(content) as "inDatabase",
           count(*) filter (where content is null and removed_at is null) as "inFiles" from stored_body`.execute(
    transaction,
  );
  return rows[0] as BodyFigures;
}

/** Stored octets of an agency. */
export type Body = KeptOctets;

/**
 * The next rows after a position, in order of hash and agency, each page in a transaction of its own: it may take hours to
 * read all files, and what stands in this table never changes but for what is removed from quarantine. The server hashes what it holds (at most 64 KiB a row).
 */
export function readBodies(
  database: Kysely<Tables>,
  acting: Acting,
  after: Pick<Body, "sha256" | "agencyId">,
  most: number,
): Promise<readonly Body[]> {
  return inTransaction(database, acting, async (transaction) => {
    const { rows } = await sql<Body>`
      select sha256, agency_id as "agencyId", size_bytes as "sizeBytes",
             octet_length(content) = size_bytes and encode(sha256(content), 'hex') = sha256 as "isGood"
        from stored_body where removed_at is null and (sha256, agency_id) > (${after.sha256}, ${after.agencyId})
       order by sha256, agency_id limit ${most}`.execute(transaction);
    return rows;
  });
}

/** Whether octets were removed from quarantine since their row was read. */
export function isRemoved(
  database: Kysely<Tables>,
  acting: Acting,
  { sha256, agencyId }: Pick<Body, "sha256" | "agencyId">,
): Promise<boolean> {
  return inTransaction(database, acting, async (transaction) => {
    const { rows } = await sql`
      select from stored_body where sha256 = ${sha256} and agency_id = ${agencyId} and removed_at is not null`.execute(
      transaction,
    );
    return rows.length > 0;
  });
}

/** Which of these hashes a row names: a letter's octets, or a print. */
export function findNamed(
  database: Kysely<Tables>,
  acting: Acting,
  hashes: readonly string[],
): Promise<ReadonlySet<string>> {
  return inTransaction(database, acting, async (transaction) => {
    const { rows } = await sql<{ sha256: string }>`
      select sha256 from stored_body where sha256 = any (${hashes}::text[])
      union select sha256 from print_progress where sha256 = any (${hashes}::text[])`.execute(transaction);
    return new Set(rows.map(({ sha256 }) => sha256));
  });
}
