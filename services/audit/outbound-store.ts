import { sql, type Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import { type FaultRow, MOST_NAMED } from "./check-result.ts";

/** A letter of our own that does not agree with its line, with its events, or with what was sent. */
export interface OutboundFault extends FaultRow {
  readonly fault:
    | "line-missing"
    | "number-repeated"
    | "not-its-book"
    | "line-cancelled"
    | "line-not-cancelled"
    | "differs-from-line"
    | "not-signed-off"
    | "sending-unrecorded"
    | "event-missing"
    | "sent-to-nobody"
    | "not-sent-and-has-recipients"
    | "recipient-forgotten";
  readonly letterId: string;
  readonly bookId: string | null;
  readonly year: number | null;
  readonly number: number | null;
  readonly sentAt: Date | null;
}

/** What the letters, their lines and their recipients say of each other; what they say in words is compared in the database. */
export async function findOutboundFaults(
  transaction: Transaction<Tables>,
): Promise<readonly OutboundFault[]> {
  const { rows } = await sql<OutboundFault>`
    with event as (
      select letter_id, count(*) as events, max(event_no) as last_no, bool_or(what = 'approved') as is_signed,
             array_agg(made_at) filter (where what in ('sent', 'approved')) as sent_at
        from outbound_event group by letter_id
    ), recipient as (
      select r.letter_id, count(*) as recipients,
             count(*) filter (where not exists (select from notice n where n.recipient_id = r.id and n.kind = 'letter'
                    and (n.state <> 'due' or exists (select from outbox w where w.job = 'send-letter' and w.subject_id = r.id)))
                  and not exists (select from outbox w where w.job = 'send-letter' and w.subject_id = r.id)) as forgotten
        from outbound_recipient r group by r.letter_id
    ), judged as (
      select o.id, o.agency_id, o.book_id, o.year, o.number, o.sent_at, o.drafted_at, array_remove(array[
               case when o.state in ('approved', 'sent') and o.origin = 'registry' and e.number is null then 'line-missing' end,
               case when o.number is not null and exists (select from outbound_letter p where p.id < o.id
                      and p.book_id = o.book_id and p.year = o.year and p.number = o.number) then 'number-repeated' end,
               case when o.book_id <> o.agency_id || '.outbound.' || o.series then 'not-its-book' end,
               case when (o.state = 'approved' or o.state = 'sent' and o.recalled_at is null) and c.what is not null then 'line-cancelled' end,
               case when o.state = 'withdrawn' and o.number is not null and c.what is null then 'line-not-cancelled' end,
               case when o.state in ('approved', 'sent') and o.id in (select letter_id from letters_unlike_their_lines()) then 'differs-from-line' end,
               case when o.origin = 'registry' and (o.state in ('approved', 'sent') or o.number is not null) and v.is_signed is not true then 'not-signed-off' end,
               case when o.state = 'sent' and (o.sent_at = any (v.sent_at)) is not true then 'sending-unrecorded' end,
               case when v.events is distinct from v.last_no or v.events is null then 'event-missing' end,
               case when o.state = 'sent' and r.recipients is null then 'sent-to-nobody' end,
               case when o.state <> 'sent' and r.recipients > 0 then 'not-sent-and-has-recipients' end,
               case when o.state = 'sent' and r.forgotten > 0 then 'recipient-forgotten' end], null) as faults
        from outbound_letter o left join event v on v.letter_id = o.id left join recipient r on r.letter_id = o.id
        left join entry e on e.book_id = o.book_id and e.year = o.year and e.number = o.number and e.agency_id = o.agency_id
        left join lateral (select what from entry_event h where h.book_id = o.book_id and h.year = o.year and h.number = o.number
                              and h.what = 'cancelled' limit 1) c on true
    )
    select unnest(faults) as fault, agency_id as "agencyId", id as "letterId", book_id as "bookId", year, number, sent_at as "sentAt",
           sum(cardinality(faults)) over ()::integer as total
      from judged where faults <> '{}' order by drafted_at, id limit ${MOST_NAMED}`.execute(transaction);
  return rows;
}

export interface OutboundFigures {
  readonly letters: number;
  /** Being written, checked or signed off. */
  readonly onTheirWay: number;
  readonly sent: number;
  readonly recalled: number;
  readonly withdrawn: number;
  readonly recipients: number;
}

export async function countOutbound(transaction: Transaction<Tables>): Promise<OutboundFigures> {
  const { rows } = await sql<OutboundFigures>`
    select count(*) as letters, count(*) filter (where state in ('draft', 'checked', 'approved')) as "onTheirWay",
           count(*) filter (where state = 'sent') as sent, count(*) filter (where recalled_at is not null) as recalled,
           count(*) filter (where state = 'withdrawn') as withdrawn, (select count(*) from outbound_recipient) as recipients
      from outbound_letter`.execute(transaction);
  return rows[0] as OutboundFigures;
}
