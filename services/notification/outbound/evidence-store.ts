import { sql, type Transaction } from "kysely";
import type { Tables } from "../../shared/letter/tables.ts";

/** A recipient of a letter of ours that a statement may be about. */
export interface Addressed {
  readonly recipientId: string;
  readonly letterId: string;
  readonly agencyId: string;
  /** The mail address that it was sent to, and the office's domain, in lower case. */
  readonly address: string;
  readonly domain: string;
}

/** The recipient whose mail (the letter, or its recall) has this Message-ID, and whether any message of ours has it. */
export async function findByMessageId(
  transaction: Transaction<Tables>,
  messageId: string,
): Promise<{ readonly isOurs: boolean; readonly recipient: Addressed | null }> {
  const { rows } = await sql<Addressed | { recipientId: null }>`
    select r.id as "recipientId", r.letter_id as "letterId", r.agency_id as "agencyId", lower(r.address) as address,
           lower(r.domain) as domain
      from notice n left join outbound_recipient r on r.id = n.recipient_id and n.kind in ('letter', 'recall')
     where n.message_id = ${messageId}`.execute(transaction);
  const [row] = rows;
  return { isOurs: row !== undefined, recipient: row?.recipientId != null ? row : null };
}

/** Recipients of the sent letter with this number (canonical) and date. Numbers begin again each year, so both count. */
export async function findByNumber(
  transaction: Transaction<Tables>,
  number: string,
  date: string,
): Promise<Addressed[]> {
  const { rows } = await sql<Addressed>`
    select r.id as "recipientId", r.letter_id as "letterId", r.agency_id as "agencyId", lower(r.address) as address,
           lower(r.domain) as domain
      from entry e join outbound_letter l on l.book_id = e.book_id and l.year = e.year and l.number = e.number
      join outbound_recipient r on r.letter_id = l.id
     where e.letter_number = ${number} and e.letter_date = ${date} and l.state = 'sent' limit 1000`.execute(
    transaction,
  );
  return rows;
}

/** The newest letter with this number that was sent to an office of this domain, for what nothing proves anyway. */
export async function findSentTo(
  transaction: Transaction<Tables>,
  number: string,
  domain: string,
): Promise<Addressed | null> {
  const { rows } = await sql<Addressed>`
    select r.id as "recipientId", r.letter_id as "letterId", r.agency_id as "agencyId", lower(r.address) as address,
           lower(r.domain) as domain
      from entry e join outbound_letter l on l.book_id = e.book_id and l.year = e.year and l.number = e.number
      join outbound_recipient r on r.letter_id = l.id
     where e.letter_number = ${number} and lower(r.domain) = ${domain} and l.state = 'sent'
     order by l.sent_at desc, r.no limit 1`.execute(transaction);
  return rows[0] ?? null;
}

/** Whether an agency of this installation has the domain: its receipts are signed with our own keys. */
export async function isOwnDomain(transaction: Transaction<Tables>, domain: string): Promise<boolean> {
  const { rows } = await sql`select 1 from agency where domain = ${domain}`.execute(transaction);
  return rows.length > 0;
}
