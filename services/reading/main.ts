/**
 * READING
 *
 * Receives    "read-letter" for each arrival.
 * Hands on    "register-letter" to the arrival's book.
 * Writes      reading (facts and first verdict).
 * Promises    works from the stored octets only, so that it can be done again later; a message that cannot be read goes to
 *             an officer with the reason and is never lost; of a letter marked as classified nothing is written but the mark.
 * May not     give a number, answer a sender, change what arrived.
 * Standards   RFC 5322, 2045-2047, 2231, 6532, 3464, 8098, 3834; see schemas/standards.txt.
 * Settings    reading.concurrency, queue.*, database.*, dataDir.
 * Fails       killed: the job is done again from the start. Disk or database away: tried again later.
 * Limits      subject and text body only: PDF, XML and file names are not read yet, nor is the sender proved (DKIM).
 */
import { join } from "node:path";
import { startHeartbeat } from "../shared/letter/heartbeat.ts";
import { performJobs } from "../shared/letter/perform-jobs.ts";
import type { StartRoom } from "../shared/letter/room.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, openDatabase } from "../shared/runtime/database.ts";
import { openStore } from "../shared/runtime/store.ts";
import { readLetter } from "./read-letter.ts";
import type { KnownSenders } from "./reading.ts";
import { readKnownSenders } from "./reading-store.ts";

/** The partner directory is read again after this. */
const KNOWN_FOR_MS = 30_000;

export const start: StartRoom = async ({ settings, address, home, now, log }) => {
  const database = openDatabase<Tables>(address, "saraban_reading", settings.database.poolSize, log);
  const store = await openStore({ dir: join(settings.dataDir, "letters") });
  let read: { readonly known: Promise<KnownSenders>; readonly atMs: number } | undefined;
  const known = (): Promise<KnownSenders> => {
    if (!read || performance.now() - read.atMs > KNOWN_FOR_MS) {
      const fresh = inTransaction(database, { actor: "worker:reading", agencies: [] }, readKnownSenders);
      fresh.catch(() => {
        read = undefined;
      });
      read = { known: fresh, atMs: performance.now() };
    }
    return read.known;
  };
  const parts = { database, store, known, now, log };
  const heartbeat = await startHeartbeat(database, "reading", () => null, log);
  const worker = await performJobs({
    room: "reading",
    home,
    database,
    concurrency: settings.reading.concurrency,
    maxFailures: settings.queue.maxFailures,
    handlers: { "read-letter": (data) => readLetter(parts, data) },
    log,
  });
  return {
    name: "reading",
    says: [],
    async stop() {
      await heartbeat.stop();
      await worker.close();
      await database.destroy();
    },
  };
};
