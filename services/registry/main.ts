/**
 * REGISTRY
 *
 * Receives    "register-letter": a wake-up for a book that has waiting letters; "register-closed": the same for a book of
 *             classified letters; "do-act": what a clerk, or of classified letters an appointed person, asks for;
 *             "record-recall": a sender wants a letter back.
 * Hands on    "notify-sender" for every letter that was decided on, without a clerk or by one, and for what happens to its
 *             line later; "send-letter" for each recipient of a letter of our own that is sent, sent again or recalled.
 * Writes      book, entry, entry_event, outcome, quarantine, tray_decision, act_result, outbound_event, outbound_file,
 *             outbound_recipient (all but book append-only); outbound_letter; book_year through entry's trigger.
 * Promises    numbers 1, 2, 3 … for each book and calendar year in Asia/Bangkok, without hole or repeat, in order of arrival
 *             among the letters that are ready, in the transaction that writes the entry (Annex 6 §2.2.3). Every arrival
 *             gets exactly one outcome; one that lies in the tray at most one decision of a clerk. A mistake is corrected,
 *             filled or cancelled by an event beside the line; a number stays used. A letter of our own is numbered when it
 *             is signed off, by somebody who has that right and did not write it (outbound.fourEyes), in the version that he
 *             has seen; what was sent never changes (Annex 6 §2.2.1).
 * May not     read message octets or files, talk to senders. Of a classified letter it learns the level, and nothing else.
 * Settings    registry.batchSize, quarantine.*, clock.policy, queue.*, database.*.
 * Fails       killed or stopped in a batch: the batch is rolled back, the next worker takes it up; nothing was numbered.
 *             a letter that cannot be written: tried alone, again later with growing pauses, set aside visibly at last.
 *             clock not good enough under the policy `hold`: letters wait, and go on by themselves when it is.
 *             no calendar for the year of an arrival: registered without a deemed time, and said loudly.
 * Limits      of classified letters only the same request of the same program is known for a second copy: what they say is sealed.
 */

import { startHeartbeat } from "../shared/letter/heartbeat.ts";
import { openCalendar } from "../shared/letter/holidays.ts";
import { putOff } from "../shared/letter/outbox.ts";
import { performJobs } from "../shared/letter/perform-jobs.ts";
import type { StartRoom } from "../shared/letter/room.ts";
import { type ClockState, reasonToHold } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, openDatabase } from "../shared/runtime/database.ts";
import { deemByCalendar } from "./deem-receipt.ts";
import { doAct } from "./do-act.ts";
import { recordRecall } from "./record-recall.ts";
import { drainClosedBook } from "./register-closed.ts";
import { drainBook } from "./register-letter.ts";

/** Books drained and acts done at the same time; within a book there is one worker at a time anyway. */
const BOOKS_AT_ONCE = 4;

/** While registration waits for the clock, a book is tried again this often. */
const HELD_LOOKS_AGAIN_MS = 5_000;

export const start: StartRoom = async ({ settings, address, home, now, log }) => {
  const database = openDatabase<Tables>(address, "saraban_registry", settings.database.poolSize, log);
  const { maxFailures } = settings.queue;
  const parts = {
    database,
    now,
    batchSize: settings.registry.batchSize,
    maxFailures,
    reasonToHold: (clock: ClockState) => reasonToHold(clock, settings.clock),
    deem: deemByCalendar(openCalendar(settings.holidaysDir), log),
    quarantine: settings.quarantine,
    log,
  };
  const waitForClock = async (
    job: "register-letter" | "register-closed" | "do-act",
    agencyId: string,
    subjectId: string,
    held: string,
  ) => {
    log.warn({ job, agency: agencyId, held }, "registration waits for the clock");
    await inTransaction(database, { actor: "worker:registry", agencies: [agencyId] }, (transaction) =>
      putOff(transaction, job, subjectId, HELD_LOOKS_AGAIN_MS, held),
    );
  };
  const heartbeat = await startHeartbeat(database, "registry", () => null, log);
  const worker = await performJobs({
    room: "registry",
    home,
    database,
    concurrency: BOOKS_AT_ONCE,
    maxFailures,
    handlers: {
      "register-letter": async ({ agencyId, subjectId, workKey }) => {
        const { letters, held } = await drainBook(parts, agencyId, workKey);
        if (held !== null) await waitForClock("register-letter", agencyId, subjectId, held);
        if (letters > 0) log.info({ book: workKey, count: letters }, "book drained");
      },
      // Its log tells of no letters: that there are some is for those who are appointed for them.
      "register-closed": async ({ agencyId, subjectId, workKey }) => {
        const { held } = await drainClosedBook(parts, agencyId, workKey);
        if (held !== null) await waitForClock("register-closed", agencyId, subjectId, held);
      },
      "do-act": async ({ agencyId, subjectId }) => {
        const held = await doAct(parts, agencyId, subjectId);
        if (held !== null) await waitForClock("do-act", agencyId, subjectId, held);
      },
      "record-recall": async ({ agencyId, subjectId }) => {
        const waits = await recordRecall(parts, agencyId, subjectId);
        if (waits === null) return;
        await inTransaction(database, { actor: "worker:registry", agencies: [agencyId] }, (transaction) =>
          putOff(transaction, "record-recall", subjectId, waits.delayMs, waits.why),
        );
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
