import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type RunningTestServer, startTestPostgres } from "../testing/database.ts";
import { type Kysely, openAdminPool, openDatabase, type Transaction } from "./database.ts";
import { openLog } from "./log.ts";
import { type InSharedTransaction, shareTransactions } from "./share-transactions.ts";

let server: RunningTestServer;
let database: Kysely<object>;
let inShared: InSharedTransaction<object>;

beforeAll(async () => {
  server = await startTestPostgres();
  const pool = openAdminPool(server.connection);
  await pool.query("create role saraban_audit; create table note (words text primary key, written text)");
  await pool.query("grant all on note to saraban_audit");
  await pool.query("create schema saraban; grant usage on schema saraban, public to saraban_audit");
  await pool.end();
  database = openDatabase(server.connection, "saraban_audit", 4, openLog("silent", "test"));
});

afterAll(async () => {
  await database.destroy();
  await server.stop();
});

beforeEach(async () => {
  await sql`delete from public.note`.execute(database);
  inShared = shareTransactions(database, "worker:test");
});

const note = (words: string) => async (transaction: Transaction<object>) => {
  const { rows } = await sql<{ written: string; agencies: string }>`
    insert into public.note values (${words}, pg_current_xact_id()::text)
    returning written, current_setting('saraban.agencies') as agencies`.execute(transaction);
  return rows[0] as { written: string; agencies: string };
};

async function notes(): Promise<string[]> {
  const { rows } = await sql<{ words: string }>`select words from public.note order by words`.execute(
    database,
  );
  return rows.map(({ words }) => words);
}

test("works that are asked for together are one transaction, for the agencies of all", async () => {
  const written = await Promise.all([
    inShared("agency-a", "1", note("one")),
    inShared("agency-b", "2", note("two")),
    inShared("agency-a", "3", note("three")),
  ]);
  expect(new Set(written.map((each) => each.written)).size).toBe(1);
  expect(written[0]?.agencies).toBe("agency-a,agency-b");
  expect(await notes()).toEqual(["one", "three", "two"]);
});

test("what is asked for while two are under way gathers for the next", async () => {
  const first = [1, 2].map(async (n) => {
    const { promise: held, resolve: hold } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const done = inShared("agency-a", `held ${n}`, async (transaction) => {
      begin();
      await held;
      return note(`held ${n}`)(transaction);
    });
    await begun;
    return { done, hold };
  });
  const held = [await (first[0] as (typeof first)[0]), await (first[1] as (typeof first)[0])];
  const gathered = [1, 2, 3].map((n) => inShared("agency-a", `gathered ${n}`, note(`gathered ${n}`)));
  for (const { hold } of held) hold();
  const written = await Promise.all([...held.map(({ done }) => done), ...gathered]);
  expect(new Set(written.slice(2).map((each) => each.written)).size).toBe(1);
});

test("works with one key never share a transaction", async () => {
  const written = await Promise.all([
    inShared("agency-a", "same", note("one")),
    inShared("agency-a", "same", note("two")),
    inShared("agency-a", "other", note("three")),
  ]);
  expect(written[0]?.written).toBe(written[2]?.written);
  expect(written[1]?.written).not.toBe(written[0]?.written);
});

test("the failure of one is its own: the others are done, each alone", async () => {
  const ends = await Promise.allSettled([
    inShared("agency-a", "1", note("one")),
    inShared("agency-a", "2", (transaction) => sql`select 1 / 0`.execute(transaction)),
    inShared("agency-a", "3", note("three")),
    inShared("agency-a", "4", async () => {
      throw new Error("no statement of mine failed");
    }),
  ]);
  expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "rejected"]);
  expect((ends[1] as PromiseRejectedResult).reason.message).toBe("division by zero");
  expect((ends[3] as PromiseRejectedResult).reason.message).toBe("no statement of mine failed");
  expect(await notes()).toEqual(["one", "three"]);
});

test("more than 32 go in several transactions, and all are done", async () => {
  const works = Array.from({ length: 100 }, (_, n) => inShared("agency-a", `${n}`, note(`${n}`)));
  const written = await Promise.all(works);
  const sizes = Map.groupBy(written, (each) => each.written);
  expect(Math.max(...[...sizes.values()].map(({ length }) => length))).toBe(32);
  expect((await notes()).length).toBe(100);
});
