/**
 * REGISTRY
 *
 * Receives    "register-letter": a wake-up for a book that has waiting letters.
 * Hands on    "acknowledge-letter" for a registered letter, "refuse-letter" for a refused one.
 * Writes      book, entry, outcome (entry and outcome are append-only); book_year through entry's trigger.
 * Promises    numbers 1, 2, 3 … for each book and calendar year in Asia/Bangkok, without hole or repeat, in order of arrival
 *             among the letters that are ready, in the transaction that writes the entry (Annex 6 §2.2.3). Every arrival
 *             gets exactly one outcome.
 * May not     read message octets, talk to senders.
 * Settings    registry.batchSize, queue.*, database.*.
 * Fails       killed or stopped in a batch: the batch is rolled back, the next worker takes it up; nothing was numbered.
 *             a letter that cannot be written: tried alone, again later with growing pauses, set aside visibly at last.
 * Limits      one inbound, ordinary book an agency; clerks, corrections and reserved numbers come later.
 */
import { startHeartbeat } from "../shared/letter/heartbeat.ts";
import { performJobs } from "../shared/letter/perform-jobs.ts";
import type { StartRoom } from "../shared/letter/room.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { openDatabase } from "../shared/runtime/database.ts";
import { drainBook } from "./register-letter.ts";

/** Books drained at the same time; within a book there is one worker at a time anyway. */
const BOOKS_AT_ONCE = 2;

export const start: StartRoom = async ({ settings, address, home, now, log }) => {
  const database = openDatabase<Tables>(address, "saraban_registry", settings.database.poolSize, log);
  const { maxFailures } = settings.queue;
  const parts = { database, now, batchSize: settings.registry.batchSize, maxFailures, log };
  const heartbeat = await startHeartbeat(database, "registry", () => null, log);
  const worker = await performJobs({
    room: "registry",
    home,
    database,
    concurrency: BOOKS_AT_ONCE,
    maxFailures,
    handlers: {
      "register-letter": async ({ agencyId, workKey }) => {
        const letters = await drainBook(parts, agencyId, workKey);
        if (letters > 0) log.info({ book: workKey, letters }, "book drained");
      },
    },
    log,
  });
  return {
    name: "registry",
    says: [],
    async stop() {
      await heartbeat.stop();
      await worker.close();
      await database.destroy();
    },
  };
};
