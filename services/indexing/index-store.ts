import { type Kysely, sql, type Transaction } from "kysely";
import { selectLines } from "../shared/letter/read-lines.ts";
import type { RegisterLine } from "../shared/letter/register-line.ts";
import { facetsOf, gramsOf, SEARCH_RULES, searchableText } from "../shared/letter/search-text.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { together } from "../shared/runtime/database.ts";

/** How far a book is in the index. */
export interface Progress {
  readonly year: number;
  readonly number: number;
  readonly eventNo: number;
}

export async function listAgencyIds(database: Kysely<Tables>): Promise<string[]> {
  const rows = await database.selectFrom("agency").select("id").orderBy("id").execute();
  return rows.map(({ id }) => id);
}

/** Books that have grown, or in which something was changed, since they were indexed. */
export async function booksBehind(
  transaction: Transaction<Tables>,
): Promise<{ bookId: string; agencyId: string }[]> {
  const { rows } = await sql<{ bookId: string; agencyId: string }>`
    select b.id as "bookId", b.agency_id as "agencyId" from book b left join search_progress p on p.book_id = b.id and p.version = ${SEARCH_RULES}
     where exists (select from book_year y where y.book_id = b.id
                      and (y.year, y.last_number) > (coalesce(p.year, 0), coalesce(p.number, 0)))
        or exists (select from entry_event h where h.book_id = b.id and h.event_no > coalesce(p.event_no, 0))
     order by b.id`.execute(transaction);
  return rows;
}

/** The book's progress, locked until the transaction ends: one indexer at a time in a book. */
export async function takeProgress(
  transaction: Transaction<Tables>,
  bookId: string,
  agencyId: string,
): Promise<Progress> {
  const [, { rows }] = await together(
    sql`
      insert into search_progress (book_id, agency_id, year, number, event_no, version)
        values (${bookId}, ${agencyId}, 0, 0, 0, ${SEARCH_RULES})
        on conflict (book_id) do update set year = 0, number = 0, event_no = 0, version = excluded.version
         where search_progress.version <> excluded.version`.execute(transaction),
    sql<Progress>`
      select year, number, event_no as "eventNo" from search_progress where book_id = ${bookId} for update`.execute(
      transaction,
    ),
  );
  return rows[0] as Progress;
}

/** Lines of a book, and whether there are no more. */
export interface Batch {
  readonly lines: RegisterLine[];
  readonly isLast: boolean;
}

/**
 * The next lines of a book after a place, in order. Asked for as a range of numbers within a year: bounded whatever the
 * planner knows of the book, which grows by the hour.
 */
export async function linesAfter(
  transaction: Transaction<Tables>,
  bookId: string,
  { year, number }: Progress,
  limit: number,
): Promise<Batch> {
  const { rows } = await sql<{ year: number; after: number }>`
    select y.year, y.after from (select year, last_number, case when year = ${year} then ${number}::int else 0 end as after
                                   from book_year where book_id = ${bookId} and year >= ${year}) y
     where y.last_number > y.after order by y.year limit 2`.execute(transaction);
  const [next, later] = rows;
  if (!next) return { lines: [], isLast: true };
  const lines = await selectLines(
    transaction,
    sql`register_line l where l.book_id = ${bookId} and l.year = ${next.year} and l.number > ${next.after}
      and l.number <= ${next.after + limit} order by l.number`,
  );
  return { lines, isLast: later === undefined && lines.length < limit };
}

/** Lines in which something happened after an event, and the number of the last such event. */
export async function linesChangedAfter(
  transaction: Transaction<Tables>,
  bookId: string,
  eventNo: number,
  limit: number,
): Promise<Batch & { readonly lastEventNo: number }> {
  const { rows } = await sql<{ last: number | null }>`
    select max(event_no) as last from (select event_no from entry_event where book_id = ${bookId} and event_no > ${eventNo}
      order by event_no limit ${limit}) e`.execute(transaction);
  const last = rows[0]?.last ?? null;
  if (last === null) return { lines: [], isLast: true, lastEventNo: eventNo };
  const lines = await selectLines(
    transaction,
    sql`register_line l where l.book_id = ${bookId} and (l.year, l.number) in (
      select year, number from entry_event where book_id = ${bookId} and event_no > ${eventNo} and event_no <= ${last})`,
  );
  return { lines, isLast: last - eventNo < limit, lastEventNo: last };
}

