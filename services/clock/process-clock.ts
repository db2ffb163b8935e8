import { type DatabaseAddress, openDatabase, type RoomRole } from "../shared/runtime/database.ts";
import type { Running } from "../shared/runtime/lifecycle.ts";
import type { Log } from "../shared/runtime/log.ts";
import { followClock } from "./follow-clock.ts";
import { monotonicClockId } from "./local-time.ts";
import { newestFix } from "./sample-store.ts";
import { type TrustedStamp, type TrustLimits, trustedNowFrom } from "./trusted-now.ts";

export interface ProcessClock extends Running {
  now(): TrustedStamp;
}

/** A fix that comes so much later is as good: the one before it is carried on meanwhile, with its bound. */
const LOOK_EVERY_MS = 2_000;

/**
 * The clock of a process, whichever services it runs: the time by the newest fix that the clock service of this host
 * has kept. The first look is over when this resolves, so a process that starts after the clock service is
 * synchronised from its first stamp.
 * @param settings without reference servers nothing is looked for
 * @param role what the process may already do; every room may read clock_sample
 */
export async function openProcessClock(
  settings: TrustLimits & { readonly servers: string },
  address: DatabaseAddress,
  role: RoomRole,
  log: Log,
): Promise<ProcessClock> {
  if (settings.servers === "") {
    const none = { fix: undefined, reason: "no reference clock is configured" };
    return { name: "clock", now: trustedNowFrom(() => none, settings), stop: async () => {} };
  }
  const database = openDatabase(address, role, 1, log);
  const follower = followClock(
    monotonicClockId(),
    (clockId) => newestFix(database, clockId),
    LOOK_EVERY_MS,
    (error) =>
      log.warn({ err: error }, "the clock's measurements cannot be read; the last one is carried on"),
  );
  await follower.look();
  return {
    name: "clock",
    now: trustedNowFrom(follower.fix, settings),
    async stop() {
      await follower.stop();
      await database.destroy();
    },
  };
}
