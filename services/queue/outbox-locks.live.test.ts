import { inject, test } from "vitest";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Kysely } from "../shared/runtime/database.ts";
import { newId } from "../shared/runtime/ids.ts";
import { adminQueries, roomDatabase } from "../shared/testing/arrivals.ts";
import { databaseForTest } from "../shared/testing/database.ts";
import { retryJobs, sendDue } from "./outbox-store.ts";

const ACTING = { actor: "worker:reading", agencies: ["agency-a"] } as const;

test("the relay never waits for a worker that ends its work: it marks the rest, and hands over again what was not ended", async (context) => {
  const { expect } = context;
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const relay = roomDatabase(context, address, "saraban_queue");
  const reading = roomDatabase(context, address, "saraban_reading");
  const ids = Array.from({ length: 40 }, () => newId());
  await query(
    `insert into saraban.outbox (job, agency_id, subject_id, work_key)
       select 'read-letter', 'agency-a', id, id from unnest($1::uuid[]) id`,
    [ids],
  );
  const handedOver: string[] = [];
  const send = () =>
    sendDue(relay, { limit: 100, resendAfterSeconds: 600 }, async (_, jobs) => {
      handedOver.push(...jobs.map(({ data }) => (data as { subjectId: string }).subjectId));
    });
  const ended = ids.filter((_, index) => index % 2 === 0);
  const worker = await holding(reading, ended);
  // Would it wait, this would take until the worker is let go, which is behind it.
  expect(await send()).toBe(20);
  expect(handedOver.sort()).toEqual([...ids].sort());
  expect(await send(), "those that are locked are still due, and not marked").toBe(0);
  expect(await retryJobs(relay, "all")).toBe(0);
  await worker.letGo("rollback");
  handedOver.length = 0;
  expect(await send(), "nothing is lost with a worker that fails").toBe(20);
  expect(handedOver.sort()).toEqual([...ended].sort());
  const again = await holding(reading, ended);
  await again.letGo("commit");
  expect(
    await query("select min(sends) as least, max(sends) as most, count(*) as rows from saraban.outbox"),
  ).toEqual([{ least: 1, most: 1, rows: 20 }]);
});

/** A worker that has ended its work and not yet committed: it holds the locks on its rows. */
async function holding(database: Kysely<Tables>, subjectIds: readonly string[]) {
  const { promise: isHeld, resolve: held } = Promise.withResolvers<void>();
  const { promise: end, resolve: letGo } = Promise.withResolvers<"commit" | "rollback">();
  const rollback = new Error("rolled back");
  const worker = inTransaction(database, ACTING, async (transaction) => {
    await transaction.deleteFrom("outbox").where("subject_id", "in", subjectIds).execute();
    held();
    if ((await end) === "rollback") throw rollback;
  }).catch((error: unknown) => {
    if (error !== rollback) throw error;
  });
  await isHeld;
  return {
    async letGo(how: "commit" | "rollback"): Promise<void> {
      letGo(how);
      await worker;
    },
  };
}
