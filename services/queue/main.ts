/**
 * QUEUE (the relay)
 *
 * Receives    rows of the outbox, written by the rooms with the changes that they follow from.
 * Hands on    each as a BullMQ job on Redis to the room that the flow table names; again when it is not done in time. Where no
 *             Redis is set the rooms take their work from the outbox themselves, and there is nothing to do here.
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
import { openDatabase } from "../shared/runtime/database.ts";
import { startRelay } from "./relay-work.ts";

export const start: StartRoom = async ({ settings, address, ears, home, log }) => {
  const database = openDatabase<Tables>(address, "saraban_queue", 3, log);
  if (home.kind === "postgres") {
    const heartbeat = await startHeartbeat(database, "relay", () => null, log);
    return {
      name: "relay",
      says: ["Queue in PostgreSQL: the services take their work from the outbox, the relay has none"],
      async stop() {
        await heartbeat.stop();
        await database.destroy();
      },
    };
  }
  const queues = await openRoomQueues(home, log);
  const relay = startRelay({ database, queues, resendAfterSeconds: settings.queue.resendAfterSeconds, log });
  const heard = ears.listen("saraban_outbox", relay.wake);
  const heartbeat = await startHeartbeat(database, "relay", relay.trouble, log);
  return {
    name: "relay",
    says: ["Queue in Redis"],
    async stop() {
      await heartbeat.stop();
      heard.stop();
      await relay.stop();
      for (const queue of Object.values(queues)) await queue.close();
      await database.destroy();
    },
  };
};
