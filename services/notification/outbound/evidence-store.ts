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

/**
 * The recipient whose mail has this Message-ID, and whether any message of ours has it.
 * @param kinds what the mail has brought: an answer to a recall may name either, every other statement speaks of the letter
 */
export async function findByMessageId(
  transaction: Transaction<Tables>,
  messageId: string,
  kinds: readonly ("letter" | "recall")[],
): Promise<{ readonly isOurs: boolean; readonly recipient: Addressed | null }> {
  const { rows } = await sql<Addressed | { recipientId: null }>`
    select r.id as "recipientId", r.letter_id as "letterId", r.agency_id as "agencyId", lower(r.address) as address,
           lower(r.domain) as domain
      from notice n left join outbound_recipient r on r.id = n.recipient_id and n.kind = any (${kinds}::text[])
     where n.message_id = ${messageId}`.execute(transaction);
  const [row] = rows;
  return { isOurs: row !== undefined, recipient: row?.recipientId != null ? row : null };
}

/**
 * Recipients of the sent letter with this number (canonical) and date, the newest letter first. Numbers begin again each year, so both count. A letter
 * that has filled a reserved line has its number from an event; its date is the one that it was sent with.
 */
export async function findByNumber(
  transaction: Transaction<Tables>,
  agencyId: string,
  number: string,
  date: string,
): Promise<Addressed[]> {
  const { rows } = await sql<Addressed>`
    select r.id as "recipientId", r.letter_id as "letterId", r.agency_id as "agencyId", lower(r.address) as address,
           lower(r.domain) as domain
      from letters_numbered(${agencyId}, array[${number}]) k
      join outbound_letter l on l.id = k.letter_id
      left join entry e on e.book_id = l.book_id and e.year = l.year and e.number = l.number
      join outbound_recipient r on r.letter_id = l.id
     where coalesce(l.facts ->> 'letterDate', e.letter_date::text) = ${date} and l.state = 'sent'
     order by l.sent_at desc, r.no limit 1000`.execute(transaction);
  return rows;
}

/** The newest letter with this number that was sent to an office of this domain, for what nothing proves anyway. */
export async function findSentTo(
  transaction: Transaction<Tables>,
  agencyId: string,
  number: string,
  domain: string,
): Promise<Addressed | null> {
  const { rows } = await sql<Addressed>`
    select r.id as "recipientId", r.letter_id as "letterId", r.agency_id as "agencyId", lower(r.address) as address,
           lower(r.domain) as domain
      from letters_numbered(${agencyId}, array[${number}]) k
      join outbound_letter l on l.id = k.letter_id
      join outbound_recipient r on r.letter_id = l.id
     where lower(r.domain) = ${domain} and l.state = 'sent'
     order by l.sent_at desc, r.no limit 1`.execute(transaction);
  return rows[0] ?? null;
}

/**
 * Whether an agency of this installation has the domain, or had it: its receipts are signed with our own keys, and while it is
 * served here with nobody else's.
 */
export async function ownDomain(
  transaction: Transaction<Tables>,
  domain: string,
): Promise<"served" | "served-once" | null> {
  const { rows } = await sql<{ isActive: boolean }>`
    select coalesce(bool_or(active), false) as "isActive" from agency where domain = ${domain} having count(*) > 0`.execute(
    transaction,
  );
  const [own] = rows;
  return own ? (own.isActive ? "served" : "served-once") : null;
}
