import pg from "pg";
import { connectionOptions, type DatabaseAddress } from "./database.ts";
import { statementNames } from "./named-statements.ts";

/** BullMQ's role in PostgreSQL: its own schema, nothing of ours. */
export const BULLMQ_ROLE = "saraban_bullmq";
export const BULLMQ_SCHEMA = "bullmq";

/** Three for its statements, one on which a worker listens. */
const CONNECTIONS = 4;

/** What a worker asks after each look that finds no job: how long it is to rest. By the beginning of BullMQ's text. */
const REST_QUESTIONS: readonly { readonly pattern: RegExp; readonly answer: object }[] = [
  { pattern: /\bfrom\s+next_signal\s*\(/i, answer: { rate_limit_ttl: 0, next_delay: null } },
  { pattern: /\bselect\s+next_delay\s*\(/i, answer: { next_delay: null } },
];

/**
 * The connections of one of BullMQ's queues or workers. Of its statements, 14 a letter, each is planned once a connection.
 * The two that ask when a delayed job is due or a limit ends are answered here: the outbox delays, our queues never do.
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
  const known = new Map<string, object | null>();
  const ask = pool.query.bind(pool) as (statement: pg.QueryConfig) => Promise<pg.QueryResult>;
  const query = async (text: string, values: readonly unknown[] = []): Promise<object> => {
    const answer = known.get(text) ?? answerTo(text);
    known.set(text, answer);
    return answer === null ? ask(named(text, values)) : { rows: [answer] };
  };
  return Object.assign(pool, { query });
}

function answerTo(text: string): object | null {
  const code = text.replaceAll(/--.*$/gm, "");
  return REST_QUESTIONS.find(({ pattern }) => pattern.test(code))?.answer ?? null;
}
