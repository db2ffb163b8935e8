import { sql, type Transaction } from "kysely";
import type { LineKey } from "../shared/letter/read-lines.ts";
import type { RecipientNews } from "../shared/letter/recipient-state.ts";
import type { ClockState } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";

/** To whom a letter was sent. */
export interface RecipientRow {
  readonly recipientId: string;
  readonly no: number;
  readonly name: string;
  readonly domain: string;
  readonly address: string;
  readonly channel: string;
}

export async function readRecipients(
  transaction: Transaction<Tables>,
  letterId: string,
  most: number,
): Promise<RecipientRow[]> {
  const { rows } = await sql<RecipientRow>`
    select id as "recipientId", no, name, domain, address, channel
      from outbound_recipient where letter_id = ${letterId} order by no limit ${most}`.execute(transaction);
  return rows;
}

/** News as they stand in the tables. */
export interface RecordedNews extends RecipientNews {
  readonly recipientId: string;
  /** The mail that brought it, for what came by mail. */
  readonly intakeId: string | null;
  readonly evidenceId: string | null;
  /** Who noted it, of what a clerk was told. */
  readonly notedByName: string | null;
  readonly recordedAt: Date;
  readonly clock: ClockState;
}

/** Of each recipient; claims apart, or whoever makes many could hide what is proved. */
const MOST_PROVED = 50;
const MOST_CLAIMS = 10;

/** What is known of recipients, the newest of each, oldest of them first. */
export async function readNews(
  transaction: Transaction<Tables>,
  recipientIds: readonly string[],
): Promise<ReadonlyMap<string, readonly RecordedNews[]>> {
  if (recipientIds.length === 0) return new Map();
  const { rows } = await sql<RecordedNews>`
    with given as (select unnest(${recipientIds}::uuid[]) as id),
    recorded as (
      select e.*, row_number() over (partition by e.recipient_id, e.proof = 'claim' order by e.id desc) as place
        from recipient_event e join given g on g.id = e.recipient_id),
    noted as (
      select n.recipient_id, n.details ->> 'what' as what, n.details, n.made_at, n.made_by_name, n.clock, n.event_no,
             least((n.details ->> 'at')::timestamptz, n.made_at) as happened_at
        from outbound_event n
       where n.what = 'answer-noted' and n.recipient_id = any (${recipientIds}::uuid[])
         and n.letter_id in (select p.letter_id from outbound_recipient p join given g on g.id = p.id))
    select recipient_id as "recipientId", what, source, proof, intake_id as "intakeId", evidence_id as "evidenceId", details,
           null as "notedByName", happened_at as "happenedAt", recorded_at as "recordedAt", clock, id as place
      from recorded where place <= case when proof = 'claim' then ${MOST_CLAIMS} else ${MOST_PROVED} end::int
    union all
    select recipient_id, what, 'clerk', 'clerk', null, null, details, made_by_name,
           happened_at, made_at, clock, event_no from noted
     order by "recordedAt", place`.execute(transaction);
  return Map.groupBy(
    rows.map(({ place: _, ...news }: RecordedNews & { readonly place?: unknown }) => news),
    ({ recipientId }) => recipientId,
  );
}

/** A recipient whose office has not answered. */
export interface UnansweredRow extends RecipientRow {
  readonly letterId: string;
  readonly subject: string | null;
  readonly letterNumber: string | null;
  /** Null for one that a client has numbered. */
  readonly line: LineKey | null;
  readonly sentAt: Date;
  /** When it was sent there last. */
  readonly waitingSince: Date;
  readonly recalledAt: Date | null;
}

/**
 * Recipients without an answer (ยังไม่ได้รับการตอบรับ), who wait longest first. An answer that nothing proves is none.
 * @param after the recipient after which the page begins, answered meanwhile or not; null for the first page
 */
export async function listUnanswered(
  transaction: Transaction<Tables>,
  agencyId: string,
  after: string | null,
  limit: number,
): Promise<UnansweredRow[]> {
  const { rows } = await sql<UnansweredRow>`
    with page as materialized (
      select u.recipient_id from unanswered_recipient u where u.agency_id = ${agencyId}
         ${after === null ? sql`` : sql`and u.recipient_id > ${after}::uuid`}
       order by u.recipient_id limit ${limit})
    select p.id as "recipientId", p.no, p.name, p.domain, p.address, p.channel, l.id as "letterId",
           coalesce(r.subject, l.facts ->> 'subject') as subject, r.letter_number as "letterNumber",
           case when l.number is not null then jsonb_build_object('bookId', l.book_id, 'year', l.year, 'number', l.number) end as line,
           l.sent_at as "sentAt", l.recalled_at as "recalledAt",
           greatest(l.sent_at, (select max(x.made_at) from outbound_event x where x.letter_id = l.id and x.what = 'resent'
             and coalesce(x.recipient_id, p.id) = p.id)) as "waitingSince"
      from page join outbound_recipient p on p.id = page.recipient_id join outbound_letter l on l.id = p.letter_id
        left join outbound_line r on r.letter_id = l.id
     order by p.id`.execute(transaction);
  return rows;
}
