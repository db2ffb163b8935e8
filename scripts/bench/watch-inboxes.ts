import { setTimeout as pause } from "node:timers/promises";
import type { Pool } from "pg";

/** Sees receipts in programs' inboxes as soon as they are committed, from outside the service. */
export interface InboxWatch {
  /** Arrival → performance.now() at which its receipt was seen first. */
  readonly seen: ReadonlyMap<string, number>;
  /** By e-CMS a letter is known by its ProcessID. @returns the arrivals, of letters by other doors the ids as they are */
  arrivalsOf(processIds: readonly string[]): Promise<string[]>;
  /** Ends when all of these were seen. @throws Error when the next one takes longer than `withinMs` */
  waitFor(intakeIds: readonly string[], withinMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** Numbers of items are taken before the commit: one that was passed by may yet come. */
const LOOK_BACK = 60;
/** Looking costs the service's database something; this is how exact the times are. */
const LOOK_EVERY_MS = 10;
/** After such a silence all items are looked at, for one that was passed by further back. */
const SILENCE_MS = 2_000;

/** @param admin two connections: one listens, one asks */
export async function watchInboxes(admin: Pool, clientIds: readonly string[]): Promise<InboxWatch> {
  const seen = new Map<string, number>();
  const connection = await admin.connect();
  let newest = 0;
  let asking: Promise<void> | undefined;
  let again = false;
  let tellWaiter = (): void => {};
  let failure: unknown;

  const look = async (): Promise<void> => {
    do {
      await pause(LOOK_EVERY_MS);
      again = false;
      const { rows } = await admin.query<{ id: string; seq: number }>(
        `select intake_id as id, seq::integer from saraban.client_item
          where client_id = any($1) and done_at is null and seq > $2 and kind = 'receipt' order by seq`,
        [clientIds, newest - LOOK_BACK],
      );
      const nowMs = performance.now();
      for (const { id, seq } of rows) {
        if (!seen.has(id)) seen.set(id, nowMs);
        newest = Math.max(newest, seq);
      }
      tellWaiter();
    } while (again);
  };
  const lookSoon = (): void => {
    again = true;
    asking ??= look()
      .catch((error: unknown) => {
        failure = error;
        tellWaiter();
      })
      .finally(() => {
        asking = undefined;
      });
  };
  connection.on("notification", lookSoon);
  await connection.query("listen saraban_client_item");

  return {
    seen,
    async arrivalsOf(processIds) {
      const { rows } = await admin.query<{ process: string; intake: string }>(
        "select process_id as process, intake_id as intake from saraban.ecms_document where process_id = any($1::uuid[])",
        [processIds],
      );
      const arrivals = new Map(rows.map(({ process, intake }) => [process, intake]));
      return processIds.map((id) => arrivals.get(id) ?? id);
    },
    async waitFor(intakeIds, withinMs) {
      let missing = intakeIds.filter((id) => !seen.has(id));
      let lastMs = performance.now();
      while (missing.length > 0) {
        const { promise, resolve } = Promise.withResolvers<void>();
        tellWaiter = resolve;
        const timer = setTimeout(() => {
          newest = 0;
          lookSoon();
        }, SILENCE_MS);
        await promise;
        clearTimeout(timer);
        if (failure) throw failure;
        const left = missing.filter((id) => !seen.has(id));
        if (left.length < missing.length) lastMs = performance.now();
        else if (performance.now() - lastMs > withinMs)
          throw new Error(`${left.length} letters have no receipt`);
        missing = left;
      }
    },
    async stop() {
      connection.off("notification", lookSoon);
      await asking;
      connection.release(true);
    },
  };
}
