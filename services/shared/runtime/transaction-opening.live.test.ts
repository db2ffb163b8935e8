import { sql } from "kysely";
import { expect, inject, type TestContext, test } from "vitest";
import { databaseForTest } from "../testing/database.ts";
import { inTransaction, openDatabase } from "./database.ts";
import { openLog } from "./log.ts";

const ACTING = { actor: "worker:test", agencies: ["one", "two"] } as const;

async function open(context: TestContext) {
  const connection = await databaseForTest(inject("testServer"), context);
  const database = openDatabase<object>(connection, "saraban_queue", 1, openLog("error", "test"));
  context.onTestFinished(() => database.destroy());
  const said = sql<{ actor: string; agencies: string; xact: boolean }>`
    select coalesce(current_setting('saraban.actor', true), '') as actor,
           coalesce(current_setting('saraban.agencies', true), '') as agencies,
           now() <> statement_timestamp() as xact`;
  return { database, said };
}

test("who acts is stated before the first statement, holds to the end of the transaction and no longer", async (context) => {
  const { database, said } = await open(context);
  for (let time = 0; time < 2; time++) {
    const seen = await inTransaction(database, ACTING, async (transaction) => {
      const first = await said.execute(transaction);
      const second = await said.execute(transaction);
      return [...first.rows, ...second.rows];
    });
    expect(seen).toMatchObject([
      { actor: "worker:test", agencies: "one,two" },
      { actor: "worker:test", agencies: "one,two", xact: true },
    ]);
    expect((await said.execute(database)).rows).toMatchObject([{ actor: "", agencies: "" }]);
  }
});

test("a first statement that fails takes all back and says its own error; so does one that is never asked", async (context) => {
  const { database, said } = await open(context);
  const failing = inTransaction(database, ACTING, (transaction) =>
    sql`select 1 / ${0}::integer`.execute(transaction),
  );
  await expect(failing).rejects.toMatchObject({ code: "22012" });
  await inTransaction(database, ACTING, async () => undefined);
  const thrown = inTransaction(database, ACTING, async () => {
    throw new Error("before any statement");
  });
  await expect(thrown).rejects.toThrow("before any statement");
  expect((await said.execute(database)).rows).toMatchObject([{ actor: "", agencies: "" }]);
});

test("when who acts cannot be stated, nothing of the work is done", async (context) => {
  const { database } = await open(context);
  const refused = inTransaction(database, { actor: "worker:\0", agencies: [] }, (transaction) =>
    sql`select pg_notify('nothing', 'done')`.execute(transaction),
  );
  await expect(refused).rejects.toMatchObject({ code: "22021" });
});
