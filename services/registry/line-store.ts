import { sql, type Transaction } from "kysely";
import type { Act, NormalisedFacts } from "../shared/letter/act.ts";
import type { LineEventName, RegisterLine } from "../shared/letter/register-line.ts";
import type { Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Place } from "./act-store.ts";

/** A line as it reads now: the fields that events change, and whose letter it is. */
export type CurrentLine = Pick<RegisterLine, "status" | "direction" | "series"> &
  NormalisedFacts & {
    /** Null for what came by no door. */
    readonly intakeId: string | null;
    readonly isHandedOver: boolean;
    /** The request of the sender that nobody has answered yet. */
    readonly openRecallId: string | null;
  };

export async function readLine(
  transaction: Transaction<Tables>,
  { bookId, year, number }: Place,
): Promise<CurrentLine | undefined> {
  const { rows } = await sql<CurrentLine>`
    select status, direction, series, intake_id as "intakeId", letter_number as "letterNumber",
           letter_number_printed as "letterNumberPrinted", letter_date as "letterDate", letter_from as "from", letter_to as "to",
           subject, action, remarks, urgency, kind, "references", reference_numbers as "referenceNumbers", enclosures,
           exists (select from entry_event h where h.book_id = l.book_id and h.year = l.year and h.number = l.number
                      and h.what = 'handed-over') as "isHandedOver",
           (select case when h.what = 'recall-requested' then h.id end from entry_event h
             where h.book_id = l.book_id and h.year = l.year and h.number = l.number and h.what like 'recall-%'
             order by h.event_no desc limit 1) as "openRecallId"
      from register_line l where book_id = ${bookId} and year = ${year} and number = ${number}`.execute(
    transaction,
  );
  return rows[0];
}

/** Field → what it said and what it says now. */
export type Changes = Readonly<Record<string, { readonly old: unknown; readonly new: unknown }>>;

/** Something that happens to a line. */
export interface LineEvent {
  readonly what: LineEventName;
  readonly changes?: Changes;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Writes the next event of a book by a clerk's act; its time never falls. Run under the book's lock. */
export function insertEvent(
  transaction: Transaction<Tables>,
  act: Act,
  place: Place,
  event: LineEvent,
  stamp: Stamp,
): Promise<void> {
  const { id, agencyId, reason, madeBy, madeByName } = act;
  return insertEventBy(transaction, { id, agencyId, reason, madeBy, madeByName }, place, event, stamp);
}

/** Who says what happens to a line, and why. */
export type EventAuthor = Pick<Act, "id" | "agencyId" | "reason" | "madeByName"> & {
  readonly madeBy: string;
};

/** The same by whoever it is. */
export async function insertEventBy(
  transaction: Transaction<Tables>,
  { id, agencyId, reason, madeBy, madeByName }: EventAuthor,
  { bookId, year, number }: Place,
  { what, changes = {}, details = {} }: LineEvent,
  { at, clock }: Stamp,
): Promise<void> {
  await sql`
    with last as (select event_no, made_at from entry_event where book_id = ${bookId} order by event_no desc limit 1)
    insert into entry_event (book_id, event_no, id, agency_id, year, number, what, changes, details, reason, made_by, made_by_name, made_at, clock)
      select ${bookId}, coalesce((select event_no from last), 0) + 1, ${id}, ${agencyId}, ${year}, ${number},
             ${what}, ${JSON.stringify(changes)}::jsonb, ${JSON.stringify(details)}::jsonb, ${reason || what}, ${madeBy}, ${madeByName},
             greatest(${at}::timestamptz, (select made_at from last)), ${JSON.stringify(clock)}::jsonb`.execute(
    transaction,
  );
}
