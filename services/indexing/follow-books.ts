import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Kysely, type Transaction } from "../shared/runtime/database.ts";
import {
  booksBehind,
  indexLines,
  linesAfter,
  linesChangedAfter,
  listAgencyIds,
  saveProgress,
  takeProgress,
} from "./index-store.ts";

/** Lines indexed in one transaction: of one month mostly, so that their keys go into the index together. */
const BATCH = 10_000;

/**
 * Brings the index up to what stands in the books. A book's numbers have no gaps and nothing is written behind its last
 * one, so "up to this number" leaves nothing out; changes are numbered in the same way.
 * @returns how many lines were indexed
 */
export async function followBooks(database: Kysely<Tables>): Promise<number> {
  const agencies = await listAgencyIds(database);
  const acting = { actor: "worker:indexing", agencies } as const;
  const failed = new Map<string, unknown>();
  let indexed = 0;
  for (;;) {
    const behind = (await inTransaction(database, acting, booksBehind)).filter(
      ({ bookId }) => !failed.has(bookId),
    );
    // A book that cannot be indexed must not keep the others from it; its fault is told when they are done.
    if (behind.length === 0) {
      for (const error of failed.values()) throw error;
      return indexed;
    }
    for (const { bookId, agencyId } of behind) {
      try {
        indexed += await inTransaction(database, acting, (transaction) =>
          indexNext(transaction, bookId, agencyId),
        );
      } catch (error) {
        failed.set(bookId, error);
      }
    }
  }
}

/** The next batch of a book's lines, and of its changes. @returns how many lines */
async function indexNext(
  transaction: Transaction<Tables>,
  bookId: string,
  agencyId: string,
): Promise<number> {
  const progress = await takeProgress(transaction, bookId, agencyId);
  const lines = await linesAfter(transaction, bookId, progress, BATCH);
  const changed = await linesChangedAfter(transaction, bookId, progress.eventNo, BATCH);
  const last = lines.at(-1) ?? progress;
  // A changed line that is not indexed yet comes with its turn.
  const known = changed.lines.filter(
    ({ year, number }) => year < last.year || (year === last.year && number <= last.number),
  );
  const fresh = new Set(known.map(({ year, number }) => `${year}/${number}`));
  const unchanged = lines.filter(({ year, number }) => !fresh.has(`${year}/${number}`));
  await indexLines(transaction, bookId, agencyId, [...unchanged, ...known]);
  const { year, number } = last;
  await saveProgress(transaction, bookId, { year, number, eventNo: changed.lastEventNo });
  return lines.length + known.length;
}
