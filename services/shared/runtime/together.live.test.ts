import { Socket } from "node:net";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type RunningTestServer, startTestPostgres } from "../testing/database.ts";
import { inTransaction, type Kysely, openAdminPool, openDatabase, together } from "./database.ts";
import { openLog } from "./log.ts";

let server: RunningTestServer;
let database: Kysely<object>;

beforeAll(async () => {
  server = await startTestPostgres();
  const pool = openAdminPool(server.connection);
  await pool.query("create role saraban_audit; create table note (place serial, words text)");
  await pool.query("grant all on note to saraban_audit; grant all on note_place_seq to saraban_audit");
  await pool.query("create schema saraban; grant usage on schema saraban, public to saraban_audit");
  await pool.end();
  database = openDatabase(server.connection, "saraban_audit", 1, openLog("silent", "test"));
});

afterAll(async () => {
  await database.destroy();
  await server.stop();
});

const ACTING = { actor: "worker:test", agencies: ["agency-a"] } as const;

function notes(): Promise<string[]> {
  return inTransaction(database, ACTING, async (transaction) => {
    const { rows } = await sql<{ words: string }>`select words from public.note order by place`.execute(
      transaction,
    );
    return rows.map(({ words }) => words);
  });
}

test("what is asked for together is carried out in that order, each with its own answer", async () => {
  const words = await inTransaction(database, ACTING, async (transaction) => {
    const add = (text: string) => sql`insert into public.note (words) values (${text})`.execute(transaction);
    const count = sql<{ count: number }>`select count(*) as count from public.note where words <> ${""}`;
    const [, first, , second] = await together(
      add("a"),
      count.execute(transaction),
      add("b"),
      count.execute(transaction),
    );
    return [first.rows[0]?.count, second.rows[0]?.count];
  });
  expect(words).toEqual([1, 2]);
  expect(await notes()).toEqual(["a", "b"]);
});

test("what is asked for together is sent together: nobody waits for the answer to what is before him", async () => {
  const ask = (count: number) =>
    inTransaction(database, ACTING, (transaction) =>
      together(
        ...Array.from({ length: count }, (_, place) => sql`select ${place}::integer`.execute(transaction)),
      ),
    );
  await ask(1); // the connection is there
  const pieces = vi.spyOn(Socket.prototype, "_writev");
  await ask(10);
  // The commit, which is one word, is written by itself.
  expect(pieces).toHaveBeenCalledTimes(1);
  pieces.mockRestore();
});

test("one that fails takes the whole transaction back, and leaves nothing behind for the next", async () => {
  for (let round = 0; round < 3; round++) {
    const failing = inTransaction(database, ACTING, (transaction) =>
      together(
        sql`insert into public.note (words) values (${"c"})`.execute(transaction),
        sql`select 1 / ${0}::integer, ${round}::integer`.execute(transaction),
        sql`insert into public.note (words) values (${"d"}) returning ${"never planned before"}`.execute(
          transaction,
        ),
      ),
    );
    await expect(failing).rejects.toMatchObject({ code: "22012" });
  }
  expect(await notes()).toEqual(["a", "b"]);
});

test("a transaction whose opening fails fails with that, and the connection is good for the next", async () => {
  const acting = { actor: "worker:\0", agencies: [] } as const;
  const work = inTransaction(database, acting, (transaction) =>
    sql`insert into public.note (words) values (${"e"})`.execute(transaction),
  );
  await expect(work).rejects.toMatchObject({ code: "22021" });
  await expect(inTransaction(database, acting, async () => "nothing asked")).rejects.toThrow();
  expect(await notes()).toEqual(["a", "b"]);
});

test("who acts is stated in this transaction alone", async () => {
  const actor = sql<{ actor: string }>`select current_setting('saraban.actor', true) as actor where ${1} = 1`;
  const inside = await inTransaction(database, ACTING, (transaction) => actor.execute(transaction));
  expect(inside.rows[0]?.actor).toBe("worker:test");
  expect((await actor.execute(database)).rows[0]?.actor).toBe("");
});
