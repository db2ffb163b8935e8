import { sql, type Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import { type FaultRow, MOST_NAMED } from "./check-result.ts";

/** An act whose result is missing or there twice. */
export interface ActFault extends FaultRow {
  readonly fault: "act-missing" | "result-missing" | "set-aside" | "stuck" | "result-repeated";
  readonly actId: string;
  readonly madeAt: Date | null;
  readonly workId: number | null;
}

/** @param stuckBefore acts with open work may not be older */
export async function findActFaults(
  transaction: Transaction<Tables>,
  stuckBefore: Date,
): Promise<readonly ActFault[]> {
  const { rows } = await sql<ActFault>`
    with fact (act_id, agency_id, what, at, work_id) as (
      select id, agency_id, 'act', made_at, null::bigint from act
      union all select act_id, agency_id, 'result', null, null from act_result
      union all select subject_id, agency_id, case when failed_at is null then 'open work' else 'set aside' end, null, id
        from outbox where job = 'do-act'
    ), whole as (
      select act_id, agency_id, count(*) filter (where what = 'act') as acts, count(*) filter (where what = 'result') as results,
             count(*) filter (where what = 'open work') as open_work, count(*) filter (where what = 'set aside') as set_aside,
             max(work_id) filter (where what = 'set aside') as work_id, min(at) as made_at
        from fact group by act_id, agency_id
    ), judged as (
      select w.*, case when acts = 0 then 'act-missing' when results > 1 then 'result-repeated' when results = 1 then null
                       when set_aside > 0 then 'set-aside' when open_work = 0 then 'result-missing'
                       when made_at < ${stuckBefore} then 'stuck' end as fault
        from whole w
    )
    select fault, agency_id as "agencyId", act_id as "actId", made_at as "madeAt", work_id as "workId", count(*) over () as total
      from judged where fault is not null order by made_at, act_id limit ${MOST_NAMED}`.execute(transaction);
  return rows;
}

/** An act that is said to be done and left no trace, or a trace without a done act. */
export interface TraceFault extends FaultRow {
  readonly fault:
    | "done-without-line"
    | "done-without-event"
    | "done-without-decision"
    | "done-without-letter-event"
    | "line-without-act"
    | "event-without-act"
    | "decision-without-act"
    | "letter-event-without-act";
  readonly actId: string | null;
  readonly bookId: string | null;
  readonly year: number | null;
  readonly number: number | null;
  readonly intakeId: string | null;
  readonly letterId: string | null;
}

/**
 * What a clerk has done stands where the act's result says, and nothing stands in the books by a clerk's hand without an
 * act that was done: enter, reserve, register and approve make a line (approve may fill a reserved one in its place); fill,
 * correct, cancel, hand-over, answer-recall and recall an event, and withdraw where there is a number; acts on the tray a
 * decision; acts on letters of our own an event of the letter. A sender's recall is no act: it has its mail.
 */
export async function findTraceFaults(transaction: Transaction<Tables>): Promise<readonly TraceFault[]> {
  const { rows } = await sql<TraceFault>`
    with done as (
      select a.id, a.agency_id, a.act, a.intake_id, a.letter_id, r.book_id, r.year, r.number
        from act_result r join act a on a.id = r.act_id and a.agency_id = r.agency_id where r.result = 'done'
    ), found (fault, agency_id, act_id, book_id, year, number, intake_id, letter_id) as (
      select 'done-without-line', agency_id, id, book_id, year, number, intake_id, letter_id from done d
       where act in ('enter', 'reserve', 'register', 'approve')
         and not exists (select from entry e where e.act_id = d.id and e.book_id = d.book_id and e.year = d.year and e.number = d.number)
         and not (act = 'approve' and exists (select from entry_event v where v.id = d.id and v.what = 'filled'
           and v.book_id = d.book_id and v.year = d.year and v.number = d.number))
      union all select 'done-without-event', agency_id, id, book_id, year, number, intake_id, letter_id from done d
       where (act in ('fill', 'correct', 'cancel', 'hand-over', 'answer-recall') or act in ('recall', 'withdraw') and number is not null)
         and not exists (select from entry_event v where v.id = d.id and v.book_id = d.book_id and v.year = d.year and v.number = d.number)
      union all select 'done-without-decision', agency_id, id, book_id, year, number, intake_id, letter_id from done d
       where act in ('register', 'reject', 'invalid', 'not-a-letter', 'merge')
         and not exists (select from tray_decision t where t.act_id = d.id and t.intake_id = d.intake_id)
      union all select 'done-without-letter-event', agency_id, id, null, null, null, null, letter_id from done d
       where letter_id is not null and not exists (select from outbound_event v where v.id = d.id and v.letter_id = d.letter_id)
      union all select 'line-without-act', agency_id, act_id, book_id, year, number, intake_id, null from entry e
       where (act_id is not null or registered_by not like 'rule:%') and not exists (select from done d where d.id = e.act_id)
      union all select 'event-without-act', agency_id, id, book_id, year, number, null, null from entry_event v
       where not exists (select from done d where d.id = v.id)
         and not (v.what = 'recall-requested' and v.made_by = 'system:recall'
           and exists (select from intake i where i.id = v.id and i.agency_id = v.agency_id))
      union all select 'decision-without-act', agency_id, act_id, null, null, null, intake_id, null from tray_decision t
       where not exists (select from done d where d.id = t.act_id)
      union all select 'letter-event-without-act', agency_id, id, null, null, null, null, letter_id from outbound_event v
       where not exists (select from done d where d.id = v.id)
    )
    select fault, agency_id as "agencyId", act_id as "actId", book_id as "bookId", year, number, intake_id as "intakeId",
           letter_id as "letterId", count(*) over () as total
      from found order by act_id, book_id, year, number limit ${MOST_NAMED}`.execute(transaction);
  return rows;
}

export interface ActFigures {
  readonly acts: number;
  readonly done: number;
  readonly refused: number;
  readonly onTheirWay: number;
}

export async function countActs(transaction: Transaction<Tables>): Promise<ActFigures> {
  const { rows } = await sql<ActFigures>`
    select (select count(*) from act) as acts, count(*) filter (where result = 'done') as done,
           count(*) filter (where result = 'refused') as refused,
           (select count(*) from outbox where job = 'do-act') as "onTheirWay"
      from act_result`.execute(transaction);
  return rows[0] as ActFigures;
}
