import { userInfo } from "node:os";
import { openProcessClock } from "./clock/process-clock.ts";
import { findInstallation } from "./installation.ts";
import { type AccessEvent, recordAccess } from "./shared/audit-log/record-access.ts";
import type { Tables } from "./shared/letter/tables.ts";
import { openDatabase } from "./shared/runtime/database.ts";
import { openLog } from "./shared/runtime/log.ts";
import type { Settings } from "./shared/runtime/settings.ts";

/** What somebody at the server's own command line does, for the audit log. */
export type OperatorEvent = Pick<AccessEvent, "action"> &
  Partial<Pick<AccessEvent, "agencyId" | "door" | "subject" | "detail">>;

const ROLE = "saraban_audit";

/**
 * Does something and has it in the audit log, under the name that the machine knows the operator by. It is written down before
 * it is done, so that nothing is done that does not stand there; what then fails has a second event that says so.
 * @param isDone whether the result means that it was done; by default all that is neither false, undefined nor an exit code
 */
export async function onRecord<Result>(
  settings: Settings,
  event: OperatorEvent,
  work: () => Promise<Result>,
  isDone: (result: Result) => boolean = isNoFailure,
): Promise<Result> {
  const address = findInstallation(settings);
  const log = openLog(settings.log.level, "audit-log");
  const clock = await openProcessClock(settings.clock, address, ROLE, log);
  const database = openDatabase<Tables>(address, ROLE, 1, log);
  const record = (outcome: AccessEvent["outcome"]): Promise<void> =>
    recordAccess(
      database,
      { agencyId: null, door: "cli", ...event, actor: `operator:${userInfo().username}`, outcome },
      clock.now(),
    );
  try {
    await record("allowed");
    let result: Result;
    try {
      result = await work();
    } catch (error) {
      await record("failed");
      throw error;
    }
    if (!isDone(result)) await record("failed");
    return result;
  } finally {
    await database.destroy();
    await clock.stop();
  }
}

function isNoFailure(result: unknown): boolean {
  return result !== false && result !== undefined && !(typeof result === "number" && result > 0);
}
