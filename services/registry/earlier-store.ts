import { sql, type Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import type { Earlier, LetterIdentity, WaitingLetter } from "./decide-outcome.ts";

/**
 * Finds what the waiting letters may repeat. Run under the book's lock, so that two copies that are read at the same
 * moment cannot both miss each other; an arrival counts as earlier once it has an outcome.
 */
export async function findEarlier(
  transaction: Transaction<Tables>,
  agencyId: string,
  waiting: readonly WaitingLetter[],
): Promise<Earlier> {
  const digests = waiting.flatMap(({ contentDigest }) => contentDigest ?? []);
  const numbers = waiting.flatMap(({ verdict, number }) => (verdict === "ready" ? (number ?? []) : []));
  const { rows: messages } = await sql<{ content_digest: string; intake_id: string }>`
    select distinct on (r.content_digest) r.content_digest, r.intake_id
      from reading r join outcome o on o.intake_id = r.intake_id
     where r.agency_id = ${agencyId} and r.content_digest = any (${digests}::text[]) and o.outcome not in ('duplicate', 'ignored')
     order by r.content_digest, o.decided_at, r.intake_id`.execute(transaction);
  const { rows: entries } = await sql<LetterIdentity>`
    select intake_id as "intakeId", sender_domain as "senderDomain", letter_number as number,
           letter_date as "letterDate", letter_from as "from"
      from entry e where agency_id = ${agencyId} and letter_number = any (${numbers}::text[])
       and book_id = ${`${agencyId}.inbound.ordinary`}
       and not exists (select from entry_event h where h.book_id = e.book_id and h.year = e.year and h.number = e.number
                          and h.what = 'cancelled')
     order by year, number`.execute(transaction);
  return {
    byDigest: new Map(messages.map((row) => [row.content_digest, row.intake_id])),
    registered: entries,
  };
}
