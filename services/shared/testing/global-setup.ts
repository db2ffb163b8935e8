import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { readDirectory, storeDirectory } from "../letter/agencies.ts";
import { openAdminPool } from "../runtime/database.ts";
import { migrate } from "../runtime/migrate.ts";
import { loadSettings, projectDir } from "../runtime/settings.ts";
import { startTestPostgres, type TestServer } from "./database.ts";
import { hasRedis, type RunningRedis, startRedis } from "./redis.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** One PostgreSQL for the run; each test takes a copy of its migrated template. */
    readonly testServer: TestServer;
    /** Redis of the run, or "" where there is none; tests keep apart by the queue's prefix. */
    readonly redisUrl: string;
  }
}

/** Starts the real servers that the live tests talk to, once for the whole run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestPostgres({
    async prepareTemplate(address) {
      await migrate(address, join(projectDir, "schemas/database"));
      const pool = openAdminPool(address);
      await storeDirectory(pool, readDirectory(loadSettings({})));
      await pool.end();
    },
  });
  const given = process.env["REDIS_URL"] ?? "";
  let redis: RunningRedis | undefined;
  if (given === "" && hasRedis()) redis = await startRedis();
  if (given === "" && !redis) {
    if (process.env["CI"])
      throw new Error("redis-server is missing: CI runs the queue tests on both backends");
    console.warn(
      "redis-server is not on the PATH and REDIS_URL is not set: the queue is tested on PostgreSQL only",
    );
  }
  project.provide("testServer", { connection: server.connection, template: server.template });
  project.provide("redisUrl", redis?.url ?? given);
  return async () => {
    await redis?.stop();
    await server.stop();
  };
}
