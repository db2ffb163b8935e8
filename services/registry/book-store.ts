import { sql, type Transaction } from "kysely";
import type { ClockState, Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Decided, WaitingLetter } from "./decide-outcome.ts";

/** One line of the book, about to be written. */
export interface Registration {
  readonly letter: WaitingLetter;
  readonly number: number;
  readonly year: number;
  readonly registeredAt: Date;
  readonly clock: ClockState;
  readonly registeredBy: string;
}

/**
 * Takes the book's turn: the row stays locked until the transaction ends, so one worker at a time writes in a book.
 * The first turn makes the book.
 */
export async function takeTurn(
  transaction: Transaction<Tables>,
  bookId: string,
  agencyId: string,
): Promise<void> {
  const turn = () =>
    transaction.updateTable("book").set({ turn: sql`turn + 1` }).where("id", "=", bookId).executeTakeFirst();
  if ((await turn()).numUpdatedRows > 0n) return;
  const [, direction, series] = bookId.split(".");
  if (direction === undefined || series === undefined) throw new Error("not the id of a book");
  await transaction
    .insertInto("book")
    .values({ id: bookId, agency_id: agencyId, direction, series })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await turn();
}

/** The book's waiting letters in order of arrival; the outbox is the list of what is still to be done. */
export async function waitingLetters(
  transaction: Transaction<Tables>,
  bookId: string,
  limit: number,
  onlyIntakeId?: string,
): Promise<WaitingLetter[]> {
  const { rows } = await sql<WaitingLetter>`
    select i.id as "intakeId", i.arrived_at as "arrivedAt", i.unit, r.verdict, r.reason,
           r.content_digest as "contentDigest", split_part(r.sender_address, '@', 2) as "senderDomain", r.number,
           r.number_printed as "numberPrinted", r.letter_date as "letterDate", r.letter_from as "from",
           r.letter_to as "to", r.subject, r.urgency
      from outbox w join intake i on i.id = w.subject_id join reading r on r.intake_id = w.subject_id
     where w.job = 'register-letter' and w.work_key = ${bookId} and w.failed_at is null
       and (w.not_before is null or w.not_before <= now())
       ${onlyIntakeId === undefined ? sql`` : sql`and w.subject_id = ${onlyIntakeId}`}
     order by i.arrival_seq limit ${limit}`.execute(transaction);
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

/** Writes lines of the book; the database refuses them unless they continue it (trigger continue_book). */
export async function insertEntries(
  transaction: Transaction<Tables>,
  bookId: string,
  agencyId: string,
  registrations: readonly Registration[],
): Promise<void> {
  const rows = registrations.map(({ letter, number, year, registeredAt, clock, registeredBy }) => ({
    year,
    number,
    intake_id: letter.intakeId,
    registered_at: registeredAt.toISOString(),
    clock,
    registered_by: registeredBy,
    arrived_at: letter.arrivedAt.toISOString(),
    letter_number: letter.number,
    letter_number_printed: letter.numberPrinted,
    letter_date: letter.letterDate,
    letter_from: letter.from,
    letter_to: letter.to,
    subject: letter.subject,
    urgency: letter.urgency,
    unit: letter.unit,
    sender_domain: letter.senderDomain,
  }));
  await sql`
    insert into entry (book_id, agency_id, year, number, intake_id, registered_at, clock, registered_by, arrived_at,
        letter_number, letter_number_printed, letter_date, letter_from, letter_to, subject, urgency, unit, sender_domain)
      select ${bookId}, ${agencyId}, year, number, intake_id, registered_at, clock, registered_by, arrived_at,
        letter_number, letter_number_printed, letter_date, letter_from, letter_to, subject, urgency, unit, sender_domain
        from jsonb_populate_recordset(null::entry, ${JSON.stringify(rows)}::jsonb)
       order by year, number`.execute(transaction);
}

/** Records what became of each letter: one row an arrival. */
export async function insertOutcomes(
  transaction: Transaction<Tables>,
  agencyId: string,
  decided: readonly Decided[],
  { at, clock }: Stamp,
  decidedBy: string,
): Promise<void> {
  await transaction
    .insertInto("outcome")
    .values(
      decided.map(({ letter, outcome, reason, earlierIntakeId }) => ({
        intake_id: letter.intakeId,
        agency_id: agencyId,
        outcome,
        reason,
        earlier_intake_id: earlierIntakeId,
        decided_at: at,
        clock: JSON.stringify(clock),
        decided_by: decidedBy,
      })),
    )
    .execute();
}
