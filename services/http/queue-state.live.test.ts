import { inject, test } from "vitest";
import { openLog } from "../shared/runtime/log.ts";
import { adminQueries, roomDatabase } from "../shared/testing/arrivals.ts";
import { databaseForTest } from "../shared/testing/database.ts";
import { outboxHomeForTest, queueBackends, redisHomeForTest } from "../shared/testing/queue-homes.ts";
import { openQueueState } from "./queue-state.ts";

const log = openLog("silent", "test");

test("the outbox is a queue that is stuck when nobody has been at what waits for a minute", async (context) => {
  const { expect } = context;
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const home = outboxHomeForTest(context, address);
  const { ask, needsRelay } = await openQueueState(home, roomDatabase(context, address, "saraban_http"), log);
  expect([needsRelay, await ask()]).toEqual([false, "0 jobs waiting or running"]);
  await query(`insert into saraban.outbox (job, agency_id, subject_id, work_key, next_send_at)
    select job, 'agency-a', gen_random_uuid(), 'x', now() + make_interval(secs => secs)
      from (values ('read-letter', -50), ('read-letter', -300), ('do-act', -10), ('do-act', 3600)) given (job, secs)`);
  await expect(ask()).rejects.toThrow("3 jobs waiting or running; nobody takes the work of reading");
  // There is more than it can do at once: what waits has waited long, and yet somebody is at it.
  await query(
    "update saraban.outbox set taken_until = now() + interval '10 s' where next_send_at > now() - interval '1 minute'",
  );
  expect(await ask()).toBe("3 jobs waiting or running");
  await query("update saraban.outbox set taken_until = now() - interval '1 s'");
  await expect(ask()).rejects.toThrow("reading");
  await query("update saraban.outbox set failed_at = now() where job = 'read-letter'");
  expect(await ask(), "what was set aside waits for a person").toBe("1 jobs waiting or running");
});

test.skipIf(!queueBackends().includes("redis"))(
  "a queue on Redis says how much is in it",
  async (context) => {
    const address = await databaseForTest(inject("testServer"), context);
    const database = roomDatabase(context, address, "saraban_http");
    const { ask, needsRelay, close } = await openQueueState(redisHomeForTest(), database, log);
    context.expect([needsRelay, await ask()]).toEqual([true, "0 jobs waiting or running"]);
    await close();
  },
);
