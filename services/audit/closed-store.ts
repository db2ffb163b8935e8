import { sql, type Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import { type FaultRow, MOST_NAMED } from "./check-result.ts";

/** A classified letter of which something is missing, or that is open where it has to be closed. */
export interface ClosedFault extends FaultRow {
  readonly fault:
    | "facts-missing"
    | "contents-missing"
    | "contents-lost"
    | "not-sealed"
    | "level-differs"
    | "level-unexplained"
    | "act-missing"
    | "line-speaks"
    | "open-to-all";
  /** The arrival, or the letter that was written in by hand; null for a line without either. */
  readonly letterId: string | null;
  readonly bookId: string | null;
  readonly year: number | null;
  readonly number: number | null;
}

/**
 * Arrivals, lines and sealed rows belong together by the arrival's id, or by the act of whoever wrote the letter in. Asked
 * of all of them, whatever table has lost its part.
 */
export async function findClosedFaults(transaction: Transaction<Tables>): Promise<readonly ClosedFault[]> {
  const { rows } = await sql<ClosedFault>`
    with line as (
      select e.agency_id, e.book_id, e.year, e.number, e.intake_id, e.act_id, e.secrecy, l.id, l.level_at_birth
        from entry e left join closed_letter l on l.intake_id = e.intake_id or l.act_id = e.act_id
       where e.secrecy <> 'normal'
    ), arrival as (
      select i.id, i.agency_id, i.closed_level, i.sha256, l.id as letter_id, l.level_at_birth from intake i
        left join closed_letter l on l.intake_id = i.id and l.agency_id = i.agency_id where i.closed_level is not null
    ), found (fault, agency_id, letter_id, book_id, year, number) as (
      select 'facts-missing', agency_id, intake_id, book_id, year, number from line where id is null
      union all select 'facts-missing', a.agency_id, a.id, null, null, null from arrival a
       where a.letter_id is null and not exists (select from entry e where e.intake_id = a.id)
      union all select 'level-differs', agency_id, id, book_id, year, number from line where level_at_birth <> secrecy
      union all select 'level-differs', agency_id, id, null, null, null from arrival where level_at_birth <> closed_level
      union all select 'contents-missing', a.agency_id, a.id, null, null, null from arrival a
       where a.letter_id is not null and not exists (select from closed_body b where b.letter_id = a.id and b.part = 0 and b.sha256 = a.sha256)
      union all select 'contents-lost', b.agency_id, b.letter_id, null, null, null from closed_body b
        left join stored_body s on s.sha256 = b.sha256 and s.agency_id = b.agency_id
       where s.sha256 is null or s.removed_at is not null or s.size_bytes <> b.size_bytes
      union all select 'not-sealed', s.agency_id, b.letter_id, null, null, null from closed_body b
        join stored_body s on s.sha256 = b.sha256 and s.agency_id = b.agency_id
       where substring(s.content for 8) <> 'SARBSEAL'::bytea
      union all select 'level-unexplained', l.agency_id, l.id, null, null, null from closed_letter l
        left join lateral (select new_level from closed_event v where v.letter_id = l.id order by v.event_no desc limit 1) last on true
       where l.level <> coalesce(last.new_level, l.level_at_birth)
      union all select 'act-missing', l.agency_id, l.id, null, null, null from closed_letter l
       where l.act_id is not null and not exists (select from act a where a.id = l.act_id and a.agency_id = l.agency_id)
      union all select 'line-speaks', agency_id, null, book_id, year, number from lines_that_speak()
      union all select distinct 'open-to-all', a.agency_id, a.id, null, null::integer, null::integer from arrival a
        join (select intake_id, closed_client from outcome union all select intake_id, closed_client from notice
              union all select intake_id, closed_client from receipt) told on told.intake_id = a.id
       where told.closed_client is null
    )
    select fault, agency_id as "agencyId", letter_id as "letterId", book_id as "bookId", year, number, count(*) over () as total
      from found order by fault, book_id, year, number, letter_id limit ${MOST_NAMED}`.execute(transaction);
  return rows;
}

export interface ClosedFigures {
  readonly letters: number;
  readonly byProgram: number;
  readonly byHand: number;
  readonly parts: number;
}

export async function countClosed(transaction: Transaction<Tables>): Promise<ClosedFigures> {
  const { rows } = await sql<ClosedFigures>`
    select count(*) as letters, count(intake_id) as "byProgram", count(act_id) as "byHand",
           (select count(*) from closed_body) as parts from closed_letter`.execute(transaction);
  return rows[0] as ClosedFigures;
}
