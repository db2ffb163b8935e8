import type { WorkingRoom } from "../shared/letter/flow.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Kysely } from "../shared/runtime/database.ts";
import type { Log } from "../shared/runtime/log.ts";
import type { JobQueue } from "../shared/runtime/queue.ts";
import { sendDue } from "./outbox-store.ts";

/** Rows handed over in one transaction. */
const BATCH = 500;
/** The relay looks by itself this often: a wake-up may be lost, work that was put off wakes nobody. */
const LOOK_EVERY_MS = 500;
/** Pause after each hand-over: what comes within it goes together, which costs the queue far less than one by one. */
const GATHER_MS = 15;
/** Pause after an error: the database or the queue is away. */
const AFTER_ERROR_MS = 1_000;

export interface Relay {
  /** Looks at once. */
  wake(): void;
  /** The last error, null while all is well. */
  trouble(): string | null;
  stop(): Promise<void>;
}

/** Carries due outbox rows to the queues until stopped: at once when woken, else every half second. */
export function startRelay(parts: {
  readonly database: Kysely<Tables>;
  readonly queues: Readonly<Record<WorkingRoom, JobQueue>>;
  readonly resendAfterSeconds: number;
  readonly log: Log;
}): Relay {
  const { database, queues, resendAfterSeconds, log } = parts;
  let stopped = false;
  let woken = false;
  let trouble: string | null = null;
  let endPause: () => void = () => {};

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (stopped || woken) return resolve();
      const timer = setTimeout(resolve, ms);
      endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const gather = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, GATHER_MS));

  const run = async (): Promise<void> => {
    while (!stopped) {
      woken = false;
      try {
        const sent = await sendDue(database, { limit: BATCH, resendAfterSeconds }, (room, jobs) =>
          queues[room].add(jobs),
        );
        trouble = null;
        if (sent === 0) await pause(LOOK_EVERY_MS);
        else if (sent < BATCH) await gather();
      } catch (error) {
        trouble = error instanceof Error ? error.message : "unknown";
        log.warn({ err: error }, "the relay cannot hand work over; trying again");
        await pause(AFTER_ERROR_MS);
      }
    }
  };
  const running = run();

  return {
    wake() {
      woken = true;
      endPause();
    },
    trouble: () => trouble,
    async stop() {
      stopped = true;
      endPause();
      await running;
    },
  };
}
