import { sql, type Transaction } from "kysely";
import type { Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Decided, WaitingLetter } from "./decide-outcome.ts";

/**
 * Takes the book's turn: the row stays locked until the transaction ends, so one worker at a time writes in a book.
 * The first turn makes the book.
 * @returns whether the book was there; else what was asked for together with its turn was answered before the turn
 */
export async function takeTurn(
  transaction: Transaction<Tables>,
  bookId: string,
  agencyId: string,
): Promise<boolean> {
  const turn = () =>
    transaction.updateTable("book").set({ turn: sql`turn + 1` }).where("id", "=", bookId).executeTakeFirst();
  if ((await turn()).numUpdatedRows > 0n) return true;
  const [, direction, series] = bookId.split(".");
  if (direction === undefined || series === undefined) throw new Error("not the id of a book");
  await transaction
    .insertInto("book")
    .values({ id: bookId, agency_id: agencyId, direction, series })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await turn();
  return false;
}

/** What a reading lists: kind, references with their numbers, enclosures; `r` is the reading. */
export const LISTS = sql`r.letter_kind as kind, r.enclosures,
       array(select c ->> 'printed' from jsonb_array_elements(r.citations) c) as "references",
       array(select distinct c ->> 'number' from jsonb_array_elements(r.citations) c where c ->> 'number' is not null) as "referenceNumbers"`;

/**
 * The book's waiting letters in order of arrival; the outbox is the list of what is still to be done. The list is cut
 * first, and each letter on it is looked up by its key: left to itself, the planner may read all arrivals there ever were
 * (row-level security makes it expect that hardly any can be seen).
 */
export async function waitingLetters(
  transaction: Transaction<Tables>,
  bookId: string,
  limit: number,
  onlyIntakeId?: string,
): Promise<WaitingLetter[]> {
  const { rows } = await sql<WaitingLetter>`
    with due as materialized (
      select subject_id, agency_id, arrival_seq from outbox
       where job = 'register-letter' and work_key = ${bookId} and failed_at is null
         and (not_before is null or not_before <= now())
         ${onlyIntakeId === undefined ? sql`` : sql`and subject_id = ${onlyIntakeId}`}
       order by arrival_seq limit ${limit})
    select i.id as "intakeId", i.arrived_at as "arrivedAt", i.door as channel, i.unit, r.verdict, r.reason,
           r.content_digest as "contentDigest", r.letter_digest as "letterDigest",
           jsonb_path_exists(r.attachments, '$[*] ? (!(@.inline == true))') as "hasFiles", r.secrecy <> 'normal' as "isMarked", split_part(r.sender_address, '@', 2) as "senderDomain", r.number,
           r.number_printed as "numberPrinted", r.letter_date as "letterDate", r.letter_from as "from",
           r.letter_to as "to", r.subject, r.urgency, ${LISTS}
      from due w
     cross join lateral (select * from intake where id = w.subject_id and agency_id = w.agency_id limit 1) i
     cross join lateral (select * from reading where intake_id = w.subject_id limit 1) r
     order by w.arrival_seq`.execute(transaction);
  return rows;
}

/** The book's newest entry over all years; undefined for an empty book. */
export async function lastOfBook(
  transaction: Transaction<Tables>,
  bookId: string,
): Promise<{ year: number; number: number; registeredAt: Date } | undefined> {
  const row = await transaction
    .selectFrom("book_year")
    .select(["year", "last_number", "last_registered_at"])
    .where("book_id", "=", bookId)
    .orderBy("year", "desc")
    .limit(1)
    .executeTakeFirst();
  return row && { year: row.year, number: row.last_number, registeredAt: row.last_registered_at };
}

/** Records what became of each letter: one row an arrival. */
export async function insertOutcomes(
  transaction: Transaction<Tables>,
  agencyId: string,
  decided: readonly Decided[],
  { at, clock }: Stamp,
  decidedBy: string,
): Promise<void> {
  const rows = decided.map(({ letter, outcome, reason, earlierIntakeId }) => ({
    intake_id: letter.intakeId,
    outcome,
    reason,
    earlier_intake_id: earlierIntakeId,
  }));
  // One text for batches of any size: it is planned once.
  await sql`
    insert into outcome (intake_id, agency_id, outcome, reason, earlier_intake_id, decided_at, clock, decided_by)
      select intake_id, ${agencyId}, outcome, reason, earlier_intake_id, ${at}, ${JSON.stringify(clock)}::jsonb, ${decidedBy}
        from jsonb_populate_recordset(null::outcome, ${JSON.stringify(rows)}::jsonb)`.execute(transaction);
}
