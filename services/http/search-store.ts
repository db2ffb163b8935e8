import { sql, type Transaction } from "kysely";
import { keyText, type LineKey, selectLines } from "../shared/letter/read-lines.ts";
import type { RegisterLine } from "../shared/letter/register-line.ts";
import { EVERY_LINE, searchKeys } from "../shared/letter/search-text.ts";
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
  const { all, oneOf } = searchKeys(search.terms, search.facets, [letterMonths(search)].filter(isUseful));
  const { after } = search;
  if (isByTimeAlone(search)) return placesByTime(transaction, search, except, most);
  const [some = null, more = null] = oneOf;
  const { rows } = await sql<Place>`
    select book_id as "bookId", year, number, registered_at as "registeredAt"
      from search_lines(${search.agencies}::text[], ${search.terms.map(likePattern)}::text[],
        ${all.length === 0 ? [EVERY_LINE] : all}::int[], ${some}::int[], ${more}::int[], ${search.facets}::text[],
        ${search.from}, ${search.to}, ${search.letterFrom}::date, ${search.letterTo}::date, ${except}::text[],
        ${search.direction}, ${after?.registeredAt ?? null}, ${after?.number ?? null}, ${after?.bookId ?? null}, ${most})`.execute(
    transaction,
  );
  return rows;
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

/** Lines that the index does not show as they are: not indexed yet, or changed since; at most `most` + 1. */
export function linesNotIndexed(
  transaction: Transaction<Tables>,
  agencies: readonly string[],
  most: number,
): Promise<RegisterLine[]> {
  return selectLines(
    transaction,
    sql`book b left join search_progress p on p.book_id = b.id
      cross join lateral (
        (select y.year, e.number from book_year y
           cross join lateral (select case when y.year = p.year then p.number else 0 end as after) d
           cross join lateral (select n.number from entry n where n.book_id = b.id and n.year = y.year and n.number > d.after
              order by n.number limit ${most + 1}) e
          where y.book_id = b.id and y.year >= coalesce(p.year, 0) and y.last_number > d.after)
        union
        (select h.year, h.number from entry_event h where h.book_id = b.id and h.event_no > coalesce(p.event_no, 0)
           order by h.event_no limit ${most + 1})) k
      join register_line l on l.book_id = b.id and l.year = k.year and l.number = k.number
     where b.agency_id = any (${agencies}::text[]) limit ${most + 1}`,
  );
}

function likePattern(term: string): string {
  return `%${term.replace(/[\\%_]/g, (letter) => `\\${letter}`)}%`;
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
