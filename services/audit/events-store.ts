import { sql, type Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import { type FaultRow, MOST_NAMED } from "./check-result.ts";

/** An event that does not continue its book's events, or that could not happen to its line. */
export interface EventFault extends FaultRow {
  readonly fault:
    | "event-missing"
    | "event-repeated"
    | "time-falls"
    | "time-ahead"
    | "line-missing"
    | "after-cancellation"
    | "filled-twice"
    | "filled-not-reserved"
    | "handed-over-twice"
    | "answered-unasked";
  readonly bookId: string;
  readonly year: number;
  readonly number: number;
  readonly eventNo: number;
  /** The event before it in the book; 0 for the first. */
  readonly eventBefore: number;
  readonly madeAt: Date;
  readonly timeBefore: Date | null;
}

/** @param latest no event may be of later */
export async function findEventFaults(
  transaction: Transaction<Tables>,
  latest: Date,
): Promise<readonly EventFault[]> {
  const { rows } = await sql<EventFault>`
    with event as (
      select book_id, agency_id, event_no, year, number, what, made_at,
             coalesce(lag(event_no) over book, 0) as event_before, lag(made_at) over book as time_before,
             coalesce(bool_or(what = 'cancelled') over earlier, false) as is_cancelled,
             coalesce(bool_or(what = 'filled') over earlier, false) as is_filled,
             coalesce(bool_or(what = 'handed-over') over earlier, false) as is_handed_over,
             count(*) filter (where what = 'recall-requested') over earlier as requests,
             count(*) filter (where what in ('recall-accepted', 'recall-refused')) over earlier as answers
        from entry_event
      window book as (partition by book_id order by event_no),
             earlier as (partition by book_id, year, number order by event_no rows between unbounded preceding and 1 preceding)
    ), judged as (
      select v.*, array_remove(array[
               case when v.event_no > v.event_before + 1 then 'event-missing' when v.event_no <= v.event_before then 'event-repeated' end,
               case when v.made_at < v.time_before then 'time-falls' end,
               case when v.made_at > ${latest} then 'time-ahead' end,
               case when e.number is null then 'line-missing' end,
               case when v.is_cancelled then 'after-cancellation' end,
               case when v.what = 'filled' and v.is_filled then 'filled-twice' end,
               case when v.what = 'filled' and e.status <> 'reserved' then 'filled-not-reserved' end,
               case when v.what = 'handed-over' and v.is_handed_over then 'handed-over-twice' end,
               case when v.what in ('recall-accepted', 'recall-refused') and v.requests <= v.answers then 'answered-unasked' end], null) as faults
        from event v left join entry e
          on e.book_id = v.book_id and e.year = v.year and e.number = v.number and e.agency_id = v.agency_id
    )
    select unnest(faults) as fault, agency_id as "agencyId", book_id as "bookId", year, number, event_no as "eventNo",
           event_before as "eventBefore", made_at as "madeAt", time_before as "timeBefore",
           sum(cardinality(faults)) over ()::integer as total
      from judged where faults <> '{}' order by book_id, event_no limit ${MOST_NAMED}`.execute(transaction);
  return rows;
}

export interface EventFigures {
  readonly events: number;
  readonly corrected: number;
  readonly filled: number;
  readonly cancelled: number;
  readonly handedOver: number;
  /** What senders have asked back, and what we have. */
  readonly recalls: number;
  /** Reserved numbers that wait for their letter. */
  readonly stillReserved: number;
}

export async function countEvents(transaction: Transaction<Tables>): Promise<EventFigures> {
  const { rows } = await sql<EventFigures>`
    select count(*) as events, count(*) filter (where what = 'corrected') as corrected,
           count(*) filter (where what = 'filled') as filled, count(*) filter (where what = 'cancelled') as cancelled,
           count(*) filter (where what = 'handed-over') as "handedOver", count(*) filter (where what = 'recall-requested') as recalls,
           (select count(*) from entry e where e.status = 'reserved' and not exists (
              select from entry_event v where v.book_id = e.book_id and v.year = e.year and v.number = e.number
                 and v.what in ('filled', 'cancelled'))) as "stillReserved"
      from entry_event`.execute(transaction);
  return rows[0] as EventFigures;
}
