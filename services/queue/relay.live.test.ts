import { Redis } from "ioredis";
import { describe, inject, type TestContext, test } from "vitest";
import type { JobData } from "../shared/letter/flow.ts";
import { finish } from "../shared/letter/outbox.ts";
import { performJobs } from "../shared/letter/perform-jobs.ts";
import { openRoomQueues } from "../shared/letter/room-queues.ts";
import { inTransaction, listen } from "../shared/runtime/database.ts";
import { newId } from "../shared/runtime/ids.ts";
import { openLog } from "../shared/runtime/log.ts";
import type { QueueHome } from "../shared/runtime/queue.ts";
import { adminQueries, roomDatabase } from "../shared/testing/arrivals.ts";
import { databaseForTest } from "../shared/testing/database.ts";
import { queueBackends, queueHomeForTest } from "../shared/testing/queue-homes.ts";
import { hasRedis, startRedis } from "../shared/testing/redis.ts";
import { listTroubledJobs, retryJobs } from "./outbox-store.ts";
import { startRelay } from "./relay-work.ts";

const log = openLog("silent", "test");

/** An outbox with work for reading, a relay, and a reading worker whose handler the test gives. */
async function scene(context: TestContext, backend: "postgres" | "redis", resendAfterSeconds = 60) {
  const address = await databaseForTest(inject("testServer"), context);
  const home = queueHomeForTest(backend, address);
  return { ...(await parts(context, home, address, resendAfterSeconds)), home, address };
}

async function parts(
  context: TestContext,
  home: QueueHome,
  address: Awaited<ReturnType<typeof databaseForTest>>,
  resendAfterSeconds: number,
) {
  const query = adminQueries(context, address);
  const openWork = () =>
    query<{ subject_id: string; failures: number }>("select * from saraban.outbox order by id");
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
    async relay() {
      const database = roomDatabase(context, address, "saraban_queue");
      const queues = await openRoomQueues(home, log);
      const relay = startRelay({ database, queues, resendAfterSeconds, log });
      const ears = listen(address, "saraban_queue", "saraban_outbox", relay.wake, log);
      context.onTestFinished(async () => {
        await ears.stop();
        await relay.stop();
        for (const queue of Object.values(queues)) await queue.close();
      });
      return { relay, queues, database };
    },
    /** Starts the worker; `done` resolves with the subjects of the first `wanted` calls. */
    async work(
      wanted: number,
      handler?: (data: JobData) => Promise<void>,
      maxFailures = 3,
    ): Promise<{ done: Promise<string[]> }> {
      const database = roomDatabase(context, address, "saraban_reading", 6);
      const seen: string[] = [];
      const { promise: done, resolve } = Promise.withResolvers<string[]>();
      const worker = await performJobs({
        room: "reading",
        home,
        database,
        concurrency: 4,
        maxFailures,
        log,
        handlers: {
          "read-letter": async (data) => {
            seen.push(data.subjectId);
            try {
              await handler?.(data);
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
      context.onTestFinished(() => worker.close());
      return { done };
    },
    /** Waits until the outbox looks so; the deadline is the test's own. */
    async until(wanted: (rows: Awaited<ReturnType<typeof openWork>>) => boolean): Promise<void> {
      while (!wanted(await openWork())) await new Promise((resolve) => setTimeout(resolve, 20));
    },
  };
}

for (const backend of queueBackends()) {
  describe(`on ${backend}`, () => {
    test("work goes from the outbox over the queue to its worker, once, and leaves no row", async (context) => {
      const { addWork, relay, work, until } = await scene(context, backend);
      const { done } = await work(20);
      await relay();
      const ids = await addWork(20);
      context.expect((await done).sort()).toEqual(ids.sort());
      await until((rows) => rows.length === 0);
    });

    test("a queue wiped clean loses nothing: the work is handed over again", async (context) => {
      const { addWork, relay, work, until, home, query } = await scene(context, backend, 1);
      const { queues, relay: running } = await relay();
      const ids = await addWork(5);
      running.wake();
      while ((await queues.reading.depth()) < 5) await new Promise((resolve) => setTimeout(resolve, 20));
      await wipe(home, query);
      context.expect(await queues.reading.depth()).toBe(0);
      context.expect((await (await work(5)).done).sort()).toEqual(ids.sort());
      await until((rows) => rows.length === 0);
    });

    test("a job that fails is tried again later, then set aside, then tried again on request", async (context) => {
      const { addWork, relay, work, until } = await scene(context, backend);
      let broken = true;
      const { done: calls } = await work(
        3,
        async () => {
          if (broken) throw new Error("the disk is away");
        },
        2,
      );
      const { database } = await relay();
      const [id] = await addWork(1);
      await until((rows) => rows[0]?.failures === 2);
      const [job] = await listTroubledJobs(database);
      context.expect(job).toMatchObject({ letterId: id, failures: 2, lastError: "Error: the disk is away" });
      context.expect(job?.failedAt).not.toBeNull();
      broken = false;
      context.expect(await retryJobs(database, "all")).toBe(1);
      context.expect(await calls).toEqual([id, id, id]);
      await until((rows) => rows.length === 0);
    });
  });
}

test("PostgreSQL cuts all connections of the queue: its workers listen again, and new work is done", async (context) => {
  const { addWork, relay, work, query, until } = await scene(context, "postgres", 2);
  const { done } = await work(2);
  await relay();
  await addWork(1);
  await until((rows) => rows.length === 0);
  const cut = await query(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
      and (application_name = 'saraban_bullmq' or application_name like 'test-%')`);
  context.expect(cut.length).toBeGreaterThan(1);
  await addWork(1);
  context.expect(await done).toHaveLength(2);
  await until((rows) => rows.length === 0);
}, 30_000);

test.skipIf(!hasRedis())(
  "while Redis is away work waits in the outbox; when it is back, empty, all is done",
  async (context) => {
    const address = await databaseForTest(inject("testServer"), context);
    const redis = await startRedis();
    context.onTestFinished(() => redis.stop());
    const home: QueueHome = { kind: "redis", url: redis.url, prefix: "away" };
    const { addWork, relay, work, until } = await parts(context, home, address, 60);
    const { relay: running } = await relay();
    const { done } = await work(3);
    await redis.stop();
    const ids = await addWork(3);
    while (running.trouble() === null) await new Promise((resolve) => setTimeout(resolve, 20));
    const again = await startRedis(Number(new URL(redis.url).port));
    context.onTestFinished(() => again.stop());
    context.expect((await done).sort()).toEqual(ids.sort());
    await until((rows) => rows.length === 0);
    while (running.trouble() !== null) await new Promise((resolve) => setTimeout(resolve, 20));
  },
);

async function wipe(home: QueueHome, query: ReturnType<typeof adminQueries>): Promise<void> {
  if (home.kind === "postgres") {
    const tables = await query<{ name: string }>(
      "select quote_ident(tablename) as name from pg_tables where schemaname = 'bullmq' and tablename <> 'migration'",
    );
    await query(`truncate ${tables.map(({ name }) => `bullmq.${name}`).join(", ")} cascade`);
    return;
  }
  const redis = new Redis(home.url);
  const keys = await redis.keys(`bull:${home.prefix}-*`);
  if (keys.length > 0) await redis.del(keys);
  redis.disconnect();
}
