import { type RawBuilder, sql, type Transaction } from "kysely";
import { keyText, LINE_COLUMNS, type LineKey } from "../shared/letter/read-lines.ts";
import type { RegisterLine } from "../shared/letter/register-line.ts";
import { EVERY_LINE, SEARCH_RULES, searchKeys } from "../shared/letter/search-text.ts";
import type { Tables } from "../shared/letter/tables.ts";

/** What is searched for, in the spelling of the index (search-query.ts makes it of what a clerk writes). */
export interface LineSearch {
  readonly agencies: readonly string[];
  /** Folded; a line has to contain all of them. */
  readonly terms: readonly string[];
  readonly facets: readonly string[];
  /** Registered in [from, to). */
  readonly from: Date;
  readonly to: Date;
  /** Dated within these days, both included; null where it does not matter. */
  readonly letterFrom: string | null;
  readonly letterTo: string | null;
  /** -1 newest first, 1 oldest first. */
  readonly direction: -1 | 1;
  /** The place after which the page begins; null for the first page. */
  readonly after: Place | null;
}

/** A line's place in the order of registration. */
export interface Place extends LineKey {
  readonly registeredAt: Date;
}

/** Months of letter dates beyond which the index does not help: the dates are then only compared. */
const MOST_LETTER_MONTHS = 24;

/**
 * Places of the matching lines of the index, in order, at most so many (database function search_lines).
 * @param except keys (keyText) of lines whose index is out of date
 */
export async function findPlaces(
  transaction: Transaction<Tables>,
  search: LineSearch,
  except: readonly string[],
  most: number,
): Promise<Place[]> {
  if (isByTimeAlone(search)) return placesByTime(transaction, search, except, most);
  const { rows } = await sql<Place>`
    select book_id as "bookId", year, number, registered_at as "registeredAt"
      from ${searchCall(search, except, most)}`.execute(transaction);
  return rows;
}

function searchCall(search: LineSearch, except: readonly string[], most: number): RawBuilder<unknown> {
  const { all, oneOf } = searchKeys(search.terms, search.facets, [letterMonths(search)].filter(isUseful));
  const { after } = search;
  const [some = null, more = null] = oneOf;
  return sql`search_lines(${search.agencies}::text[], ${search.terms}::text[],
        ${all.length === 0 ? [EVERY_LINE] : all}::int[], ${some}::int[], ${more}::int[], ${search.facets}::text[],
        ${search.from}, ${search.to}, ${search.letterFrom}::date, ${search.letterTo}::date, ${except}::text[],
        ${search.direction}, ${after?.registeredAt ?? null}, ${after?.number ?? null}, ${after?.bookId ?? null}, ${most})`;
}

/** Whether nothing is looked for but a time of registration. */
export function isByTimeAlone({ terms, facets, letterFrom, letterTo }: LineSearch): boolean {
  return terms.length === 0 && facets.length === 0 && letterFrom === null && letterTo === null;
}

/** The same by the index of times. */
async function placesByTime(
  transaction: Transaction<Tables>,
  { agencies, from, to, direction, after }: LineSearch,
  except: readonly string[],
  most: number,
): Promise<Place[]> {
  const out = new Set(except);
  const { rows } = await sql<Place>`
    select book_id as "bookId", year, number, registered_at as "registeredAt"
      from lines_by_time(${agencies}::text[], ${from}, ${to}, ${direction}, ${after?.registeredAt ?? null},
        ${after?.number ?? null}, ${after?.bookId ?? null}, ${most + except.length})`.execute(transaction);
  return rows.filter((place) => !out.has(keyText(place)));
}

/** How many lines the open books hold for a period, exact. */
export async function countByTime(
  transaction: Transaction<Tables>,
  { agencies, from, to }: LineSearch,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count_lines(${agencies}::text[], ${from}, ${to}) as count`.execute(transaction);
  return rows[0]?.count ?? 0;
}

/** A line that the index does not show as it is: not indexed yet, or changed since. */
export type FreshLine = RegisterLine & { readonly isIndexed: boolean };

/** Lines of the agencies that wait to be indexed, by the numbers alone: no line is looked at. */
export async function countNotIndexed(
  transaction: Transaction<Tables>,
  agencies: readonly string[],
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select coalesce(sum(y.last_number - case when y.year = p.year then p.number else 0 end), 0)
         + coalesce((select sum(h.last - coalesce(p.event_no, 0)) from book b
             left join search_progress p on p.book_id = b.id and p.version = ${SEARCH_RULES}
             cross join lateral (select max(event_no) as last from entry_event where book_id = b.id) h
            where b.agency_id = any (${agencies}::text[])), 0) as count
      from book b left join search_progress p on p.book_id = b.id and p.version = ${SEARCH_RULES}
      join book_year y on y.book_id = b.id and y.year >= coalesce(p.year, 0)
     where b.agency_id = any (${agencies}::text[])`.execute(transaction);
  return rows[0]?.count ?? 0;
}

/** Those lines as they read now. */
export async function linesNotIndexed(
  transaction: Transaction<Tables>,
  agencies: readonly string[],
): Promise<FreshLine[]> {
  const { rows } = await sql<FreshLine>`
    select ${LINE_COLUMNS}, k.indexed as "isIndexed"
      from book b left join search_progress p on p.book_id = b.id and p.version = ${SEARCH_RULES}
      cross join lateral (
        (select y.year, e.number, false as indexed from book_year y
           cross join lateral (select case when y.year = p.year then p.number else 0 end as after) d
           cross join lateral (select n.number from entry n where n.book_id = b.id and n.year = y.year and n.number > d.after) e
          where y.book_id = b.id and y.year >= coalesce(p.year, 0) and y.last_number > d.after)
        union
        (select h.year, h.number, true from entry_event h where h.book_id = b.id and h.event_no > coalesce(p.event_no, 0)
            and (h.year, h.number) <= (coalesce(p.year, 0), coalesce(p.number, 0)))) k
      join register_line l on l.book_id = b.id and l.year = k.year and l.number = k.number
     where b.agency_id = any (${agencies}::text[])`.execute(transaction);
  return rows;
}

/** How many lines of the index match, at most so many. */
export async function countPlaces(
  transaction: Transaction<Tables>,
  search: LineSearch,
  except: readonly string[],
  most: number,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from ${searchCall({ ...search, after: null }, except, most)}`.execute(
    transaction,
  );
  return rows[0]?.count ?? 0;
}

function letterMonths({ letterFrom, letterTo }: LineSearch): string[] {
  if (letterFrom === null || letterTo === null) return [];
  const months: string[] = [];
  const place = (date: string): number => Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7)) - 1;
  for (
    let month = place(letterFrom);
    month <= place(letterTo) && months.length <= MOST_LETTER_MONTHS;
    month++
  ) {
    months.push(
      `letter-month:${String(Math.floor(month / 12)).padStart(4, "0")}-${String((month % 12) + 1).padStart(2, "0")}`,
    );
  }
  return months;
}

function isUseful(group: readonly string[]): boolean {
  return group.length > 0 && group.length <= MOST_LETTER_MONTHS;
}
