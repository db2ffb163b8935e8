import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  createTestDatabase,
  databaseForTest,
  type RunningTestServer,
  startTestPostgres,
} from "./database.ts";

let server: RunningTestServer;

beforeAll(async () => {
  server = await startTestPostgres({
    async prepareTemplate(connection) {
      const client = new pg.Client(connection);
      await client.connect();
      await client.query("CREATE TABLE book (name text); INSERT INTO book VALUES ('รับ 2569')");
      await client.end();
    },
  });
});

afterAll(() => server.stop());

async function bookNames(connection: pg.ClientConfig, before = "SELECT 1"): Promise<string[]> {
  const client = new pg.Client(connection);
  await client.connect();
  await client.query(before);
  const { rows } = await client.query<{ name: string }>("SELECT name FROM book ORDER BY name");
  await client.end();
  return rows.map((row) => row.name);
}

test("each test has the template's content and nobody else's", async (context) => {
  const [one, other] = await Promise.all([
    databaseForTest(server, context),
    databaseForTest(server, context),
  ]);
  expect(await bookNames(one, "INSERT INTO book VALUES ('ส่ง 2569')")).toEqual(["รับ 2569", "ส่ง 2569"]);
  expect(await bookNames(other)).toEqual(["รับ 2569"]);
});

test("a dropped database is gone, even with a session in it", async () => {
  const database = await createTestDatabase(server);
  const forgotten = new pg.Client(database.connection);
  const cut = new Promise((resolve) => forgotten.on("error", resolve));
  await forgotten.connect();
  await database.drop();
  await cut;
  await expect(bookNames(database.connection)).rejects.toMatchObject({ code: "3D000" });
});
