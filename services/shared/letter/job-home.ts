import type { RedisHome } from "../runtime/queue.ts";
import type { WorkTaker } from "./take-work.ts";

/** Where rooms get their jobs: from BullMQ on a Redis, which the relay fills, or, where none is set, from the outbox itself. */
export type JobHome = RedisHome | { readonly kind: "postgres"; readonly taker: WorkTaker };
