import { type Kysely, sql } from "kysely";
import type { JobHome } from "../shared/letter/job-home.ts";
import { openRoomQueues } from "../shared/letter/room-queues.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Log } from "../shared/runtime/log.ts";

/** The queue as readiness sees it. */
export interface QueueState {
  /** Whether work reaches its room over the relay. */
  readonly needsRelay: boolean;
  /** How much is to be done, in words. @throws when that is not known, or nobody does it */
  ask(): Promise<string>;
  close(): Promise<void>;
}

/** Work that nobody has been at for so long is stuck; where there is too much of it, somebody is at some of it. */
const STUCK_AFTER_SECONDS = 60;

/** Of Redis: whether it answers. Of the outbox itself: whether the rooms take their work from it. */
export async function openQueueState(home: JobHome, database: Kysely<Tables>, log: Log): Promise<QueueState> {
  if (home.kind === "postgres")
    return { needsRelay: false, ask: () => askOutbox(database), close: async () => {} };
  const queues = Object.values(await openRoomQueues(home, log));
  return {
    needsRelay: true,
    async ask() {
      const depths = await Promise.all(queues.map((queue) => queue.depth()));
      return inWords(depths.reduce((sum, depth) => sum + depth, 0));
    },
    async close() {
      for (const queue of queues) await queue.close();
    },
  };
}

async function askOutbox(database: Kysely<Tables>): Promise<string> {
  const { rows } = await sql<{ queue: string; waiting: number; untouched_seconds: number }>`
    select * from open_work()`.execute(database);
  const stuck = rows.filter(({ untouched_seconds: seconds }) => seconds > STUCK_AFTER_SECONDS);
  const words = inWords(rows.reduce((sum, { waiting }) => sum + waiting, 0));
  if (stuck.length === 0) return words;
  throw new Error(`${words}; nobody takes the work of ${stuck.map(({ queue }) => queue).join(", ")}`);
}

function inWords(jobs: number): string {
  return `${jobs} jobs waiting or running`;
}
