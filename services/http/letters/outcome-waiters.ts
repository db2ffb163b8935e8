import type { Tables } from "../../shared/letter/tables.ts";
import { inTransaction, type Kysely } from "../../shared/runtime/database.ts";
import type { Ears } from "../../shared/runtime/ears.ts";
import type { Log } from "../../shared/runtime/log.ts";
import { openWaiters, type Waiters } from "../open-waiters.ts";
import { settledArrivals } from "./status-store.ts";

/** More requests than this do not wait at once; what comes beyond is answered 202 right away. */
const MOST_WAITERS = 2_000;

interface AwaitedOutcome {
  readonly intakeId: string;
  readonly agencyId: string;
}

export type OutcomeWaiters = Waiters<AwaitedOutcome>;

/** Requests that wait until it is known what became of an arrival (registered: until its receipt is signed too). */
export function openOutcomeWaiters(database: Kysely<Tables>, ears: Ears, log: Log): OutcomeWaiters {
  const find = async (waiting: readonly AwaitedOutcome[]): Promise<AwaitedOutcome[]> => {
    // For several clients at once, and of the ids alone: each then reads its own answer under its own name.
    const acting = {
      actor: "worker:http",
      agencies: [...new Set(waiting.map(({ agencyId }) => agencyId))],
    } as const;
    const ids = waiting.map(({ intakeId }) => intakeId);
    const settled = new Set(
      await inTransaction(database, acting, (transaction) => settledArrivals(transaction, ids)),
    );
    return waiting.filter(({ intakeId }) => settled.has(intakeId));
  };
  const trouble = "outcomes of letters cannot be looked up";
  return openWaiters({ channel: "saraban_outcome", find, most: MOST_WAITERS, trouble }, ears, log);
}
