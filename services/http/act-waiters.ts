import type { Tables } from "../shared/letter/tables.ts";
import { type DatabaseAddress, inTransaction, type Kysely, listen } from "../shared/runtime/database.ts";
import type { Log } from "../shared/runtime/log.ts";
import { decidedActs } from "./act-store.ts";

/** More requests than this do not wait at once; what comes beyond is answered 202 right away. */
const MOST_WAITERS = 200;

export interface ActWaiters {
  /**
   * Resolves when the act has its result, after `waitMs`, when `gone` aborts, or when this room stops: whoever waited
   * looks into the table for what it is.
   */
  wait(actId: string, agencyId: string, waitMs: number, gone?: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

interface Waiter {
  readonly actId: string;
  readonly agencyId: string;
  readonly wake: () => void;
}

/**
 * Requests that wait for the registry. One connection listens for all of them; on each word from it, and after it was
 * cut, one look into the table finds those that are done. A request that starts to wait has that look made once more:
 * what was decided before it stood in the list is found then. A wake-up that is lost all the same costs time only.
 */
export function openActWaiters(database: Kysely<Tables>, address: DatabaseAddress, log: Log): ActWaiters {
  const waiting = new Set<Waiter>();
  let stopped = false;
  let looking: Promise<void> | undefined;
  let lookAgain = false;

  const lookOnce = async (): Promise<void> => {
    const agencies = [...new Set([...waiting].map(({ agencyId }) => agencyId))];
    const ids = [...waiting].map(({ actId }) => actId);
    if (ids.length === 0) return;
    // For several persons at once, and of the ids alone: each then reads his own answer under his own name.
    const acting = { actor: "worker:http", agencies } as const;
    const decided = new Set(
      await inTransaction(database, acting, (transaction) => decidedActs(transaction, ids)),
    );
    for (const { actId, wake } of [...waiting]) if (decided.has(actId)) wake();
  };
  const look = (): void => {
    if (stopped) return;
    if (looking) {
      lookAgain = true; // the look under way may have passed by what this word is about
      return;
    }
    looking = lookOnce()
      .catch((error: unknown) => log.warn({ err: error }, "results of acts cannot be looked up"))
      .finally(() => {
        looking = undefined;
        if (lookAgain) {
          lookAgain = false;
          look();
        }
      });
  };
  const ears = listen(address, "saraban_http", "saraban_act", look, log);

  return {
    wait(actId, agencyId, waitMs, gone) {
      if (stopped || waiting.size >= MOST_WAITERS || waitMs <= 0 || gone?.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const waiter = { actId, agencyId, wake };
        const timer = setTimeout(wake, waitMs);
        function wake(): void {
          clearTimeout(timer);
          gone?.removeEventListener("abort", wake);
          waiting.delete(waiter);
          resolve();
        }
        gone?.addEventListener("abort", wake);
        waiting.add(waiter);
        look();
      });
    },
    async stop() {
      stopped = true;
      for (const { wake } of [...waiting]) wake();
      await ears.stop();
      await looking;
    },
  };
}
