import { sql, type Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import { type Acting, inTransaction, type Kysely } from "../shared/runtime/database.ts";
import type { KeptOctets } from "./check-octets.ts";
import { type FaultRow, MOST_NAMED } from "./check-result.ts";

/** A letter of our own whose files are not all recorded. */
export interface SentFileFault extends FaultRow {
  /** file-lost: one between the others; upload-missing: what was uploaded for it has no row, or is another agency's. */
  readonly fault: "file-lost" | "upload-missing";
  readonly letterId: string;
}

export async function findSentFileFaults(
  transaction: Transaction<Tables>,
): Promise<readonly SentFileFault[]> {
  const { rows } = await sql<SentFileFault>`
    with found as (
      select 'file-lost' as fault, agency_id, letter_id from outbound_file
       group by agency_id, letter_id having count(*) <> max(no)
      union all
      select distinct 'upload-missing', f.agency_id, f.letter_id from outbound_file f
        left join uploaded_file u on u.id = f.file_id and u.agency_id = f.agency_id where u.id is null)
    select fault, agency_id as "agencyId", letter_id as "letterId", count(*) over () as total
      from found order by letter_id, fault limit ${MOST_NAMED}`.execute(transaction);
  return rows;
}

export interface SentFileFigures {
  readonly files: number;
  readonly inDatabase: number;
  readonly inFiles: number;
}

export async function countSentFiles(transaction: Transaction<Tables>): Promise<SentFileFigures> {
  const { rows } = await sql<SentFileFigures>`
    select count(*) as files, count(content) as "inDatabase", count(*) filter (where content is null) as "inFiles"
      from uploaded_file u where exists (select from outbound_file f where f.file_id = u.id)`.execute(
    transaction,
  );
  return rows[0] as SentFileFigures;
}

/** A file that went out with a letter. */
export interface SentFile extends KeptOctets {
  readonly id: string;
}

/** The next rows, in order of their ids, each page in a transaction of its own; no row ever changes. */
export function readSentFiles(
  database: Kysely<Tables>,
  acting: Acting,
  after: string,
  most: number,
): Promise<readonly SentFile[]> {
  return inTransaction(database, acting, async (transaction) => {
    const { rows } = await sql<SentFile>`
      select u.id, u.sha256, u.agency_id as "agencyId", u.size_bytes as "sizeBytes",
             octet_length(u.content) = u.size_bytes and encode(sha256(u.content), 'hex') = u.sha256 as "isGood"
        from uploaded_file u where u.id > ${after} and exists (select from outbound_file f where f.file_id = u.id)
       order by u.id limit ${most}`.execute(transaction);
    return rows;
  });
}
