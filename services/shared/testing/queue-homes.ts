import { inject, type TestContext } from "vitest";
import type { JobHome } from "../letter/job-home.ts";
import { openWorkTaker } from "../letter/take-work.ts";
import type { DatabaseAddress } from "../runtime/database.ts";
import { openEars } from "../runtime/ears.ts";
import { newId } from "../runtime/ids.ts";
import { openLog } from "../runtime/log.ts";
import type { RedisHome } from "../runtime/queue.ts";

/** Where jobs come from in tests: always the outbox, and Redis where there is one (CI has one). */
export function queueBackends(): ("postgres" | "redis")[] {
  return inject("redisUrl") === "" ? ["postgres"] : ["postgres", "redis"];
}

/** A queue of a test's own, by its prefix. */
export function redisHomeForTest(): RedisHome {
  return { kind: "redis", url: inject("redisUrl"), prefix: `test-${newId().slice(-12)}` };
}

/** The outbox as the queue, as one process has it; closed when the test ends, or sooner by `close`. */
export function outboxHomeForTest(context: TestContext, address: DatabaseAddress, leaseSeconds = 60) {
  const log = openLog("silent", "test");
  const ears = openEars(address, "saraban_reading", log);
  const taker = openWorkTaker({ address, ears, leaseSeconds, log });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= taker.stop().then(() => ears.stop());
    return closing;
  };
  context.onTestFinished(close);
  return { kind: "postgres", taker, close } as const satisfies JobHome & { close(): Promise<void> };
}
