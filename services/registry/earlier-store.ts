import { sql, type Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import type { Earlier, LetterIdentity, WaitingLetter } from "./decide-outcome.ts";

/**
 * Finds what the waiting letters may repeat. Run under the book's lock, so that two copies that are read at the same
 * moment cannot both miss each other; an arrival counts as earlier once it has an outcome. Digests and numbers are each
 * looked up by themselves (lateral, cut by limit or offset): as one join the planner, which row-level security makes expect
 * hardly any rows, may read all outcomes, or the whole book, for every batch.
 */
export async function findEarlier(
  transaction: Transaction<Tables>,
  agencyId: string,
  waiting: readonly WaitingLetter[],
): Promise<Earlier> {
  const digests = waiting.flatMap(({ contentDigest }) => contentDigest ?? []);
  const numbers = waiting.flatMap(({ verdict, number }) => (verdict === "ready" ? (number ?? []) : []));
  const { rows: messages } = await sql<{ content_digest: string; intake_id: string }>`
    select given.content_digest, first.intake_id
      from unnest(${digests}::text[]) as given(content_digest)
     cross join lateral (
       select r.intake_id from reading r
        cross join lateral (select o.decided_at from outcome o
                             where o.intake_id = r.intake_id and o.outcome not in ('duplicate', 'ignored') limit 1) o
        where r.content_digest = given.content_digest and r.agency_id = ${agencyId}
        order by o.decided_at, r.intake_id limit 1) first`.execute(transaction);
  const { rows: entries } = await sql<LetterIdentity>`
    select e.* from unnest(${numbers}::text[]) as given(letter_number)
     cross join lateral (
       select intake_id as "intakeId", sender_domain as "senderDomain", letter_number as number,
              letter_date as "letterDate", letter_from as "from"
         from entry e where letter_number = given.letter_number and agency_id = ${agencyId}
          and book_id || '' = ${`${agencyId}.inbound.ordinary`} -- or the key's index, through the whole book, looks as good
          and not exists (select from entry_event h where h.book_id = e.book_id and h.year = e.year and h.number = e.number
                          and h.what = 'cancelled')
        order by e.year, e.number offset 0) e`.execute(transaction);
  return {
    byDigest: new Map(messages.map((row) => [row.content_digest, row.intake_id])),
    registered: entries,
  };
}
