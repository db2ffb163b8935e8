import { Redis } from "ioredis";
import { describe, inject, type TestContext, test } from "vitest";
import { openRoomQueues } from "../shared/letter/room-queues.ts";
import type { DatabaseAddress } from "../shared/runtime/database.ts";
import { openEars } from "../shared/runtime/ears.ts";
import { openLog } from "../shared/runtime/log.ts";
import type { RedisHome } from "../shared/runtime/queue.ts";
import { roomDatabase } from "../shared/testing/arrivals.ts";
import { databaseForTest } from "../shared/testing/database.ts";
import { queueBackends, redisHomeForTest } from "../shared/testing/queue-homes.ts";
import { hasRedis, startRedis } from "../shared/testing/redis.ts";
import { workScene } from "../shared/testing/work-scene.ts";
import { listTroubledJobs, retryJobs } from "./outbox-store.ts";
import { startRelay } from "./relay-work.ts";

const log = openLog("silent", "test");

/** An outbox with work for reading, a relay, and a reading worker whose handler the test gives. */
async function scene(context: TestContext, resendAfterSeconds = 60) {
  const address = await databaseForTest(inject("testServer"), context);
  return parts(context, redisHomeForTest(), address, resendAfterSeconds);
}

function parts(context: TestContext, home: RedisHome, address: DatabaseAddress, resendAfterSeconds: number) {
  const { work, ...rest } = workScene(context, address);
  return {
    ...rest,
    home,
    work: (wanted: number, handler?: () => Promise<undefined>, maxFailures = 3) =>
      work(home, wanted, handler, { maxFailures }),
    async relay() {
      const database = roomDatabase(context, address, "saraban_queue");
      const queues = await openRoomQueues(home, log);
      const relay = startRelay({ database, queues, resendAfterSeconds, log });
      const ears = openEars(address, "saraban_queue", log);
      ears.listen("saraban_outbox", relay.wake);
      context.onTestFinished(async () => {
        await ears.stop();
        await relay.stop();
        for (const queue of Object.values(queues)) await queue.close();
      });
      return { relay, queues, database };
    },
  };
}

describe.skipIf(!queueBackends().includes("redis"))("on Redis", () => {
  test("work goes from the outbox over the queue to its worker, once, and leaves no row", async (context) => {
    const { addWork, relay, work, until } = await scene(context);
    const { done } = await work(20);
    await relay();
    const ids = await addWork(20);
    context.expect((await done).sort()).toEqual(ids.sort());
    await until((rows) => rows.length === 0);
  });

  test("a queue wiped clean loses nothing: the work is handed over again", async (context) => {
    const { addWork, relay, work, until, home } = await scene(context, 1);
    const { queues, relay: running } = await relay();
    const ids = await addWork(5);
    running.wake();
    while ((await queues.reading.depth()) < 5) await new Promise((resolve) => setTimeout(resolve, 20));
    await wipe(home);
    context.expect(await queues.reading.depth()).toBe(0);
    context.expect((await (await work(5)).done).sort()).toEqual(ids.sort());
    await until((rows) => rows.length === 0);
  });

  test("a job that fails is tried again later, then set aside, then tried again on request", async (context) => {
    const { addWork, relay, work, until } = await scene(context);
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

test.skipIf(!hasRedis())(
  "while Redis is away work waits in the outbox; when it is back, empty, all is done",
  async (context) => {
    const address = await databaseForTest(inject("testServer"), context);
    const redis = await startRedis();
    context.onTestFinished(() => redis.stop());
    const home: RedisHome = { kind: "redis", url: redis.url, prefix: "away" };
    const { addWork, relay, work, until } = parts(context, home, address, 60);
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

async function wipe(home: RedisHome): Promise<void> {
  const redis = new Redis(home.url);
  const keys = await redis.keys(`bull:${home.prefix}-*`);
  if (keys.length > 0) await redis.del(keys);
  redis.disconnect();
}
