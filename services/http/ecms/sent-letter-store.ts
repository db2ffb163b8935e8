import { sql, type Transaction } from "kysely";
import { normaliseLetterNumber } from "../../shared/letter/letter-number.ts";
import type { RecipientEvent } from "../../shared/letter/outbound.ts";
import type { Tables } from "../../shared/letter/tables.ts";

/** A recipient of a letter that an agency served here has sent. */
export interface SentTo {
  readonly letterId: string;
  readonly recipientId: string;
  readonly domain: string;
  /** Ten digits; null for one that the directory has no number of. */
  readonly organisationId: string | null;
}

/** More than a circular has. */
const MOST_RECIPIENTS = 1_000;

/**
 * To whom a letter of this number and date went out.
 * @param letter number as a client writes it, date yyyy-MM-dd
 */
export async function findSentTo(
  transaction: Transaction<Tables>,
  agencyId: string,
  { letterId, correspondenceDate }: { readonly letterId: string; readonly correspondenceDate: string },
): Promise<SentTo[]> {
  const number = normaliseLetterNumber(letterId) ?? letterId;
  const { rows } = await sql<SentTo>`
    select o.id as "letterId", p.id as "recipientId", p.domain,
           case when p.channel = 'ecms' then p.address else k.organisation_id end as "organisationId"
      from letters_numbered(${agencyId}, array[${number}]) n
      join outbound_line l on l.letter_id = n.letter_id
      join outbound_letter o on o.id = n.letter_id and o.state = 'sent'
      join outbound_recipient p on p.letter_id = o.id
      left join partner k on k.domain = p.domain
     where coalesce(l.letter_date, ${correspondenceDate}::date) = ${correspondenceDate}::date
     order by o.sent_at desc, p.no limit ${MOST_RECIPIENTS}`.execute(transaction);
  return rows;
}

/** The newest thing of one of these kinds that became known of a recipient, and is more than anybody's claim. */
export async function newestNews(
  transaction: Transaction<Tables>,
  recipientId: string,
  what: readonly RecipientEvent[],
): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select id::text from recipient_event
     where recipient_id = ${recipientId} and what = any(${[...what]}) and proof <> 'claim'
     order by id desc limit 1`.execute(transaction);
  return rows[0]?.id;
}

/** A letter that is not where it is to go yet. */
export interface OpenOutbound {
  readonly processId: string;
  readonly letterId: string;
  /** waiting: it is being read, or has no number yet; sending: the other office has not taken it. */
  readonly status: "waiting" | "sending" | "failed";
}

const MOST_OPEN = 1_000;

/** What a client has handed in by e-CMS and nobody has decided on yet, oldest first. */
export async function undecidedLetters(
  transaction: Transaction<Tables>,
  clientId: string,
): Promise<OpenOutbound[]> {
  const { rows } = await sql<OpenOutbound>`
    select d.process_id as "processId", d.letter_id as "letterId", 'waiting' as status
      from ecms_document d join intake i on i.id = d.intake_id and i.agency_id = d.agency_id
     where i.client_id = ${clientId} and d.deleted_at is null
       and not exists (select from outcome o where o.intake_id = i.id and o.outcome <> 'triage')
     order by i.arrival_seq limit ${MOST_OPEN}`.execute(transaction);
  return rows;
}

/**
 * Letters of the agency's own that are on their way to other offices by e-CMS, or were handed in for them by it, and that no
 * server, nor their program, has taken yet, oldest first.
 */
export async function openByNode(
  transaction: Transaction<Tables>,
  agencyId: string,
): Promise<OpenOutbound[]> {
  const { rows } = await sql<OpenOutbound>`
    select case o.origin when 'client' then o.id else p.id end as "processId",
           coalesce(o.client_number_printed, l.letter_number) as "letterId",
           case when s.failed then 'failed' else 'sending' end as status
      from outbound_recipient p
      join outbound_letter o on o.id = p.letter_id
      join outbound_line l on l.letter_id = o.id
      cross join lateral (select coalesce(bool_or(e.what = 'failed'), false) as failed,
                                 coalesce(bool_or(e.what not in ('failed', 'delayed', 'warned', 'escalated')
                                   -- In an inbox here it waits to be fetched.
                                   and (e.what <> 'accepted' or not exists (
                                     select from notice n where n.id::text = e.details ->> 'noticeId' and n.channel = 'inbox'))), false) as taken
                            from recipient_event e where e.recipient_id = p.id) s
     where p.agency_id = ${agencyId} and (p.channel = 'ecms' or o.origin = 'client') and o.state = 'sent' and not s.taken
       and o.sent_at > now() - interval '30 days'
     order by o.sent_at, p.no limit ${MOST_OPEN}`.execute(transaction);
  return rows;
}

/** Letters that a client has handed in to be passed on, and that the registry has not passed on yet, or will not; oldest first. */
export async function notPassedOn(transaction: Transaction<Tables>, actor: string): Promise<OpenOutbound[]> {
  const { rows } = await sql<OpenOutbound>`
    select d.process_id as "processId", d.letter_id as "letterId",
           case when r.result = 'refused' then 'failed' else 'sending' end as status
      from ecms_document d join act a on a.id = d.act_id left join act_result r on r.act_id = a.id
     where d.deleted_at is null and a.made_by = ${actor} and r.result is distinct from 'done'
     order by d.came_at limit ${MOST_OPEN}`.execute(transaction);
  return rows;
}
