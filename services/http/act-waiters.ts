import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Kysely } from "../shared/runtime/database.ts";
import type { Ears } from "../shared/runtime/ears.ts";
import type { Log } from "../shared/runtime/log.ts";
import { decidedActs } from "./act-store.ts";
import { openWaiters, type Waiters } from "./open-waiters.ts";

/** More requests than this do not wait at once; what comes beyond is answered 202 right away. */
const MOST_WAITERS = 200;

interface AwaitedAct {
  readonly actId: string;
  readonly agencyId: string;
}

export type ActWaiters = Waiters<AwaitedAct>;

/** Requests that wait for the result of an act. */
export function openActWaiters(database: Kysely<Tables>, ears: Ears, log: Log): ActWaiters {
  const find = async (waiting: readonly AwaitedAct[]): Promise<AwaitedAct[]> => {
    // For several persons at once, and of the ids alone: each then reads his own answer under his own name.
    const acting = {
      actor: "worker:http",
      agencies: [...new Set(waiting.map(({ agencyId }) => agencyId))],
    } as const;
    const ids = waiting.map(({ actId }) => actId);
    const decided = new Set(
      await inTransaction(database, acting, (transaction) => decidedActs(transaction, ids)),
    );
    return waiting.filter(({ actId }) => decided.has(actId));
  };
  const trouble = "results of acts cannot be looked up";
  return openWaiters({ channel: "saraban_act", find, most: MOST_WAITERS, trouble }, ears, log);
}
