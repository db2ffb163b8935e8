import { sql, type Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import { together } from "../shared/runtime/database.ts";
import {
  contentsOf,
  type Earlier,
  type FirstArrival,
  type RegisteredLetter,
  type WaitingLetter,
} from "./decide-outcome.ts";

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
  const sameMessages = sql<FirstArrival & { digest: string }>`
    select given.content_digest as digest, first.intake_id as "intakeId", first.kept as "isKept", first.doubt
      from unnest(${digests}::text[]) as given(content_digest)
     cross join lateral (
       select r.intake_id, o.kept, o.doubt from reading r
        cross join lateral (
          select o.decided_at,
                 case when o.outcome = 'refused' or o.outcome = 'triage' and exists (select from tray_lying t where t.intake_id = o.intake_id)
                   then jsonb_build_object('outcome', o.outcome, 'reason', o.reason) end as doubt,
                 o.outcome = 'refused'
                   or exists (select from tray_lying t where t.intake_id = o.intake_id)
                   or exists (select from tray_decision t where t.intake_id = o.intake_id and t.decision = 'merged')
                   or exists (select from entry e where e.intake_id = o.intake_id and ${NOT_CANCELLED}) as kept
            from outcome o where o.intake_id = r.intake_id and o.outcome not in ('duplicate', 'ignored') limit 1) o
        where r.content_digest = given.content_digest and r.agency_id = ${agencyId}
        -- Of several copies the one that got furthest counts: after it every other one is a repetition.
        order by o.kept desc, o.doubt is not null, o.doubt->>'outcome' = 'refused', o.decided_at, r.intake_id limit 1) first`.execute(
    transaction,
  );
  const [{ rows: messages }, registered, byContents] = await together(
    sameMessages,
    findNumbered(transaction, agencyId, numbers),
    findByContents(transaction, agencyId, waiting),
  );
  return {
    byDigest: new Map(messages.map(({ digest, ...arrival }) => [digest, arrival])),
    registered,
    byContents,
  };
}

/** Entries with the files of one of the waiting letters, from the same sender. */
async function findByContents(
  transaction: Transaction<Tables>,
  agencyId: string,
  waiting: readonly WaitingLetter[],
): Promise<ReadonlyMap<string, string>> {
  const given = waiting.filter((letter) => contentsOf(letter) !== null);
  if (given.length === 0) return new Map();
  const { rows } = await sql<{ key: string; intakeId: string }>`
    select given.digest || ' ' || given.domain as key, first.intake_id as "intakeId"
      from unnest(${given.map(({ letterDigest }) => letterDigest)}::text[], ${given.map(({ senderDomain }) => senderDomain)}::text[])
        as given(digest, domain)
     cross join lateral (
       select e.intake_id from reading r join entry e on e.intake_id = r.intake_id
        where r.letter_digest = given.digest and r.agency_id = ${agencyId} and e.sender_domain = given.domain and ${NOT_CANCELLED}
        order by e.registered_at limit 1) first`.execute(transaction);
  return new Map(rows.map(({ key, intakeId }) => [key, intakeId]));
}

const NOT_CANCELLED = sql`not exists (select from entry_event h
  where h.book_id = e.book_id and h.year = e.year and h.number = e.number and h.what = 'cancelled')`;

/** Letters of the inbound book with one of these numbers, as their lines read today; cancelled ones are none. */
export async function findNumbered(
  transaction: Transaction<Tables>,
  agencyId: string,
  numbers: readonly string[],
): Promise<RegisteredLetter[]> {
  // Most numbers are in no book: one look-up tells, and only what it finds is read as it stands today.
  const { rows } = await sql<RegisteredLetter>`
    select l.* from lines_numbered(${agencyId}, ${[...new Set(numbers)]}::text[]) k
     cross join lateral (
       select l.intake_id as "intakeId", e.sender_domain as "senderDomain", l.letter_number as number,
              l.letter_date as "letterDate", l.letter_from as "from", l.registered_at,
              (select r.letter_digest from reading r where r.intake_id = l.intake_id) as "letterDigest"
         from entry e join register_line l on l.book_id = e.book_id and l.year = e.year and l.number = e.number
        where e.book_id = k.book_id and e.year = k.year and e.number = k.number
          and l.direction = 'inbound' and l.status = 'registered' and l.letter_number = any (${numbers}::text[]) offset 0) l
     order by l.registered_at`.execute(transaction);
  return rows;
}
