import { recordFailure } from "../shared/letter/outbox.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, isDataFault, type Transaction } from "../shared/runtime/database.ts";
import { ClockHeld } from "./next-place.ts";
import type { RegistryParts } from "./register-letter.ts";

/** What came of a wake-up: how many letters got their outcome, and why the rest waits for the clock, if it does. */
export interface Drained {
  readonly letters: number;
  readonly held: string | null;
}

/** A job that is keyed by book, and how a batch of its letters is registered. */
export interface BookJob {
  readonly job: "register-letter" | "register-closed";
  /** What waits in the book, oldest arrival first. */
  waiting(
    transaction: Transaction<Tables>,
    bookId: string,
    limit: number,
  ): Promise<readonly { readonly intakeId: string }[]>;
  /** One batch in one transaction. @returns how many letters got their outcome */
  drainBatch(
    parts: RegistryParts,
    agencyId: string,
    bookId: string,
    limit: number,
    onlyIntakeId?: string,
  ): Promise<number>;
}

/**
 * Such a job is a wake-up for a book: it drains the book's waiting letters, oldest arrival first, in
 * batches of one transaction each, until none is left. Why batches: one commit a letter under one lock is bound by the
 * disk's flush, some 150 numbers a second on a disk that takes 5 ms; a batch shares the flush.
 */
export async function drain(
  parts: RegistryParts,
  work: BookJob,
  agencyId: string,
  bookId: string,
): Promise<Drained> {
  let letters = 0;
  for (;;) {
    let count: number;
    try {
      count = await work.drainBatch(parts, agencyId, bookId, parts.batchSize);
    } catch (error) {
      if (error instanceof ClockHeld) return { letters, held: error.message };
      parts.log.warn({ err: error, book: bookId }, "a batch failed; its letters are tried one by one");
      return { letters: letters + (await drainOneByOne(parts, work, agencyId, bookId)), held: null };
    }
    letters += count;
    if (count < parts.batchSize) return { letters, held: null };
  }
}

/** One letter that cannot be registered must not hold up the others: each gets a transaction of its own. */
async function drainOneByOne(
  parts: RegistryParts,
  { job, waiting, drainBatch }: BookJob,
  agencyId: string,
  bookId: string,
): Promise<number> {
  const acting = { actor: "worker:registry", agencies: [agencyId] } as const;
  const letters = await inTransaction(parts.database, acting, (transaction) =>
    waiting(transaction, bookId, parts.batchSize),
  );
  let done = 0;
  for (const { intakeId } of letters) {
    try {
      done += await drainBatch(parts, agencyId, bookId, 1, intakeId);
    } catch (error) {
      // The database's or the clock's fault is no letter's: the wake-up is tried again as a whole.
      if (!isDataFault(error)) throw error;
      parts.log.error(
        { err: error, letter: intakeId },
        "a letter cannot be registered; it will be tried again",
      );
      await inTransaction(parts.database, acting, (transaction) =>
        recordFailure(transaction, job, intakeId, error, parts.maxFailures),
      );
    }
  }
  return done;
}
