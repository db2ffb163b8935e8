import { expect, inject, type TestContext, test } from "vitest";
import { adminQueries, roomDatabase } from "../shared/testing/arrivals.ts";
import { databaseForTest } from "../shared/testing/database.ts";
import { noteAttempt, removeStaleAttempts } from "./greylist-store.ts";
import { greylistWith } from "./smtp/smtp-greylist.ts";

const times = { delaySeconds: 60, windowSeconds: 24 * 3600, keepSeconds: 40 * 24 * 3600 };
const attempt = {
  remoteAddress: "192.0.2.7",
  mailFrom: "x@opdc.example.go.th",
  recipient: "saraban@a.example.go.th",
};

async function scene(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const database = roomDatabase(context, address, "saraban_intake");
  const troubles: unknown[] = [];
  return {
    query,
    database,
    troubles,
    ask: greylistWith(
      (keys) => noteAttempt(database, keys, times),
      (error) => troubles.push(error),
    ),
    /** Lets so much time pass for what has been noted. */
    later: (seconds: number) =>
      query(
        `update saraban.greylist set first_at = first_at - make_interval(secs => $1),
          last_at = last_at - make_interval(secs => $1)`,
        [seconds],
      ),
    count: async () => (await query("select from saraban.greylist")).length,
  };
}

test("who comes again in time passes, and its network with it", async (context) => {
  const { ask, later } = await scene(context);
  expect(await ask(attempt)).toBe(false);
  await later(59);
  expect(await ask(attempt)).toBe(false);
  await later(2);
  // From another server of the same provider, with the letters of the address in another case.
  const again = { ...attempt, remoteAddress: "192.0.2.200", mailFrom: "X@opdc.example.go.th" };
  expect(await ask(again)).toBe(true);
  expect(await ask({ ...attempt, mailFrom: "new@opdc.example.go.th" })).toBe(true);
  expect(await ask({ ...attempt, remoteAddress: "192.0.3.7" })).toBe(false);
  await later(39 * 24 * 3600);
  expect(await ask({ ...attempt, recipient: "saraban@b.example.go.th" })).toBe(true);
  await later(41 * 24 * 3600);
  expect(await ask(attempt)).toBe(false);
});

test("who comes too late is asked again, and an IPv6 /64 is one network", async (context) => {
  const { ask, later } = await scene(context);
  const overIPv6 = { ...attempt, remoteAddress: "2001:db8::1" };
  expect(await ask(overIPv6)).toBe(false);
  await later(25 * 3600);
  expect(await ask(overIPv6)).toBe(false);
  await later(61);
  expect(await ask({ ...overIPv6, remoteAddress: "2001:db8::2:3" })).toBe(true);
});

test("many at once are noted once each", async (context) => {
  const { ask, later, count } = await scene(context);
  const crowd = () =>
    Promise.all(Array.from({ length: 40 }, (_, at) => ask({ ...attempt, mailFrom: `${at % 8}@x` })));
  expect(new Set(await crowd())).toEqual(new Set([false]));
  expect(await count()).toBe(8);
  await later(61);
  expect(new Set(await crowd())).toEqual(new Set([true]));
});

test("what can no longer matter is removed, and nothing else", async (context) => {
  const { query, database, count } = await scene(context);
  const put = (passed: boolean, ageHours: number, rows: number) =>
    query(
      `insert into saraban.greylist (triplet, passed, first_at, last_at)
         select concat($1::boolean, $2::int, '-', n), $1, now() - make_interval(hours => $2),
             now() - make_interval(hours => $2)
           from generate_series(1, $3::int) n`,
      [passed, ageHours, rows],
    );
  await put(false, 25, 6_000);
  await put(true, 41 * 24, 10);
  await put(false, 23, 3);
  await put(true, 39 * 24, 4);
  expect(await removeStaleAttempts(database, times)).toBe(6_010);
  expect(await count()).toBe(7);
});

test("without the database every letter passes", async (context) => {
  const { query, ask, troubles } = await scene(context);
  await query("alter table saraban.greylist rename to elsewhere");
  expect(await ask(attempt)).toBe(true);
  expect(troubles).toHaveLength(1);
  const silent = greylistWith(
    () => new Promise(() => {}),
    (error) => troubles.push(error),
    20,
  );
  expect(await silent(attempt)).toBe(true);
  expect(troubles).toHaveLength(2);
});
