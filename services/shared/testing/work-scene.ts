import type { TestContext } from "vitest";
import type { JobData } from "../letter/flow.ts";
import type { JobHome } from "../letter/job-home.ts";
import { finish } from "../letter/outbox.ts";
import { performJobs } from "../letter/perform-jobs.ts";
import { type DatabaseAddress, inTransaction } from "../runtime/database.ts";
import { newId } from "../runtime/ids.ts";
import { openLog } from "../runtime/log.ts";
import { adminQueries, roomDatabase } from "./arrivals.ts";

interface OpenWork {
  readonly subject_id: string;
  readonly work_key: string;
  readonly next_send_at: Date;
  readonly sends: number;
  readonly failures: number;
  readonly taken_until: Date | null;
}

/** An outbox with work for reading, and workers whose handler the test gives. */
export function workScene(context: TestContext, address: DatabaseAddress) {
  const query = adminQueries(context, address);
  const openWork = () => query<OpenWork>("select * from saraban.outbox order by id");
  return {
    query,
    openWork,
    async addWork(count: number): Promise<string[]> {
      const ids = Array.from({ length: count }, () => newId());
      await query(
        `insert into saraban.outbox (job, agency_id, subject_id, work_key)
           select 'read-letter', 'agency-a', id, id from unnest($1::uuid[]) id`,
        [ids],
      );
      return ids;
    },
    /**
     * Starts a worker; `done` resolves with the subjects of the first `wanted` calls.
     * @param handler "open": it leaves the work's row as it is
     */
    async work(
      home: JobHome,
      wanted: number,
      handler?: (data: JobData) => Promise<"open" | undefined>,
      { maxFailures = 3, concurrency = 4 } = {},
    ) {
      const database = roomDatabase(context, address, "saraban_reading", 6);
      const seen: string[] = [];
      const { promise: done, resolve } = Promise.withResolvers<string[]>();
      const worker = await performJobs({
        room: "reading",
        home,
        database,
        concurrency,
        maxFailures,
        log: openLog("silent", "test"),
        handlers: {
          "read-letter": async (data) => {
            seen.push(data.subjectId);
            try {
              if ((await handler?.(data)) === "open") return;
              await inTransaction(
                database,
                { actor: "worker:reading", agencies: [data.agencyId] },
                (transaction) => finish(transaction, "read-letter", [data.subjectId]),
              );
            } finally {
              if (seen.length === wanted) setImmediate(() => resolve(seen));
            }
          },
        },
      });
      let closing: Promise<void> | undefined;
      const close = (): Promise<void> => {
        closing ??= worker.close();
        return closing;
      };
      context.onTestFinished(close);
      return { done, seen, close };
    },
    /** Waits until the outbox looks so; the deadline is the test's own. */
    async until(wanted: (rows: Awaited<ReturnType<typeof openWork>>) => boolean): Promise<void> {
      while (!wanted(await openWork())) await new Promise((resolve) => setTimeout(resolve, 20));
    },
  };
}
