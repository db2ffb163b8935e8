import type { Tables } from "../../shared/letter/tables.ts";
import { type DatabaseAddress, type Kysely, openDatabase } from "../../shared/runtime/database.ts";
import type { Log } from "../../shared/runtime/log.ts";
import type { Settings } from "../../shared/runtime/settings.ts";
import { openMailboxLocks } from "../imap/imap-lock-store.ts";
import { openQueueDoor, type QueueDoorParts } from "./queue-door.ts";
import { openQueueMemory } from "./queue-store.ts";

export interface OpenQueues {
  readonly says: readonly string[];
  close(graceMs: number): Promise<void>;
}

/** Opens a door to the queue of each agency that uses an e-CMS node of others. A node that is away is no reason not to start. */
export async function openConfiguredQueues(
  {
    allowPrivate,
    timeoutSeconds,
    maxAnswerBytes,
  }: Pick<Settings["ecms"], "allowPrivate" | "timeoutSeconds" | "maxAnswerBytes">,
  address: DatabaseAddress,
  parts: Pick<QueueDoorParts, "store" | "acceptLetter" | "closed" | "waits"> & {
    readonly database: Kysely<Tables>;
    readonly log: Log;
  },
): Promise<OpenQueues> {
  const memory = openQueueMemory(parts.database);
  const nodes = await memory.enlist();
  if (nodes.length === 0) return { says: [], close: async () => {} };
  const cutting = new AbortController();
  const limits = {
    allowPrivate,
    idleMs: timeoutSeconds * 1000,
    largestAnswer: maxAnswerBytes,
    stopping: cutting.signal,
  };
  // A connection of their own: the locks last as long as it does.
  const lockDatabase = openDatabase<Tables>(address, "saraban_intake", 1, parts.log);
  const locks = openMailboxLocks(lockDatabase);
  const doors = nodes.map((node) => openQueueDoor(node, { ...parts, memory, limits, locks }));
  return {
    says: nodes.map(({ agencyId, url }) => `e-CMS from ${new URL(url).host}, for ${agencyId}`),
    async close(graceMs) {
      const timer = setTimeout(() => cutting.abort(), graceMs);
      await Promise.all(doors.map((door) => door.close()));
      clearTimeout(timer);
      await locks.close();
      await lockDatabase.destroy();
    },
  };
}
