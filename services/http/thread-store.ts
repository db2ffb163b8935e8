import { type RawBuilder, sql, type Transaction } from "kysely";
import type { LineKey } from "../shared/letter/read-lines.ts";
import type { Direction, LineStatus } from "../shared/letter/register-line.ts";
import type { Tables } from "../shared/letter/tables.ts";

/** A line as another one's thread names it. */
export interface ThreadLine extends LineKey {
  readonly direction: Direction;
  readonly status: LineStatus;
  readonly letterNumber: string | null;
  readonly letterDate: string | null;
  readonly from: string | null;
  readonly subject: string | null;
  readonly registeredAt: Date;
}

const SUMMARY = sql`
  l.book_id as "bookId", l.year, l.number, l.direction, l.status, l.letter_number as "letterNumber",
  l.letter_date as "letterDate", l.letter_from as "from", l.subject, l.registered_at as "registeredAt"`;

/**
 * Lines of the agency that bear one of these letter numbers and are not cancelled, at most so many, oldest first. Numbers
 * start again each January, so one number may name several lines.
 */
export function linesNumbered(
  transaction: Transaction<Tables>,
  agencyId: string,
  letterNumbers: readonly string[],
  most: number,
): Promise<ThreadLine[]> {
  return threadLines(
    transaction,
    sql`select * from lines_numbered(${agencyId}, ${letterNumbers}::text[])`,
    sql`l.letter_number = any (${letterNumbers}::text[])`,
    most,
  );
}

/** Lines of the agency that refer to the letter with this number and are not cancelled, at most so many, oldest first. */
export function linesReferringTo(
  transaction: Transaction<Tables>,
  agencyId: string,
  letterNumber: string,
  most: number,
): Promise<ThreadLine[]> {
  return threadLines(
    transaction,
    sql`select * from lines_referring_to(${agencyId}, ${letterNumber})`,
    sql`l.reference_numbers @> array[${letterNumber}]::text[]`,
    most,
  );
}

/**
 * Two steps: where a line was written so, or an event made it so, and then whether it still reads so. The view alone would
 * have to be made for every line of the agency.
 */
async function threadLines(
  transaction: Transaction<Tables>,
  candidates: RawBuilder<unknown>,
  still: RawBuilder<unknown>,
  most: number,
): Promise<ThreadLine[]> {
  const { rows } = await sql<ThreadLine>`
    with candidate as materialized (${candidates})
    select ${SUMMARY} from candidate join register_line l using (book_id, year, number)
     where ${still} and l.status <> 'cancelled'
     order by l.registered_at, l.book_id, l.number limit ${most}`.execute(transaction);
  return rows;
}
