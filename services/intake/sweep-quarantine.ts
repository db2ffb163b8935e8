import { DAY_MS } from "../shared/letter/bangkok-day.ts";
import { listAgencies } from "../shared/letter/inbound-book.ts";
import type { TrustedNow } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Kysely } from "../shared/runtime/database.ts";
import type { Log } from "../shared/runtime/log.ts";
import type { ByteStore } from "../shared/runtime/store.ts";
import { findDue, findFilesToRemove, removeOctets } from "./quarantine-store.ts";

export interface SweepParts {
  readonly database: Kysely<Tables>;
  readonly store: Pick<ByteStore, "removeStored" | "restoreRemoved">;
  readonly now: TrustedNow;
  readonly log: Log;
}

const SWEEP_EVERY_MS = 60 * 60 * 1000;
const MOST_AT_ONCE = 100;
/** Files of octets that were removed up to so long ago are looked at again: a sweep may have died before their turn. */
const LOOK_BACK_MS = 7 * DAY_MS;

export interface Swept {
  readonly removed: number;
  readonly files: number;
}

/**
 * Removes the octets of refused arrivals whose time is over: from the table in a transaction each, then the files that no
 * agency's row names any more. Hash, size and the arrival itself stay as evidence. Octets that another arrival shares which
 * is still kept stay too. Any number of sweeps may run, and die, at any moment.
 * @param stopping asked before each arrival and each file; what is left then waits for the next sweep
 */
export async function sweepQuarantine(
  { database, store, now, log }: SweepParts,
  stopping: () => boolean = () => false,
): Promise<Swept> {
  const asOf = now().at;
  const acting = { actor: "worker:intake", agencies: await listAgencies(database) } as const;
  let removed = 0;
  for (;;) {
    const due = await inTransaction(database, acting, (transaction) =>
      findDue(transaction, asOf, MOST_AT_ONCE),
    );
    for (const arrival of due) {
      if (stopping()) return { removed, files: 0 };
      const isRemoved = await inTransaction(database, acting, (transaction) =>
        removeOctets(transaction, arrival, asOf),
      );
      removed += isRemoved ? 1 : 0;
      log.info({ letter: arrival.intakeId, isRemoved }, "the time of a quarantined copy is over");
    }
    if (due.length < MOST_AT_ONCE) break;
  }
  await store.restoreRemoved();
  const since = new Date(asOf.getTime() - LOOK_BACK_MS);
  const hashes = await inTransaction(database, acting, (transaction) =>
    findFilesToRemove(transaction, since),
  );
  let files = 0;
  for (const sha256 of hashes) {
    if (stopping()) break;
    files += (await store.removeStored(sha256)) === "removed" ? 1 : 0;
  }
  return { removed, files };
}

/** Sweeps now and each hour; what one sweep fails at the next one does. */
export function startSweeps(parts: SweepParts): { stop(): Promise<void> } {
  let running = Promise.resolve();
  let stopped = false;
  const sweep = (): void => {
    running = running
      .then(() => sweepQuarantine(parts, () => stopped))
      .then(
        () => undefined,
        (error: unknown) => parts.log.error({ err: error }, "the quarantine was not swept; in an hour again"),
      );
  };
  const timer = setInterval(sweep, SWEEP_EVERY_MS);
  sweep();
  return {
    stop() {
      stopped = true;
      clearInterval(timer);
      return running;
    },
  };
}
