import { sql, type Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import { type FaultRow, MOST_NAMED } from "./check-result.ts";

/** A letter whose sender should have been told something, or should not have been told what he was. */
export interface NoticeFault extends FaultRow {
  readonly fault:
    | "notice-missing"
    | "notice-stuck"
    | "notice-set-aside"
    | "notice-forgotten"
    | "notice-unfounded"
    | "notice-repeated";
  readonly intakeId: string;
  /** When the letter was registered or decided on last. */
  readonly owedSince: Date | null;
  readonly workId: number | null;
}

/**
 * What is owed is told by kind, and by event where there may be several of one. Of what happened before this installation
 * signed receipts (signing_key) nobody was told but of numbers, refusals and rejections: it may be told of, and is not owed.
 * @param stuckBefore what is owed since then must have been promised
 */
export async function findNoticeFaults(
  transaction: Transaction<Tables>,
  stuckBefore: Date,
): Promise<readonly NoticeFault[]> {
  const { rows } = await sql<NoticeFault>`
    with told (since) as (select coalesce(min(made_at), 'infinity') from signing_key
    ), happened (intake_id, agency_id, notice, at, is_due) as (
      select intake_id, agency_id, 'acknowledgement', registered_at, true from entry where intake_id is not null
      union all select intake_id, agency_id, 'refusal', decided_at, true from outcome where outcome = 'refused'
      union all select intake_id, agency_id, 'copy', decided_at, true from outcome
        where outcome = 'possible-duplicate' and reason = 'same-letter'
      union all select intake_id, agency_id, 'rejection', decided_at, true from tray_decision where decision in ('rejected', 'invalid')
      union all select intake_id, agency_id, 'copy', decided_at, decided_at >= since
        from tray_decision cross join told where decision = 'merged' and earlier_intake_id is not null
      union all select o.intake_id, o.agency_id, 'arrival', o.decided_at, o.decided_at >= since
        from outcome o cross join told
       where o.outcome in ('triage', 'possible-duplicate') and o.reason <> 'same-letter'
         and not exists (select from tray_decision t where t.intake_id = o.intake_id)
      -- An office may dispute a number of ours; whether it did stands in what nobody's role may read here.
      union all select intake_id, agency_id, 'alert', read_at, false from reading where kind = 'notifier'
      union all select e.intake_id, v.agency_id,
             case v.what when 'corrected' then 'correction' when 'cancelled' then 'cancellation' when 'handed-over' then 'handover'
                         else 'recall-answer' end || ' ' || v.id, v.made_at,
             -- Whether a handing over is told of is the agency's to choose; a correction is told of where the receipt said
             -- otherwise, and what was corrected no auditor's role may read.
             v.what not in ('handed-over', 'corrected') and v.made_at >= since
        from entry_event v cross join told
        join entry e on e.book_id = v.book_id and e.year = v.year and e.number = v.number and e.intake_id is not null
       where v.what in ('corrected', 'cancelled', 'handed-over', 'recall-accepted', 'recall-refused')
    ), fact (intake_id, agency_id, what, kind, state, at, work_id) as (
      select intake_id, agency_id, case when is_due then 'owed' else 'may' end, notice, null, at, null::bigint from happened
      union all select intake_id, agency_id, 'notice', kind || coalesce(' ' || event_id::text, ''), state, null, null from notice
        where intake_id is not null
      union all select subject_id, agency_id, case when failed_at is null then 'open work' else 'set aside' end, null, null, null, id
        from outbox where job in ('notify-sender', 'tell-arrival')
    ), letter as (
      select intake_id, agency_id, coalesce(array_agg(kind) filter (where what = 'owed'), '{}') as owed, coalesce(array_agg(kind) filter (where what = 'may'), '{}') as may, max(at) filter (where what = 'owed') as owed_since,
             coalesce(array_agg(kind) filter (where what = 'notice'), '{}') as promised,
             count(*) filter (where state = 'due') as due, count(*) filter (where what = 'open work') as open_work,
             count(*) filter (where what = 'set aside') as set_aside, max(work_id) filter (where what = 'set aside') as work_id
        from fact group by intake_id, agency_id
    ), founded as (
      -- That a letter has arrived may be told of each. An alert goes with a refusal; one is not owed where the agency has
      -- named nobody.
      select l.*, promised <@ (owed || may || array['arrival'] || case when 'refusal' = any (owed) then array['alert'] else '{}' end) as is_founded,
             not owed <@ promised as lacks
        from letter l
    ), judged as (
      select f.*, array_remove(array[
               case when set_aside > 0 and (due > 0 or lacks) then 'notice-set-aside'
                    when not is_founded then 'notice-unfounded'
                    when lacks and open_work = 0 then 'notice-missing'
                    when lacks and owed_since < ${stuckBefore} then 'notice-stuck'
                    when due > 0 and open_work = 0 then 'notice-forgotten' end,
               case when cardinality(promised) > (select count(distinct kind) from unnest(promised) kind) then 'notice-repeated' end], null) as faults
        from founded f
    )
    select unnest(faults) as fault, agency_id as "agencyId", intake_id as "intakeId", owed_since as "owedSince",
           work_id as "workId", sum(cardinality(faults)) over ()::integer as total
      from judged where faults <> '{}' order by owed_since, intake_id limit ${MOST_NAMED}`.execute(
    transaction,
  );
  return rows;
}

/** A notice whose state is not borne out. */
export interface StateFault extends FaultRow {
  readonly fault: "reason-missing" | "delivery-unproved" | "not-in-inbox" | "not-told-there";
  /** The arrival, or the letter of our own, that it is about. */
  readonly intakeId: string;
  readonly state: string;
}

/**
 * Withheld or failed without a reason; delivered without an attempt that the other side accepted, or into an inbox where no such
 * item lies; and letters that came by program and were answered by mail, which their sender may not even have.
 */
export async function findStateFaults(transaction: Transaction<Tables>): Promise<readonly StateFault[]> {
  const { rows } = await sql<StateFault>`
    with found as (
      select 'reason-missing' as fault, agency_id, coalesce(intake_id, letter_id) as intake_id, state, made_at from notice
       where state in ('withheld', 'failed') and reason = ''
      union all
      select 'delivery-unproved', agency_id, coalesce(intake_id, letter_id), state, made_at from notice n
       where state = 'delivered' and not exists (
         select from delivery_attempt d where d.notice_id = n.id and d.result = 'accepted')
      union all
      select 'not-in-inbox', agency_id, coalesce(intake_id, letter_id), state, made_at from notice n
       where channel = 'inbox' and state = 'delivered' and not exists (
         select from client_item c where c.receipt_id = n.receipt_id and c.intake_id = n.intake_id and c.kind = 'receipt')
         and not exists (select from client_item c where c.notice_id = n.id)
      union all
      select 'not-told-there', n.agency_id, n.intake_id, n.state, n.made_at from notice n join intake i on i.id = n.intake_id
       where i.client_id is not null and n.channel = 'mail' and n.kind <> 'alert' and n.state <> 'withheld'
    )
    select fault, agency_id as "agencyId", intake_id as "intakeId", state, count(*) over () as total
      from found order by made_at, intake_id limit ${MOST_NAMED}`.execute(transaction);
  return rows;
}

/** Notices of arrivals by their state; what is withheld and what has failed by the reason too, a failed one by its reply code. */
export async function countNotices(
  transaction: Transaction<Tables>,
): Promise<readonly { readonly state: string; readonly reason: string; readonly notices: number }[]> {
  const { rows } = await sql<{ state: string; reason: string; notices: number }>`
    select state, case state when 'withheld' then reason
                    when 'failed' then coalesce(substring(reason from '^[245]\\d\\d(?: [245]\\.\\d{1,3}\\.\\d{1,3})?'),
                                     case when reason like 'reported as failed%' then 'bounced' end, 'other')
                    else '' end as reason, count(*) as notices
      from notice where intake_id is not null group by 1, 2 order by 1, 2`.execute(transaction);
  return rows;
}

/** Letters whose senders have to be told what became of them, and how many of them have no notice yet. */
export async function countOwed(
  transaction: Transaction<Tables>,
): Promise<{ readonly owed: number; readonly notYetPromised: number }> {
  const { rows } = await sql<{ owed: number; notYetPromised: number }>`
    select (select count(*) from entry where intake_id is not null) + (select count(*) from outcome where outcome = 'refused')
             + (select count(*) from outcome where outcome = 'possible-duplicate' and reason = 'same-letter')
             + (select count(*) from tray_decision where decision in ('rejected', 'invalid')) as owed,
           (select count(*) from outbox w where job = 'notify-sender'
               and not exists (select from notice n where n.intake_id = w.subject_id)) as "notYetPromised"`.execute(
    transaction,
  );
  return rows[0] as { owed: number; notYetPromised: number };
}