/** Writes lines into the index, over what stood there for them. */
export async function indexLines(
  transaction: Transaction<Tables>,
  bookId: string,
  agencyId: string,
  lines: readonly RegisterLine[],
): Promise<void> {
  if (lines.length === 0) return;
  const counts = new Map<number, number>();
  const rows = lines.map((line) => {
    const folded = searchableText(line);
    const facets = facetsOf(line);
    const grams = gramsOf(folded, facets);
    if (line.number % COUNTED_LINES === 0)
      for (const gram of grams) counts.set(gram, (counts.get(gram) ?? 0) + 1);
    // Array literals: facets and numbers hold no character that would need quoting in one.
    return { line, folded, facets: `{${facets.join(",")}}`, grams: `{${grams.join(",")}}` };
  });
  const written = sql`
    insert into search_row (book_id, agency_id, year, number, registered_at, letter_date, folded, facets, grams)
      select ${bookId}, ${agencyId}, n.year, n.number, n.registered_at, n.letter_date, n.folded, n.facets::text[],
             array(select g # s.salt from unnest(n.grams::integer[]) g)
        from unnest(${rows.map(({ line }) => line.year)}::integer[], ${rows.map(({ line }) => line.number)}::integer[],
               ${rows.map(({ line }) => line.registeredAt)}::timestamptz[], ${rows.map(({ line }) => line.letterDate)}::date[],
               ${rows.map(({ folded }) => folded)}::text[], ${rows.map(({ facets }) => facets)}::text[],
               ${rows.map(({ grams }) => grams)}::text[])
             as n(year, number, registered_at, letter_date, folded, facets, grams)
        -- offset 0: or the salt would be reckoned again for every gram
        cross join lateral (select search_salt(${agencyId}, search_month(n.registered_at)) as salt offset 0) s
      on conflict (book_id, year, number) do update
        set letter_date = excluded.letter_date, folded = excluded.folded, facets = excluded.facets, grams = excluded.grams`.execute(
    transaction,
  );
  await together(written, countGrams(transaction, counts));
}

/** To be called once what was written in the transaction is all there. */
export async function settleIndex(transaction: Transaction<Tables>): Promise<void> {
  await sql`select settle_search()`.execute(transaction);
}

/** Which keys are rare is told from one line in so many. */
const COUNTED_LINES = 16;

async function countGrams(
  transaction: Transaction<Tables>,
  counts: ReadonlyMap<number, number>,
): Promise<void> {
  if (counts.size === 0) return;
  // In order: two indexers at different books take the rows' locks alike.
  const grams = [...counts.keys()].sort((a, b) => a - b);
  await sql`
    insert into search_gram (gram, lines)
      select gram, lines from unnest(${grams}::integer[], ${grams.map((gram) => counts.get(gram))}::integer[]) as n(gram, lines)
      on conflict (gram) do update set lines = search_gram.lines + excluded.lines`.execute(transaction);
}

export async function saveProgress(
  transaction: Transaction<Tables>,
  bookId: string,
  { year, number, eventNo }: Progress,
): Promise<void> {
  await sql`update search_progress set year = ${year}, number = ${number}, event_no = ${eventNo} where book_id = ${bookId}`.execute(
    transaction,
  );
}

/** Forgets the index of the agencies acted for; the service then makes it again. @returns how many lines stood in it */
export async function clearIndex(transaction: Transaction<Tables>): Promise<number> {
  const { numAffectedRows } = await sql`delete from search_row`.execute(transaction);
  await sql`delete from search_progress`.execute(transaction);
  await sql`delete from search_gram`.execute(transaction);
  return Number(numAffectedRows ?? 0);
}
