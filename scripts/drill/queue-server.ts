import { Redis } from "ioredis";
import pg from "pg";
import { hasRedis, startRedis } from "../../services/shared/testing/redis.ts";

export type QueueKind = "redis" | "postgres";

/** The place of the queue, which may lose everything at any time; "postgres": the outbox itself, which may not. */
export interface DrillQueue {
  readonly kind: QueueKind;
  readonly environment: Readonly<Record<string, string>>;
  /** Throws away every job; of the outbox every wake-up, and the connections on which work is taken. */
  wipe(): Promise<void>;
  stop(): Promise<void>;
}

export function defaultQueue(): QueueKind {
  return hasRedis() ? "redis" : "postgres";
}

export async function startDrillQueue(kind: QueueKind, databaseUrl: string): Promise<DrillQueue> {
  if (kind === "postgres") {
    return { kind, environment: {}, wipe: () => cutTakers(databaseUrl), stop: async () => {} };
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

async function cutTakers(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(`select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and (application_name = 'saraban_queue' or query like 'listen %')`);
  } finally {
    await client.end();
  }
}
