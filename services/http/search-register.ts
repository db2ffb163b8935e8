import { keyText, readLines } from "../shared/letter/read-lines.ts";
import type { RegisterLine } from "../shared/letter/register-line.ts";
import { facetsOf, searchableText } from "../shared/letter/search-text.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Transaction } from "../shared/runtime/database.ts";
import {
  countByTime,
  countNotIndexed,
  countPlaces,
  findPlaces,
  isByTimeAlone,
  type LineSearch,
  linesNotIndexed,
  type Place,
} from "./search-store.ts";

/** With more lines than this waiting to be indexed, a search is refused rather than slow for everybody. */
const MOST_NOT_INDEXED = 5_000;
/** Totals are counted up to this; beyond, "more than". An exact one is counted when it is asked for. */
const COUNTED_UP_TO = 1_000;
const EXACT_UP_TO = 100_000_000;

/**
 * How long a statement of a search may take, ms: one clerk's must not hold up the tray of all. An exact total of what stands
 * in a tenth of a million lines takes seconds; who asks for one waits for it.
 */
export function searchWithinMs(total: "capped" | "exact" | "none"): number {
  return total === "exact" ? 60_000 : 10_000;
}

export type Total = { readonly value: number; readonly relation: "exactly" | "more-than" };

export interface FoundLines {
  readonly lines: readonly RegisterLine[];
  /** Null when it was not asked for. */
  readonly total: Total | null;
  /** Where the next page begins; null when there is none. */
  readonly next: Place | null;
}

/** Thrown while the index is far behind the books (a rebuild, a service that was away). */
export class IndexBehind extends Error {
  override readonly name = "IndexBehind";
}

/**
 * One page of the lines that match, and the number of all. What the index does not hold yet, or holds as it was before a
 * change, is read from the books and compared here: a letter is found from the moment that it has its number. To be run in
 * a snapshot: a line that is indexed between two of the statements would be found twice, or not at all.
 * @throws IndexBehind
 */
export async function searchRegister(
  transaction: Transaction<Tables>,
  search: LineSearch,
  pageSize: number,
  total: "capped" | "exact" | "none",
): Promise<FoundLines> {
  if ((await countNotIndexed(transaction, search.agencies)) > MOST_NOT_INDEXED)
    throw new IndexBehind("too many lines are not indexed yet");
  const fresh = await linesNotIndexed(transaction, search.agencies);
  const except = fresh.filter(({ isIndexed }) => isIndexed).map(keyText);
  const matching = fresh.filter((line) => matches(line, search)).map(placeOf);
  // The first page's places and the capped total come of one look-up.
  const countsPlaces = total === "capped" && search.after === null && !isByTimeAlone(search);
  const most = Math.max(pageSize, countsPlaces ? COUNTED_UP_TO : 0) + 1;
  const indexed = await findPlaces(transaction, search, except, most);
  const places = [...indexed, ...matching].sort((a, b) => compare(a, b, search.direction));
  const page = places.slice(0, pageSize);
  return {
    lines: await readLines(transaction, page),
    total: countsPlaces
      ? totalOf(places.length, COUNTED_UP_TO)
      : await countAll(transaction, search, fresh, except, total),
    next: places.length > pageSize ? (page.at(-1) ?? null) : null,
  };
}

async function countAll(
  transaction: Transaction<Tables>,
  search: LineSearch,
  fresh: readonly RegisterLine[],
  except: readonly string[],
  total: "capped" | "exact" | "none",
): Promise<Total | null> {
  if (total === "none") return null;
  if (isByTimeAlone(search)) return totalOf(await countByTime(transaction, search), EXACT_UP_TO);
  const most = total === "exact" ? EXACT_UP_TO : COUNTED_UP_TO;
  const matching = fresh.filter((line) => matches(line, { ...search, after: null })).length;
  return totalOf((await countPlaces(transaction, search, except, most + 1)) + matching, most);
}

function totalOf(counted: number, most: number): Total {
  return { value: Math.min(counted, most), relation: counted > most ? "more-than" : "exactly" };
}

function placeOf({ bookId, year, number, registeredAt }: RegisterLine): Place {
  return { bookId, year, number, registeredAt };
}

/** The same test as the database's, on a line as it reads now. */
function matches(line: RegisterLine, search: LineSearch): boolean {
  const { from, to, letterFrom, letterTo, after } = search;
  if (line.registeredAt < from || line.registeredAt >= to) return false;
  if (letterFrom !== null && (line.letterDate === null || line.letterDate < letterFrom)) return false;
  if (letterTo !== null && (line.letterDate === null || line.letterDate > letterTo)) return false;
  if (after !== null && compare(placeOf(line), after, search.direction) <= 0) return false;
  const facets = facetsOf(line);
  if (!search.facets.every((facet) => facets.includes(facet))) return false;
  const text = searchableText(line);
  return search.terms.every((term) => text.includes(term));
}

/** Order of registration; within one moment by number, then by book. */
function compare(a: Place, b: Place, direction: -1 | 1): number {
  const later =
    a.registeredAt.getTime() - b.registeredAt.getTime() ||
    a.number - b.number ||
    (a.bookId < b.bookId ? -1 : a.bookId > b.bookId ? 1 : 0);
  return direction * later;
}
