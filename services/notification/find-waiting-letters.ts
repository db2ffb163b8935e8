import { listAgencies } from "../shared/letter/inbound-book.ts";
import { handOn } from "../shared/letter/outbox.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Kysely } from "../shared/runtime/database.ts";
import type { Log } from "../shared/runtime/log.ts";
import { findWaiting } from "./subject-store.ts";

/** The books are looked through this often. */
const EVERY_MS = 15_000;
/** Letters told of in one go: while a clock is away a whole day's mail may wait, and nobody should wait behind it. */
const MOST_AT_ONCE = 500;

/**
 * Has the senders of letters told that still wait for their number after so long ("tell-arrival"). Several processes may do
 * it at once: one row of work for each letter, and one notice.
 * @returns how many
 */
export async function findWaitingLetters(database: Kysely<Tables>, afterSeconds: number): Promise<number> {
  const acting = { actor: "worker:notification", agencies: await listAgencies(database) } as const;
  return inTransaction(database, acting, async (transaction) => {
    const waiting = await findWaiting(transaction, afterSeconds, MOST_AT_ONCE);
    await handOn(
      transaction,
      "notification",
      waiting.map(({ intakeId, agencyId }) => ({ job: "tell-arrival", agencyId, subjectId: intakeId })),
    );
    return waiting.length;
  });
}

/** Looks for such letters until stopped. A database that does not answer is asked again the next time. */
export function watchWaitingLetters(
  database: Kysely<Tables>,
  afterSeconds: number,
  log: Log,
): { stop(): Promise<void> } {
  let looking: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    try {
      const count = await findWaitingLetters(database, afterSeconds);
      if (count > 0)
        log.info({ count }, "letters wait for their number: their senders are told that they arrived");
    } catch (error) {
      log.warn({ err: error }, "letters that wait for long cannot be looked for");
    }
    looking = undefined;
  };
  const timer = setInterval(() => {
    looking ??= look();
  }, EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await looking;
    },
  };
}
