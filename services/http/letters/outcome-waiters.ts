import type { Tables } from "../../shared/letter/tables.ts";
import { type DatabaseAddress, inTransaction, type Kysely, listen } from "../../shared/runtime/database.ts";
import type { Log } from "../../shared/runtime/log.ts";
import { settledArrivals } from "./status-store.ts";

/** More requests than this do not wait at once; what comes beyond is answered 202 right away. */
const MOST_WAITERS = 2_000;
/** Under load the registry commits hundreds of times a second: one look serves all that came meanwhile. */
const LOOKS_APART_MS = 20;

export interface OutcomeWaiters {
  /**
   * Resolves when it is known what became of the arrival (registered: when its receipt is signed too), after `waitMs`,
   * when `gone` aborts, or when this room stops: whoever waited looks into the tables for what it is.
   */
  wait(intakeId: string, agencyId: string, waitMs: number, gone?: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

interface Waiter {
  readonly intakeId: string;
  readonly agencyId: string;
  readonly wake: () => void;
}

/**
 * Requests that wait for the registry (Prefer: wait). As with acts (act-waiters.ts) one connection listens for all of them,
 * and one look into the tables finds those that are settled; a wake-up that is lost costs time only.
 */
export function openOutcomeWaiters(
  database: Kysely<Tables>,
  address: DatabaseAddress,
  log: Log,
): OutcomeWaiters {
  const waiting = new Set<Waiter>();
  let stopped = false;
  let looking: Promise<void> | undefined;
  let lookAgain = false;
  let pause: NodeJS.Timeout | undefined;

  const lookOnce = async (): Promise<void> => {
    const seen = [...waiting];
    if (seen.length === 0) return;
    const agencies = [...new Set(seen.map(({ agencyId }) => agencyId))];
    // For several clients at once, and of the ids alone: each then reads its own answer under its own name.
    const acting = { actor: "worker:http", agencies } as const;
    const ids = seen.map(({ intakeId }) => intakeId);
    const settled = new Set(
      await inTransaction(database, acting, (transaction) => settledArrivals(transaction, ids)),
    );
    for (const { intakeId, wake } of seen) if (settled.has(intakeId)) wake();
  };
  const look = (): void => {
    if (stopped || waiting.size === 0) return;
    if (looking || pause) {
      lookAgain = true; // the look under way may have passed by what this word is about
      return;
    }
    looking = lookOnce()
      .catch((error: unknown) => log.warn({ err: error }, "outcomes of letters cannot be looked up"))
      .finally(() => {
        looking = undefined;
        pause = setTimeout(() => {
          pause = undefined;
          if (!lookAgain) return;
          lookAgain = false;
          look();
        }, LOOKS_APART_MS);
      });
  };
  const ears = listen(address, "saraban_http", "saraban_outcome", look, log);

  return {
    wait(intakeId, agencyId, waitMs, gone) {
      if (stopped || waiting.size >= MOST_WAITERS || waitMs <= 0 || gone?.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const waiter = { intakeId, agencyId, wake };
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
      clearTimeout(pause);
      for (const { wake } of [...waiting]) wake();
      await ears.stop();
      await looking;
    },
  };
}
