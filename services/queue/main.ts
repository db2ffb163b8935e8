/**
 * QUEUE (the relay)
 *
 * Receives    rows of the outbox, written by the rooms with the changes that they follow from.
 * Hands on    each as a BullMQ job to the room that the flow table names; again when it is not done in time.
 * Writes      the outbox's sent marks.
 * Promises    work is never lost with the queue: what BullMQ forgets (FLUSHALL, a crash) is handed over again. Work may
 *             be handed over twice; every job bears it.
 * May not     see anything of a letter: it carries ids.
 * Settings    queue.*, database.*.
 * Fails       queue or database away: tries again each second; the rows stay.
 */
import { startHeartbeat } from "../shared/letter/heartbeat.ts";
import type { StartRoom } from "../shared/letter/room.ts";
import { openRoomQueues } from "../shared/letter/room-queues.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { listen, openDatabase } from "../shared/runtime/database.ts";
import { startRelay } from "./relay-work.ts";

export const start: StartRoom = async ({ settings, address, home, log }) => {
  const database = openDatabase<Tables>(address, "saraban_queue", 3, log);
  const queues = await openRoomQueues(home, log);
  const relay = startRelay({ database, queues, resendAfterSeconds: settings.queue.resendAfterSeconds, log });
  const ears = listen(address, "saraban_queue", "saraban_outbox", relay.wake, log);
  const heartbeat = await startHeartbeat(database, "relay", relay.trouble, log);
  return {
    name: "relay",
    says: [`Queue in ${home.kind === "redis" ? "Redis" : "PostgreSQL"}`],
    async stop() {
      await heartbeat.stop();
      await ears.stop();
      await relay.stop();
      for (const queue of Object.values(queues)) await queue.close();
      await database.destroy();
    },
  };
};
