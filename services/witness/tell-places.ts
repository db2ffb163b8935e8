import type { Tables } from "../shared/letter/tables.ts";
import type { Kysely } from "../shared/runtime/database.ts";
import type { Log } from "../shared/runtime/log.ts";
import { checkpointsAfter, newestAfter, notePlace, toldSize } from "./place-store.ts";
import type { Place, ToldCheckpoint } from "./places/place.ts";

const MOST_AT_ONCE = 500;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/** Carries new checkpoints to one second place, again and again until it has them. */
export interface Teller {
  /** To be called now and then: tells what is new, unless a failure was a moment ago. Never throws. */
  look(): Promise<void>;
  /** Why the place is behind, in words for an operator; null while it is not. */
  trouble(): string | null;
}

export function openTeller(
  database: Kysely<Tables>,
  place: Place,
  log: Log,
  nowMs: () => number = Date.now,
): Teller {
  let told: number | undefined;
  let trouble: string | null = null;
  let pauseMs = FIRST_PAUSE_MS;
  let notBeforeMs = 0;

  const tellNew = async (): Promise<void> => {
    told ??= (await toldSize(database, place.name)) ?? (await beginning());
    for (let upTo = told; ; ) {
      const checkpoints: readonly ToldCheckpoint[] = place.wantsAll
        ? await checkpointsAfter(database, upTo, MOST_AT_ONCE)
        : await newestAfter(database, upTo);
      const last = checkpoints.at(-1);
      if (last === undefined) return;
      await place.tell(checkpoints);
      await notePlace(database, place.name, last.treeSize, null);
      told = upTo = last.treeSize;
    }
  };

  /** A place that is new begins with the newest checkpoint, which says all that those before it said. */
  const beginning = async (): Promise<number> => ((await newestAfter(database, 0))[0]?.treeSize ?? 1) - 1;

  return {
    async look() {
      if (nowMs() < notBeforeMs) return;
      try {
        await tellNew();
        if (trouble !== null)
          log.info({ place: place.name }, "the second place of the audit log is told again");
        trouble = null;
        pauseMs = FIRST_PAUSE_MS;
      } catch (error) {
        const why = error instanceof Error ? reasonOf(error) : "unknown";
        if (trouble === null)
          log.error(
            { err: error, place: place.name },
            "the second place of the audit log cannot be told; trying again",
          );
        trouble = `the second place of the audit log (${place.name}) is not told: ${why}`;
        notBeforeMs = nowMs() + pauseMs;
        pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
        await notePlace(database, place.name, told ?? 0, why).catch(() => {});
      }
    },
    trouble: () => trouble,
  };
}

/** fetch says "fetch failed" and keeps the reason to itself. */
function reasonOf(error: Error): string {
  const { cause } = error;
  return (cause instanceof Error ? `${error.message}: ${cause.message}` : error.message).slice(0, 200);
}
