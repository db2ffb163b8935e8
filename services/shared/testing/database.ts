import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import type { TestContext } from "vitest";
import { type EmbeddedConnection, startEmbeddedPostgres } from "../runtime/embedded-postgres.ts";
import { openLog } from "../runtime/log.ts";

/** The server of one test run; plain data, so that vitest's globalSetup can `provide` it to the test processes. */
export interface TestServer {
  connection: EmbeddedConnection;
  template: string;
}

export interface RunningTestServer extends TestServer {
  /** Stops it and removes its data, unless a failed test has left a database there. */
  stop(): Promise<void>;
}

export interface TestDatabase {
  name: string;
  connection: EmbeddedConnection;
  drop(): Promise<void>;
}

export interface TestServerOptions {
  /** Runs once in the database that all test databases are copies of; close every connection before it ends. */
  prepareTemplate?: (connection: EmbeddedConnection) => Promise<void>;
  /** Give { fsync: "on", full_page_writes: "on" } where a test kills the server and looks at what survived. */
  settings?: Readonly<Record<string, string>>;
}

const template = "saraban_template";
const testPrefix = "test_";

/** Nothing here outlives the run, so nothing waits for the disk. */
const fastSettings = {
  fsync: "off",
  full_page_writes: "off",
  synchronous_commit: "off",
  max_connections: "200",
};

/** Starts one server for a whole test run, in a directory of its own. Throws as startEmbeddedPostgres does. */
export async function startTestPostgres(options: TestServerOptions = {}): Promise<RunningTestServer> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "saraban-test-"));
  const settings = { ...fastSettings, ...options.settings };
  const server = await startEmbeddedPostgres({
    dataDir,
    log: openLog("warn", "test-database"),
    database: template,
    settings,
  });
  const connection = { ...server.connection, database: "postgres" };
  const end = async (): Promise<void> => {
    const kept = await ask<{ datname: string }>(
      connection,
      `SELECT datname FROM pg_database WHERE starts_with(datname, '${testPrefix}')`,
    ).catch(() => []);
    await server.stop();
    if (kept.length === 0) await rm(dataDir, { recursive: true, force: true });
    else
      console.warn(
        `databases of failed tests are kept in ${dataDir}: ${kept.map((row) => row.datname).join(", ")}`,
      );
  };
  try {
    await options.prepareTemplate?.(server.connection);
    // CREATE DATABASE fails while anybody is connected to its template: nobody can be.
    await ask(connection, `ALTER DATABASE ${template} IS_TEMPLATE true ALLOW_CONNECTIONS false`);
  } catch (error) {
    await end();
    throw error;
  }
  return { connection, template, stop: end };
}

/** A database of its own for one test. FILE_COPY: without fsync copying files beats writing each page to the WAL. */
export async function createTestDatabase(server: TestServer): Promise<TestDatabase> {
  const name = `${testPrefix}${randomBytes(8).toString("hex")}`;
  await ask(server.connection, `CREATE DATABASE ${name} TEMPLATE ${server.template} STRATEGY FILE_COPY`);
  return {
    name,
    connection: { ...server.connection, database: name },
    async drop() {
      // A plain drop gives closing connections five seconds to be gone. FORCE then: a test that failed to close one
      // must not keep the others from ending.
      await ask(server.connection, `DROP DATABASE IF EXISTS ${name}`).catch(() =>
        ask(server.connection, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
      );
    },
  };
}

/** The same inside a vitest test: dropped when the test has passed; a failed test keeps its own and says its name. */
export async function databaseForTest(server: TestServer, context: TestContext): Promise<EmbeddedConnection> {
  const database = await createTestDatabase(server);
  context.onTestFinished(async () => {
    if (context.task.result?.state !== "fail") return database.drop();
    console.warn(`"${context.task.name}" failed; its database is kept: ${database.name}`);
  });
  return database.connection;
}

async function ask<Row extends object>(connection: EmbeddedConnection, sql: string): Promise<Row[]> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}
