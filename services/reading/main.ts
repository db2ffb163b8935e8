/**
 * READING
 *
 * Receives    "read-letter" for each arrival: a mail, or what a program handed in (JSON, XML, a form, e-CMS).
 * Hands on    "register-letter" to the arrival's book; "record-report" for what speaks of a message of ours,
 *             e-CMS notifiers among it.
 * Writes      reading (facts and first verdict); DATA/reading: files of a letter while it is read, and no longer.
 * Promises    works from the stored octets only, so that it can be done again later; a message that cannot be read goes to
 *             an officer with the reason and is never lost; of a letter marked as classified nothing is written but the mark.
 * May not     give a number, answer a sender, change what arrived.
 * Standards   RFC 5322, 2045-2047, 2231, 3275, 6532, 3464, 8098, 3834, 7208, 6376, 7489, 8617; see schemas/standards.txt.
 * Settings    reading.*, senders.*, scanner.*, queue.*, database.*, dataDir.
 * Fails       killed: the job is done again from the start. Disk or database away: tried again later. A hostile PDF ends the
 *             process that reads it, and costs its own letter a look by an officer. Scanner or DNS silent: the letter waits.
 * Limits      a scanned letter (a picture of its pages) and a Word file of before 2007 are read from the mail and the file's
 *             name alone; S/MIME signatures are kept, and proved nowhere; an e-CMS document's signature is checked by the key
 *             that comes with it, which proves nobody.
 */
import { join } from "node:path";
import { startHeartbeat } from "../shared/letter/heartbeat.ts";
import { performJobs } from "../shared/letter/perform-jobs.ts";
import type { StartRoom } from "../shared/letter/room.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Kysely, openDatabase } from "../shared/runtime/database.ts";
import { openStore } from "../shared/runtime/store.ts";
import { openLetterBatches } from "./batch-letters.ts";
import { openPdfReader } from "./pdf/read-pdf.ts";
import { type Directory, readLetter } from "./read-letter.ts";
import { readKnownSenders, readSenderRules } from "./reading-store.ts";
import { openScanner } from "./scan-octets.ts";
import { openSenderChecks } from "./sender/sender-checks.ts";
import { openTurns } from "./take-turns.ts";
import { openWorkFolder } from "./work-folder.ts";

/** The directory is read again after this. */
const KNOWN_FOR_MS = 30_000;
/** Small letters that are read at the same time share their statements; so many of them take the memory of a large one. */
const SMALL_FOR_A_LARGE = 8;

export const start: StartRoom = async ({ settings, address, home, now, log }) => {
  const senders = openSenderChecks(settings);
  const scanner = openScanner(settings.scanner);
  const { concurrency, pdfProcesses, pdfTimeoutSeconds, pdfMemoryMb } = settings.reading;
  const readPdf = openPdfReader({
    processes: pdfProcesses,
    timeoutMs: pdfTimeoutSeconds * 1000,
    memoryMb: pdfMemoryMb,
  });
  const database = openDatabase<Tables>(address, "saraban_reading", settings.database.poolSize, log);
  const store = await openStore({ dir: join(settings.dataDir, "letters") });
  const workFolder = await openWorkFolder(join(settings.dataDir, "reading"));
  const parts = {
    database,
    batches: openLetterBatches(database, now),
    inTurn: openTurns(Math.ceil(concurrency / SMALL_FOR_A_LARGE)),
    store,
    directory: directoryOf(database),
    readPdf,
    newPath: workFolder.newPath,
    senders,
    scanner,
    whenScannerIsDown: settings.scanner.whenDown,
    now,
    log,
  };
  const heartbeat = await startHeartbeat(
    database,
    "reading",
    async () => readPdf.trouble() ?? (await scanner?.trouble()) ?? null,
    log,
  );
  const worker = await performJobs({
    room: "reading",
    home,
    database,
    concurrency,
    maxFailures: settings.queue.maxFailures,
    handlers: { "read-letter": (data) => readLetter(parts, data) },
    log,
  });
  return {
    name: "reading",
    says: [
      senders.on
        ? "Senders are checked (SPF, DKIM, DMARC, ARC)"
        : "Senders are not checked: their address is taken at its word (senders.check)",
      ...(scanner === null ? [] : [`Messages are scanned by ${settings.scanner.address}`]),
    ],
    async stop() {
      await heartbeat.stop();
      await worker.close();
      await readPdf.close();
      workFolder.close();
      senders.close();
      await database.destroy();
    },
  };
};

function directoryOf(database: Kysely<Tables>): () => Promise<Directory> {
  let read: { readonly directory: Promise<Directory>; readonly atMs: number } | undefined;
  return () => {
    if (!read || performance.now() - read.atMs > KNOWN_FOR_MS) {
      const directory = inTransaction(
        database,
        { actor: "worker:reading", agencies: [] },
        async (transaction) => ({
          known: await readKnownSenders(transaction),
          rules: await readSenderRules(transaction),
        }),
      );
      directory.catch(() => {
        read = undefined;
      });
      read = { directory, atMs: performance.now() };
    }
    return read.directory;
  };
}
