import { sql, type Transaction } from "kysely";
import { ANSWERS } from "../../shared/letter/outbound.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { OwnerNews } from "./owner-facts.ts";

/** A sent letter, and whose it is. */
export interface OwnedLetter {
  readonly agencyId: string;
  readonly nameThai: string;
  readonly nameEnglish: string;
  readonly mailbox: string;
  readonly domain: string;
  readonly clerk: string | null;
  readonly ownerMail: string | null;
  readonly bookId: string | null;
  readonly year: number | null;
  readonly number: number | null;
  readonly letterNumber: string | null;
  readonly letterDate: string | null;
  readonly subject: string | null;
  readonly sentAt: Date;
}

export async function readOwnedLetter(
  transaction: Transaction<Tables>,
  letterId: string,
): Promise<OwnedLetter | undefined> {
  const { rows } = await sql<OwnedLetter>`
    select l.agency_id as "agencyId", a.name_th as "nameThai", a.name_en as "nameEnglish", a.mailbox, a.domain,
           a.contacts->>'clerk' as clerk, l.facts->>'ownerMail' as "ownerMail", l.book_id as "bookId", l.year, l.number,
           e.letter_number_printed as "letterNumber", e.letter_date as "letterDate", l.facts->>'subject' as subject,
           l.sent_at as "sentAt"
      from outbound_letter l join agency a on a.id = l.agency_id
      left join outbound_line e on e.letter_id = l.id
     where l.id = ${letterId} and l.sent_at is not null`.execute(transaction);
  return rows[0];
}

/** What has become of a letter at a recipient that no notice has told of yet. */
export interface UntoldNews {
  readonly eventId: number;
  readonly what: OwnerNews;
  readonly recipientId: string;
  readonly name: string;
  readonly address: string;
  readonly recordedAt: Date;
  readonly details: { readonly [field: string]: unknown };
  /** The newest of what is known of the letter there, short of an answer. */
  readonly known: "delayed" | "accepted" | "delivered" | "displayed" | "answered" | null;
}

/** In the order in which it became known. Who has answered meanwhile was silent no longer: that is not told any more. */
export async function findUntoldNews(
  transaction: Transaction<Tables>,
  letterId: string,
): Promise<UntoldNews[]> {
  const { rows } = await sql<UntoldNews>`
    select e.id as "eventId", e.what, r.id as "recipientId", r.name, r.address, e.recorded_at as "recordedAt", e.details,
           (select k.what from recipient_event k where k.recipient_id = r.id and k.proof <> 'claim'
               and k.what in ('delayed', 'accepted', 'delivered', 'displayed', 'answered') order by k.id desc limit 1) as known
      from outbound_recipient r join recipient_event e on e.recipient_id = r.id
     where r.letter_id = ${letterId} and e.what in ('failed', 'warned', 'escalated') and e.proof <> 'claim'
       and not exists (
         select from notice n where n.letter_id = ${letterId} and n.kind = 'owner'
            and n.facts @> jsonb_build_object('recipients', jsonb_build_array(jsonb_build_object('eventId', e.id))))
       and (e.what = 'failed' or not exists (
         select from recipient_event k where k.recipient_id = r.id and k.id > e.id and k.proof <> 'claim' and k.what = any (${[...ANSWERS]}))
         and not exists (
         select from outbound_event h where h.letter_id = ${letterId} and h.recipient_id = r.id and h.what = 'answer-noted'
            and h.made_at > e.recorded_at))
     order by e.id`.execute(transaction);
  return rows;
}
