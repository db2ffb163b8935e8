import { sql, type Transaction } from "kysely";
import { readOwnKeys } from "../shared/letter/evidence/public-key-store.ts";
import type { Recall } from "../shared/letter/evidence/recall.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Place } from "./act-store.ts";

/** A mail that carries a recall. */
export interface RecallMail {
  readonly arrivedAt: Date;
  /** Domain of From, and how sure it is. */
  readonly senderDomain: string | null;
  readonly standing: string;
  /** What reading has found in it: a compact JWS. */
  readonly evidence: unknown;
}

export async function readRecallMail(
  transaction: Transaction<Tables>,
  intakeId: string,
): Promise<RecallMail | undefined> {
  const { rows } = await sql<RecallMail>`
    select i.arrived_at as "arrivedAt", lower(split_part(r.sender_address, '@', 2)) as "senderDomain", r.standing,
           r.report -> 'evidence' as evidence
      from intake i join reading r on r.intake_id = i.id where i.id = ${intakeId}`.execute(transaction);
  return rows[0];
}

/**
 * The keys of an office and its name: those that a partner publishes today, our own for an agency that is served here; none
 * for any other domain.
 */
export async function readOffice(
  transaction: Transaction<Tables>,
  domain: string,
): Promise<{
  readonly name: string | null;
  readonly keys: readonly { readonly kid: string; readonly jwk: unknown }[];
  /** Whether it says where they are published. */
  readonly publishesKeys: boolean;
}> {
  const { rows: served } = await sql<{ name: string }>`
    select name_th as name from agency where domain = ${domain} and active`.execute(transaction);
  if (served[0]) {
    const keys = (await readOwnKeys(transaction)).filter(({ revokedAt }) => revokedAt === null);
    return { name: served[0].name, keys, publishesKeys: false };
  }
  const { rows } = await sql<{ name: string; kid: string | null; jwk: unknown; publishes: boolean }>`
    select p.name_th as name, k.kid, k.jwk, p.keys_url is not null as publishes from partner p left join partner_key k on k.domain = p.domain and k.active
     where p.domain = ${domain} and p.active`.execute(transaction);
  return {
    name: rows[0]?.name ?? null,
    keys: rows.flatMap(({ kid, jwk }) => (kid === null ? [] : [{ kid, jwk }])),
    publishesKeys: rows[0]?.publishes ?? false,
  };
}

/** A line that a recall may mean, and what was asked of it before. */
export interface RecalledLine extends Place {
  /** The last request that nobody has answered yet; null when there is none. */
  readonly openProof: "signature" | "claim" | null;
  /** Whether this very request has been recorded with a signature before. */
  readonly isRepeated: boolean;
}

/** The newest registered inbound line of this sender with this number, and with this date as far as both are known. */
export async function findRecalledLine(
  transaction: Transaction<Tables>,
  agencyId: string,
  { agency, letter, recallId }: Recall,
): Promise<RecalledLine | undefined> {
  const { rows } = await sql<RecalledLine>`
    select l.book_id as "bookId", l.year, l.number,
           (select case when h.what = 'recall-requested' then coalesce(h.details ->> 'proof', 'claim') end from entry_event h
             where h.book_id = l.book_id and h.year = l.year and h.number = l.number and h.what like 'recall-%'
             order by h.event_no desc limit 1) as "openProof",
           exists (select from entry_event h where h.book_id = l.book_id and h.year = l.year and h.number = l.number
             and h.what = 'recall-requested' and h.details ->> 'recallId' = ${recallId} and h.details ->> 'proof' = 'signature') as "isRepeated"
      from lines_numbered(${agencyId}, array[${letter.number}]) k
     cross join lateral (
       select l.* from entry e join register_line l on l.book_id = e.book_id and l.year = e.year and l.number = e.number
        where e.book_id = k.book_id and e.year = k.year and e.number = k.number and e.sender_domain = ${agency.domain.toLowerCase()}
          and l.direction = 'inbound' and l.status = 'registered' and l.letter_number = ${letter.number}
          and (l.letter_date = ${letter.date}::date or l.letter_date is null or ${letter.date}::date is null) offset 0) l
     order by l.registered_at desc limit 1`.execute(transaction);
  return rows[0];
}

/**
 * Where a letter lies that stands in no book: in the tray, or still on its way there. Both are few, whatever has ever come.
 */
export async function findUnregistered(
  transaction: Transaction<Tables>,
  agencyId: string,
  { agency, letter }: Recall,
): Promise<"in-the-tray" | "on-its-way" | null> {
  const { rows } = await sql<{ place: "in-the-tray" | "on-its-way" }>`
    with lying (intake_id, place) as (
      select intake_id, 'in-the-tray' from tray_lying where agency_id = ${agencyId}
      union all select subject_id, 'on-its-way' from outbox where job = 'register-letter' and agency_id = ${agencyId})
    select t.place from lying t cross join lateral (select * from reading where intake_id = t.intake_id offset 0) r
     where r.number = ${letter.number} and lower(split_part(r.sender_address, '@', 2)) = ${agency.domain.toLowerCase()}
       and (r.letter_date = ${letter.date}::date or r.letter_date is null or ${letter.date}::date is null)
     order by t.place desc limit 1`.execute(transaction);
  return rows[0]?.place ?? null;
}
