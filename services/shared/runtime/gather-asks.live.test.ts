import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type RunningTestServer, startTestPostgres } from "../testing/database.ts";
import { inTransaction, type Kysely, openAdminPool, openDatabase, type Transaction } from "./database.ts";
import { gathered } from "./gather-asks.ts";
import { openLog } from "./log.ts";

let server: RunningTestServer;
let database: Kysely<object>;
let sent: string[];

beforeAll(async () => {
  server = await startTestPostgres();
  const pool = openAdminPool(server.connection);
  await pool.query("create role saraban_audit; create schema saraban");
  await pool.end();
  database = openDatabase(server.connection, "saraban_audit", 2, openLog("silent", "test"));
});

afterAll(async () => {
  await database.destroy();
  await server.stop();
});

beforeEach(() => {
  sent = [];
});

const twice = gathered("look", async (transaction: Transaction<object>, numbers: readonly number[]) => {
  sent.push(`twice ${numbers.join(" ")}`);
  const { rows } = await sql<{ twice: number }>`
    select 2 * n as twice from unnest(${numbers}::integer[]) with ordinality as g(n, place) order by place`.execute(
    transaction,
  );
  return rows.map((row) => row.twice);
});

const nothing = (step: "lock" | "write" | "end") =>
  gathered(step, async (transaction: Transaction<object>, numbers: readonly number[]) => {
    sent.push(`${step} ${numbers.join(" ")}`);
    await sql`select from unnest(${numbers}::integer[])`.execute(transaction);
    return numbers.map(() => undefined);
  });
const [lock, write, end] = [nothing("lock"), nothing("write"), nothing("end")];

const inOne = <Result>(work: (transaction: Transaction<object>) => Promise<Result>): Promise<Result> =>
  inTransaction(database, { actor: "worker:test", agencies: [] }, work);

test("what is asked for in one turn is one statement, and each gets his own answer", async () => {
  const answers = await inOne((transaction) => Promise.all([3, 1, 2, 1].map((n) => twice(transaction, n))));
  expect(answers).toEqual([6, 2, 4, 2]);
  expect(sent).toEqual(["twice 3 1 2 1"]);
});

test("whoever can go on without an answer belongs to the turn; who has waited for one, to the next", async () => {
  await inOne(async (transaction) => {
    const late = async () => {
      for (let n = 0; n < 20; n++) await null;
      return twice(transaction, 2);
    };
    const next = async () => twice(transaction, await twice(transaction, 3));
    return Promise.all([twice(transaction, 1), late(), next()]);
  });
  expect(sent).toEqual(["twice 1 3 2", "twice 6"]);
});

test("what is locked in a turn is locked before anything is looked up in it, whoever asks first", async () => {
  await inOne((transaction) =>
    Promise.all([
      end(transaction, 1),
      write(transaction, 1),
      twice(transaction, 1),
      lock(transaction, 2),
      twice(transaction, 2),
    ]),
  );
  expect(sent).toEqual(["lock 2", "twice 1 2", "write 1", "end 1"]);
});

test("transactions do not mingle", async () => {
  const answers = await Promise.all(
    [1, 2].map((n) => inOne((transaction) => Promise.all([twice(transaction, n), twice(transaction, n)]))),
  );
  expect(answers).toEqual([
    [2, 2],
    [4, 4],
  ]);
  expect(sent.sort()).toEqual(["twice 1 1", "twice 2 2"]);
});

test("what fails fails for all who asked for it, and the connection is good for the next", async () => {
  const failing = inOne(async (transaction) => {
    const ends = await Promise.allSettled([
      twice(transaction, Number.NaN),
      twice(transaction, 1),
      write(transaction, 1),
    ]);
    expect(ends.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    throw (ends[0] as PromiseRejectedResult).reason;
  });
  await expect(failing).rejects.toMatchObject({ code: "22P02" });
  expect(await inOne((transaction) => twice(transaction, 4))).toBe(8);
});
