import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Kysely } from "../shared/runtime/database.ts";
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
  const acting = { actor: "worker:search", agencies } as const;
  let indexed = 0;
  for (;;) {
    const behind = await inTransaction(database, acting, booksBehind);
    if (behind.length === 0) return indexed;
    for (const { bookId, agencyId } of behind) {
      indexed += await inTransaction(database, acting, async (transaction) => {
        const progress = await takeProgress(transaction, bookId, agencyId);
        const lines = await linesAfter(transaction, bookId, progress, BATCH);
        const changed = await linesChangedAfter(transaction, bookId, progress.eventNo, BATCH);
        const last = lines.at(-1) ?? progress;
        // A changed line that is not indexed yet comes with its turn.
        const known = changed.lines.filter(
          ({ year, number }) => year < last.year || (year === last.year && number <= last.number),
        );
        const fresh = new Set(known.map(({ year, number }) => `${year}/${number}`));
        await indexLines(transaction, bookId, agencyId, [
          ...lines.filter(({ year, number }) => !fresh.has(`${year}/${number}`)),
          ...known,
        ]);
        await saveProgress(transaction, bookId, {
          year: last.year,
          number: last.number,
          eventNo: changed.lastEventNo,
        });
        return lines.length + known.length;
      });
    }
  }
}
