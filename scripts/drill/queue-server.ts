import { Redis } from "ioredis";
import pg from "pg";
import { hasRedis, startRedis } from "../../services/shared/testing/redis.ts";

export type QueueKind = "redis" | "postgres";

/** The place of the queue, which may lose everything at any time. */
export interface DrillQueue {
  readonly kind: QueueKind;
  readonly environment: Readonly<Record<string, string>>;
  /** Throws away every job. */
  wipe(): Promise<void>;
  stop(): Promise<void>;
}

export function defaultQueue(): QueueKind {
  return hasRedis() ? "redis" : "postgres";
}

export async function startDrillQueue(kind: QueueKind, databaseUrl: string): Promise<DrillQueue> {
  if (kind === "postgres") {
    return { kind, environment: {}, wipe: () => truncateQueue(databaseUrl), stop: async () => {} };
  }
  const redis = await startRedis();
  return {
    kind,
    environment: { REDIS_URL: redis.url },
    async wipe() {
      const client = new Redis(redis.url);
      await client.flushall();
      client.disconnect();
    },
    stop: () => redis.stop(),
  };
}

/** What FLUSHALL does to Redis; only the record of BullMQ's own migrations stays, without which it would not work again. */
async function truncateQueue(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'bullmq' and tablename <> 'migration'",
    );
    await client.query(`truncate ${rows.map(({ name }) => name).join(", ")}`);
  } finally {
    await client.end();
  }
}
