import type { MailboxLocks } from "../imap/imap-lock-store.ts";
import { troubleOf } from "./node-trouble.ts";
import { type PullParts, type PullProgress, pullQueue } from "./pull-queue.ts";
import type { AgencyNode } from "./queue-store.ts";

export interface QueueDoorParts extends PullParts {
  /** One process reads a queue: two would fetch the same item, and one of them delete it under the other. */
  readonly locks: MailboxLocks;
  readonly waits?: QueueWaits;
}

/** Pauses in milliseconds. */
export interface QueueWaits {
  /** After a fault, doubled with each further one; never shorter than the pause between two looks. */
  readonly most: number;
  /** Between two looks where the first one did not come to the end of the queue. */
  readonly between: number;
}

const WAITS: QueueWaits = { most: 900_000, between: 100 };

export interface OpenQueueDoor {
  /** Ends the work: no further item is begun. */
  close(): Promise<void>;
}

/** Looks into the queue of one agency at the node that it uses, until it is closed. */
export function openQueueDoor(node: AgencyNode, parts: QueueDoorParts): OpenQueueDoor {
  const { memory, locks, log, waits = WAITS } = parts;
  const progress: PullProgress = { seen: new Map(), unreadable: 0 };
  const pollMs = node.pollSeconds * 1000;
  let isStopped = false;
  let endPause = (): void => {};

  const look = async (): Promise<number> => {
    if (!(await locks.holds(`ecms ${node.agencyId}`))) return pollMs;
    const isMore = await pullQueue(node, progress, parts, () => isStopped);
    await memory.recordLook(node.agencyId, !isMore, null);
    return isMore ? waits.between : pollMs;
  };

  const work = async (): Promise<void> => {
    for (let faults = 0; !isStopped; ) {
      let pauseMs: number;
      try {
        pauseMs = await look();
        faults = 0;
      } catch (error) {
        if (isStopped) return;
        faults += 1;
        pauseMs = Math.max(pollMs, Math.min(waits.most, pollMs * 2 ** Math.min(faults - 1, 20)));
        const trouble = troubleOf(error);
        log.warn(
          { agency: node.agencyId, faults, pauseMs, err: trouble },
          `the queue at the e-CMS node cannot be read: ${trouble.message}`,
        );
        await memory
          .recordLook(node.agencyId, false, trouble.message)
          .catch((err: unknown) =>
            log.warn({ agency: node.agencyId, err }, "the trouble cannot be recorded"),
          );
      }
      await pause(pauseMs);
    }
  };

  const pause = async (ms: number): Promise<void> => {
    if (isStopped) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    endPause = resolve;
    const timer = setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
  };

  const working = work();
  return {
    async close() {
      isStopped = true;
      endPause();
      await working;
    },
  };
}
