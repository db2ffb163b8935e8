import pg from "pg";
import { connectionOptions, type DatabaseAddress } from "./database.ts";
import { statementNames } from "./named-statements.ts";

/** BullMQ's role in PostgreSQL: its own schema, nothing of ours. */
export const BULLMQ_ROLE = "saraban_bullmq";
export const BULLMQ_SCHEMA = "bullmq";

/** Three for its statements, one on which a worker listens. */
const CONNECTIONS = 4;

/**
 * The connections of one of BullMQ's queues or workers. Of its statements, 14 a letter, each is planned once a connection.
 * No step of a job waits for the disk: what the server forgets of the queue when it dies, the outbox hands over again.
 */
export function openQueuePool(address: DatabaseAddress): pg.Pool {
  const { types: _types, options, ...rest } = connectionOptions(address, BULLMQ_ROLE);
  const pool = new pg.Pool({
    ...rest,
    options: `${options} -c search_path=${BULLMQ_SCHEMA} -c synchronous_commit=off`,
    max: CONNECTIONS,
  });
  const named = statementNames();
  const ask = pool.query.bind(pool) as (statement: pg.QueryConfig) => Promise<pg.QueryResult>;
  const query = (text: string, values: readonly unknown[] = []) => ask(named(text, values));
  return Object.assign(pool, { query });
}
