import type { Tables } from "../shared/letter/tables.ts";
import {
  type Acting,
  inTransaction,
  type Kysely,
  type Transaction,
  together,
} from "../shared/runtime/database.ts";
import {
  booksBehind,
  indexLines,
  linesAfter,
  linesChangedAfter,
  listAgencyIds,
  saveProgress,
  settleIndex,
  takeProgress,
} from "./index-store.ts";

/** Lines indexed in one transaction: of one month mostly, so that their keys go into the index together. */
const BATCH = 10_000;

/**
 * Brings the index up to what stands in the books. A book's numbers have no gaps and nothing is written behind its last
 * one, so "up to this number" leaves nothing out; changes are numbered in the same way. What has grown little, as books do in
 * a second, is one transaction.
 * @returns how many lines were indexed
 */
export async function followBooks(database: Kysely<Tables>): Promise<number> {
  const acting = { actor: "worker:indexing", agencies: await listAgencyIds(database) } as const;
  let indexed = 0;
  for (;;) {
    const done = await inTransaction(database, acting, indexBehind).catch(() => null);
    if (done === null) return indexed + (await followEach(database, acting));
    indexed += done.lines;
    if (done.isAll) return indexed;
  }
}

interface Indexed {
  readonly lines: number;
  /** Whether nothing was left. */
  readonly isAll: boolean;
}

/** The next lines of the books that are behind, as many of these as make a batch. */
async function indexBehind(transaction: Transaction<Tables>): Promise<Indexed> {
  let lines = 0;
  for (const { bookId, agencyId } of await booksBehind(transaction)) {
    const done = await indexNext(transaction, bookId, agencyId);
    lines += done.lines;
    if (!done.isAll || lines >= BATCH) return settled(transaction, { lines, isAll: false });
  }
  return settled(transaction, { lines, isAll: true });
}

/** A book that cannot be indexed must not keep the others from it; its fault is told when they are done. */
async function followEach(database: Kysely<Tables>, acting: Acting): Promise<number> {
  let indexed = 0;
  const failed: unknown[] = [];
  for (const { bookId, agencyId } of await inTransaction(database, acting, booksBehind)) {
    try {
      for (let isAll = false; !isAll; ) {
        const done = await inTransaction(database, acting, async (transaction) =>
          settled(transaction, await indexNext(transaction, bookId, agencyId)),
        );
        indexed += done.lines;
        isAll = done.isAll;
      }
    } catch (error) {
      failed.push(error);
    }
  }
  if (failed.length > 0) throw failed[0];
  return indexed;
}

async function settled(transaction: Transaction<Tables>, indexed: Indexed): Promise<Indexed> {
  if (indexed.lines > 0) await settleIndex(transaction);
  return indexed;
}

/** The next batch of a book's lines, and of its changes. */
async function indexNext(
  transaction: Transaction<Tables>,
  bookId: string,
  agencyId: string,
): Promise<Indexed> {
  const progress = await takeProgress(transaction, bookId, agencyId);
  const [{ lines, isLast }, changed] = await together(
    linesAfter(transaction, bookId, progress, BATCH),
    linesChangedAfter(transaction, bookId, progress.eventNo, BATCH),
  );
  const last = lines.at(-1) ?? progress;
  // A changed line that is not indexed yet comes with its turn.
  const known = changed.lines.filter(
    ({ year, number }) => year < last.year || (year === last.year && number <= last.number),
  );
  const fresh = new Set(known.map(({ year, number }) => `${year}/${number}`));
  const unchanged = lines.filter(({ year, number }) => !fresh.has(`${year}/${number}`));
  const { year, number } = last;
  await together(
    indexLines(transaction, bookId, agencyId, [...unchanged, ...known]),
    saveProgress(transaction, bookId, { year, number, eventNo: changed.lastEventNo }),
  );
  return { lines: lines.length + known.length, isAll: isLast && changed.isLast };
}
