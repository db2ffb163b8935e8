import { sql, type Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import { type FaultRow, MOST_NAMED } from "./check-result.ts";

/** An arrival of which something is missing, is there twice, or contradicts something else. */
export interface OutcomeFault extends FaultRow {
  readonly fault:
    | "arrival-missing"
    | "outcome-missing"
    | "set-aside"
    | "stuck"
    | "outcome-repeated"
    | "line-repeated"
    | "registered-without-line"
    | "line-without-outcome"
    | "not-in-the-tray"
    | "decision-repeated"
    | "decided-without-line"
    | "line-without-decision"
    | "time-ahead";
  readonly intakeId: string;
  readonly arrivedAt: Date | null;
  /** Its open work that was set aside. */
  readonly workId: number | null;
}

/**
 * Everything that is known of each arrival, brought together by its id: so what stands there twice is seen though a key
 * should be missing (a restore that failed half way), and what points to no arrival too.
 * @param stuckBefore arrivals with open work may not be older; @param latest none may be of later
 */
export async function findOutcomeFaults(
  transaction: Transaction<Tables>,
  stuckBefore: Date,
  latest: Date,
): Promise<readonly OutcomeFault[]> {
  const { rows } = await sql<OutcomeFault>`
    with fact (intake_id, agency_id, what, word, at, work_id) as (
      select id, agency_id, 'arrival', null, arrived_at, null::bigint from intake
      union all select intake_id, agency_id, 'outcome', outcome, null, null from outcome
      union all select intake_id, agency_id, case when registered_by like 'rule:%' then 'line by rule' else 'line by clerk' end, null, null, null
        from entry where intake_id is not null
      union all select intake_id, agency_id, 'decision', decision, null, null from tray_decision
      union all select subject_id, agency_id, case when failed_at is null then 'open work' else 'set aside' end, null, null, id
        from outbox where job in ('read-letter', 'register-letter', 'register-closed')
    ), arrival as (
      select intake_id, agency_id, count(*) filter (where what = 'arrival') as arrivals, min(at) as arrived_at,
             count(*) filter (where what = 'outcome') as outcomes, max(word) filter (where what = 'outcome') as outcome,
             count(*) filter (where what = 'line by rule') as by_rule, count(*) filter (where what = 'line by clerk') as by_clerk,
             count(*) filter (where what = 'decision') as decisions, max(word) filter (where what = 'decision') as decision,
             count(*) filter (where what = 'open work') as open_work, count(*) filter (where what = 'set aside') as set_aside,
             max(work_id) filter (where what = 'set aside') as work_id
        from fact group by intake_id, agency_id
    ), judged as (
      select a.*, array_remove(array[
               case when arrivals = 0 then 'arrival-missing'
                    when outcomes > 0 then null
                    when set_aside > 0 then 'set-aside'
                    when open_work = 0 then 'outcome-missing'
                    when arrived_at < ${stuckBefore} then 'stuck' end,
               case when outcomes > 1 then 'outcome-repeated' end,
               case when by_rule + by_clerk > 1 then 'line-repeated' end,
               case when outcome = 'registered' and by_rule + by_clerk = 0 then 'registered-without-line' end,
               case when by_rule > 0 and outcome is distinct from 'registered' then 'line-without-outcome' end,
               case when decisions > 0 and (outcome in ('triage', 'possible-duplicate')) is not true then 'not-in-the-tray' end,
               case when decisions > 1 then 'decision-repeated' end,
               case when decision = 'registered' and by_clerk = 0 then 'decided-without-line' end,
               case when by_clerk > 0 and decision is distinct from 'registered' then 'line-without-decision' end,
               case when arrived_at > ${latest} then 'time-ahead' end], null) as faults
        from arrival a
    )
    select unnest(faults) as fault, agency_id as "agencyId", intake_id as "intakeId", arrived_at as "arrivedAt",
           work_id as "workId", sum(cardinality(faults)) over ()::integer as total
      from judged where faults <> '{}' order by arrived_at, intake_id limit ${MOST_NAMED}`.execute(
    transaction,
  );
  return rows;
}

/** An outcome or a decision that points to another arrival, and should not point there. */
export interface EarlierFault extends FaultRow {
  readonly fault: "earlier-missing" | "earlier-is-itself" | "earlier-is-none" | "earlier-without-line";
  readonly intakeId: string;
  readonly earlierId: string | null;
}

/**
 * A duplicate repeats an arrival that has an outcome of its own and is neither a duplicate nor ignored, which also rules
 * circles out. A possible duplicate resembles a line; one that a clerk wrote in by hand has no arrival. What was merged was
 * merged with a registered letter. (Whichever was decided first is the earlier one, and that need not be the first arrival.)
 */
export async function findEarlierFaults(transaction: Transaction<Tables>): Promise<readonly EarlierFault[]> {
  const { rows } = await sql<EarlierFault>`
    with pointer (intake_id, agency_id, word, earlier_id) as (
      select intake_id, agency_id, outcome, earlier_intake_id from outcome
       where outcome = 'duplicate' or (outcome = 'possible-duplicate' and earlier_intake_id is not null)
      union all select intake_id, agency_id, decision, earlier_intake_id from tray_decision where decision = 'merged'
    ), found as (
      select p.*, case
               when i.id is null then 'earlier-missing'
               when p.earlier_id = p.intake_id then 'earlier-is-itself'
               when p.word = 'duplicate' and (o.outcome in ('duplicate', 'ignored')) is not false then 'earlier-is-none'
               when p.word <> 'duplicate' and not exists (select from entry e where e.intake_id = p.earlier_id) then 'earlier-without-line'
             end as fault
        from pointer p left join intake i on i.id = p.earlier_id and i.agency_id = p.agency_id
        left join outcome o on o.intake_id = p.earlier_id and o.agency_id = p.agency_id
    )
    select fault, agency_id as "agencyId", intake_id as "intakeId", earlier_id as "earlierId", count(*) over () as total
      from found where fault is not null order by intake_id limit ${MOST_NAMED}`.execute(transaction);
  return rows;
}

/** Counts of arrivals by what became of them. Refused ones are not told apart: they count classified letters. */
export interface OutcomeFigures {
  readonly arrivals: number;
  readonly onTheirWay: number;
  readonly registered: number;
  readonly duplicates: number;
  readonly notRegistered: number;
  /** What clerks have decided on, and what waits for them. */
  readonly trayRegistered: number;
  readonly trayOther: number;
  readonly inTheTray: number;
}

export async function countOutcomes(transaction: Transaction<Tables>): Promise<OutcomeFigures> {
  const { rows } = await sql<OutcomeFigures>`
    select (select count(*) from intake) as arrivals,
           (select count(*) from outbox w where job in ('read-letter', 'register-letter', 'register-closed')
               and not exists (select from outcome o where o.intake_id = w.subject_id)) as "onTheirWay",
           count(*) filter (where outcome = 'registered') as registered,
           count(*) filter (where outcome = 'duplicate') as duplicates,
           count(*) filter (where outcome in ('ignored', 'refused')) as "notRegistered",
           count(*) filter (where decision = 'registered') as "trayRegistered",
           count(*) filter (where decision <> 'registered') as "trayOther",
           count(*) filter (where outcome in ('triage', 'possible-duplicate') and decision is null) as "inTheTray"
      from outcome o left join tray_decision t using (intake_id)`.execute(transaction);
  return rows[0] as OutcomeFigures;
}
