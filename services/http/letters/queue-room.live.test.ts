import { expect, inject, test } from "vitest";
import { openLog } from "../../shared/runtime/log.ts";
import { adminQueries, roomDatabase } from "../../shared/testing/arrivals.ts";
import { databaseForTest } from "../../shared/testing/database.ts";
import { watchQueueRoom } from "./queue-room.ts";

test("there is room until so many letters wait to be read and registered", async (context) => {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const database = roomDatabase(context, address, "saraban_http");
  const watch = await watchQueueRoom(database, 3, openLog("silent", "test"));
  context.onTestFinished(() => watch.stop());
  const add = (job: string, failedAt: string | null = null) =>
    query(
      `insert into saraban.outbox (job, agency_id, subject_id, work_key, failed_at, arrival_seq)
         values ($1, 'agency-a', gen_random_uuid(), 'k', $2, case when $1 = 'register-letter' then 1 end)`,
      [job, failedAt],
    );
  // Notices that wait for another server, and what has failed for good, are no reason to refuse letters.
  for (const job of ["read-letter", "register-letter", "notify-sender", "notify-sender"]) await add(job);
  await add("read-letter", "2026-05-31T00:00:00Z");
  await watch.look();
  expect(watch.hasRoom()).toBe(true);
  await add("read-letter");
  await watch.look();
  expect(watch.hasRoom()).toBe(false);
  await query("delete from saraban.outbox where job = 'register-letter'");
  await watch.look();
  expect(watch.hasRoom()).toBe(true);
});
