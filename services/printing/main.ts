/**
 * PRINTING
 *
 * Receives    "print-register": somebody wants a book, or a part of it, as PDF, XLSX or CSV, or the stamp of a line.
 * Writes      print_progress; the finished files in DATA/prints, for a week.
 * Promises    the register in the columns of the official forms, Thai shaped right, in bounded memory however long the
 *             year; how far it is can be seen all the while. A half-made file is never given out.
 * May not     see a classified book: row-level security shows it none.
 * Settings    dataDir, queue.*, database.*.
 * Standards   Annex 6 §2.3 (registers may be printed for inspection).
 * Fails       killed: the print is begun again. Too costly to make (time, memory): the order fails and says so; the
 *             service goes on, for the work is done in a process of its own.
 * Limits      one print at a time: it takes a processor. The HTTP service has to see the same data folder.
 */
import { join } from "node:path";
import { startHeartbeat } from "../shared/letter/heartbeat.ts";
import { performJobs } from "../shared/letter/perform-jobs.ts";
import type { StartRoom } from "../shared/letter/room.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { openDatabase } from "../shared/runtime/database.ts";
import { makePrint } from "./make-print.ts";
import { openPrintsFolder } from "./prints-folder.ts";

export const start: StartRoom = async ({ settings, address, home, log }) => {
  const database = openDatabase<Tables>(address, "saraban_print", 2, log);
  const stopping = new AbortController();
  const folder = await openPrintsFolder(join(settings.dataDir, "prints"));
  const parts = { database, folder, signal: stopping.signal, log };
  const heartbeat = await startHeartbeat(database, "printing", () => null, log);
  const worker = await performJobs({
    room: "printing",
    home,
    database,
    concurrency: 1,
    maxFailures: settings.queue.maxFailures,
    handlers: { "print-register": (data) => makePrint(parts, data) },
    log,
  });
  return {
    name: "printing",
    says: [],
    async stop() {
      stopping.abort();
      await heartbeat.stop();
      await worker.close();
      await database.destroy();
    },
  };
};
