import { sql, type Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import { type FaultRow, MOST_NAMED } from "./check-result.ts";

/** A line that does not continue its book, or a book-year whose last number is not that of its last line. */
export interface BookFault extends FaultRow {
  readonly fault:
    | "number-missing"
    | "number-repeated"
    | "time-falls"
    | "wrong-year"
    | "time-ahead"
    | "not-its-book"
    | "last-line-differs"
    | "year-without-lines";
  readonly bookId: string;
  readonly year: number;
  readonly number: number | null;
  /** The number before it in the year; 0 for the first. */
  readonly numberBefore: number | null;
  readonly registeredAt: Date | null;
  /** Time of the line before it, over years too. */
  readonly timeBefore: Date | null;
  /** What book_year says. */
  readonly lastNumber: number | null;
  readonly lastRegisteredAt: Date | null;
}

/** One pass over the lines in the order of each book. @param latest no line may be of later */
export async function findBookFaults(
  transaction: Transaction<Tables>,
  latest: Date,
): Promise<readonly BookFault[]> {
  const { rows } = await sql<BookFault>`
    with line as (
      select book_id, agency_id, year, number, registered_at,
             case when lag(year) over book = year then lag(number) over book else 0 end as number_before,
             lag(registered_at) over book as time_before,
             lead(year) over book is distinct from year as is_last
        from entry window book as (partition by book_id order by year, number)
    ), judged as (
      select l.*, y.last_number, y.last_registered_at,
             array_remove(array[
               case when l.number > l.number_before + 1 then 'number-missing' when l.number <= l.number_before then 'number-repeated' end,
               case when l.registered_at < l.time_before then 'time-falls' end,
               case when extract(year from l.registered_at at time zone 'Asia/Bangkok') <> l.year then 'wrong-year' end,
               case when l.registered_at > ${latest} then 'time-ahead' end,
               case when b.agency_id is distinct from l.agency_id then 'not-its-book' end,
               case when l.is_last and (y.last_number is distinct from l.number or y.last_registered_at is distinct from l.registered_at)
                 then 'last-line-differs' end], null) as faults
        from line l left join book b on b.id = l.book_id left join book_year y on y.book_id = l.book_id and y.year = l.year
    ), found as (
      select unnest(faults) as fault, book_id, agency_id, year, number, number_before, registered_at, time_before, last_number,
             last_registered_at
        from judged where faults <> '{}'
      union all
      select 'year-without-lines', book_id, agency_id, year, null, null, null, null, last_number, last_registered_at
        from book_year y where not exists (select from entry e where e.book_id = y.book_id and e.year = y.year)
    )
    select fault, agency_id as "agencyId", book_id as "bookId", year, number, number_before as "numberBefore",
           registered_at as "registeredAt", time_before as "timeBefore", last_number as "lastNumber",
           last_registered_at as "lastRegisteredAt", count(*) over () as total
      from found order by book_id, year, number limit ${MOST_NAMED}`.execute(transaction);
  return rows;
}

export interface BookFigures {
  readonly lines: number;
  readonly books: number;
  readonly bookYears: number;
}

export async function countBooks(transaction: Transaction<Tables>): Promise<BookFigures> {
  const { rows } = await sql<BookFigures>`
    select (select count(*) from entry) as lines, (select count(*) from book) as books,
           (select count(*) from book_year) as "bookYears"`.execute(transaction);
  return rows[0] as BookFigures;
}
