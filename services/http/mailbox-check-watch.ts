import type { Calendar } from "../shared/letter/holidays.ts";
import type { TrustedNow } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Kysely } from "../shared/runtime/database.ts";
import type { Log } from "../shared/runtime/log.ts";
import { missedChecks } from "./mailbox-checks.ts";

const LOOK_EVERY_MS = 5 * 60_000;
/** Today's and those of the last working day before it: what is older was told by the process of that day. */
const WORKING_DAYS = 2;

/** Says in the log, once each, which half working days ended without a look into the tray (Annex 7). */
export function watchMailboxChecks(parts: {
  readonly database: Kysely<Tables>;
  readonly calendar: Calendar;
  readonly now: TrustedNow;
  readonly log: Log;
  readonly lookEveryMs?: number;
}): { stop(): Promise<void> } {
  const { database, calendar, now, log, lookEveryMs = LOOK_EVERY_MS } = parts;
  let told = new Set<string>();
  const look = async (): Promise<void> => {
    const missed = await missedChecks(database, calendar, now().at, WORKING_DAYS);
    const found = new Set<string>();
    for (const [agency, halfDays] of missed) {
      for (const { date, half } of halfDays) {
        const key = `${agency} ${date} ${half}`;
        found.add(key);
        if (told.has(key)) continue;
        log.warn({ agency, date, half }, "nobody looked into the tray in this half of a working day");
      }
    }
    told = found; // what has left the two days need not be remembered
  };
  let looking: Promise<void> = Promise.resolve();
  const lookAfterThis = (): void => {
    looking = looking
      .then(look)
      .catch((error: unknown) => log.warn({ err: error }, "mailbox checks cannot be looked up"));
  };
  lookAfterThis();
  const timer = setInterval(lookAfterThis, lookEveryMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await looking;
    },
  };
}
