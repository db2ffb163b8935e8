import type { Kysely, Transaction } from "kysely";
import { type Acting, inTransaction } from "./database.ts";

/** Works in one transaction: its locks are held until the last is done, and the failure of one is the failure of all. */
const MOST_TOGETHER = 32;
/** Transactions under way: one is written while the one before it waits for the disk. */
const MOST_AT_ONCE = 2;

interface Waiting<Tables> {
  readonly agencyId: string;
  readonly key: string;
  readonly work: (transaction: Transaction<Tables>) => Promise<unknown>;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** As inTransaction, for one agency; resolves when the transaction that held the work is committed. */
export type InSharedTransaction<Tables> = <Result>(
  agencyId: string,
  key: string,
  work: (transaction: Transaction<Tables>) => Promise<Result>,
) => Promise<Result>;

/**
 * Lets the small transactions of a worker that does many things at once share one: works that are asked for while others are
 * under way go together into the next. A lone work waits for nothing. Each wait for the server costs both sides a change of
 * process, and each commit a flush, which is more than the statements themselves; together they cost it once.
 *
 * The statements of the works mingle in one transaction. So a work speaks only to the database (nobody waits for the others'
 * networks), finds its rows by its own key, bears to be run again (when one fails, nothing of the transaction is kept, and each
 * is run alone), and works with the same key never share one: a lock does not keep a transaction from itself. The transaction
 * acts for the agencies of its works, which are this worker's all.
 */
export function shareTransactions<Tables>(
  database: Kysely<Tables>,
  actor: Acting["actor"],
): InSharedTransaction<Tables> {
  let waiting: Waiting<Tables>[] = [];
  let underWay = 0;
  let isWoken = false;

  const takeTogether = (): Waiting<Tables>[] => {
    const keys = new Set<string>();
    const taken: Waiting<Tables>[] = [];
    const left: Waiting<Tables>[] = [];
    for (const each of waiting) {
      if (taken.length === MOST_TOGETHER || keys.has(each.key)) left.push(each);
      else taken.push(each);
      keys.add(each.key);
    }
    waiting = left;
    return taken;
  };

  const runTogether = async (works: readonly Waiting<Tables>[]): Promise<void> => {
    const agencies = [...new Set(works.map(({ agencyId }) => agencyId))];
    try {
      const results = await inTransaction(database, { actor, agencies }, async (transaction) => {
        const ended = await Promise.allSettled(works.map(({ work }) => work(transaction)));
        const failed = ended.find((end) => end.status === "rejected");
        if (failed) throw failed.reason;
        return ended.map((end) => (end as PromiseFulfilledResult<unknown>).value);
      });
      for (const [index, { resolve }] of works.entries()) resolve(results[index]);
    } catch (error) {
      if (works.length > 1) for (const one of works) await runTogether([one]);
      else works[0]?.reject(error);
    }
  };

  /** In the next turn: what is asked for in this one goes together. */
  const wake = (): void => {
    if (isWoken || underWay >= MOST_AT_ONCE || waiting.length === 0) return;
    isWoken = true;
    setImmediate(() => {
      isWoken = false;
      underWay += 1;
      void runTogether(takeTogether()).finally(() => {
        underWay -= 1;
        wake();
      });
    });
  };

  return <Result>(
    agencyId: string,
    key: string,
    work: (transaction: Transaction<Tables>) => Promise<Result>,
  ): Promise<Result> =>
    new Promise<Result>((resolve, reject) => {
      waiting.push({ agencyId, key, work, resolve: resolve as (result: unknown) => void, reject });
      wake();
    });
}
