import { inject } from "vitest";
import type { DatabaseAddress } from "../runtime/database.ts";
import { newId } from "../runtime/ids.ts";
import type { QueueHome } from "../runtime/queue.ts";

/** The backends that queue tests run on: always PostgreSQL, and Redis where there is one (CI has one). */
export function queueBackends(): ("postgres" | "redis")[] {
  return inject("redisUrl") === "" ? ["postgres"] : ["postgres", "redis"];
}

/** A queue of a test's own: on Redis by its prefix, on PostgreSQL by the test's database. */
export function queueHomeForTest(backend: "postgres" | "redis", address: DatabaseAddress): QueueHome {
  const prefix = `test-${newId().slice(-12)}`;
  return backend === "redis"
    ? { kind: "redis", url: inject("redisUrl"), prefix }
    : { kind: "postgres", address, prefix };
}
