import type { PostgresPool, PostgresPoolClient } from "kysely";
import type pg from "pg";
import { openTogether } from "./transaction-opening.ts";

/** Statement texts that get a name; what is beyond (none today) is planned each time. */
const MOST_NAMED_STATEMENTS = 250;

/**
 * Gives each statement's text a name, so that PostgreSQL plans it once a connection: planning our statements costs it
 * about as much as running them. A pooler between us and the server must bear prepared statements (PgBouncer 1.21 or
 * later in transaction mode).
 */
export function statementNames(): (text: string, values: readonly unknown[]) => pg.QueryConfig {
  const names = new Map<string, string>();
  return (text, values) => {
    // Without parameters it is BEGIN, COMMIT or the like: nothing to plan.
    if (values.length === 0) return { text };
    if (!names.has(text) && names.size < MOST_NAMED_STATEMENTS) names.set(text, `s${names.size}`);
    const name = names.get(text);
    return { text, values: [...values], ...(name === undefined ? {} : { name }) };
  };
}

/** The pool (of pipelined connections) as kysely uses it: its statements named, its transactions opened in one go. */
export function withNamedStatements(pool: pg.Pool): PostgresPool {
  const named = statementNames();
  const wrapped = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  const wrap = (client: pg.PoolClient): PostgresPoolClient => {
    const query = openTogether(client, named);
    return { query, release: () => client.release() } as unknown as PostgresPoolClient; // kysely's cursors are not used
  };
  return {
    options: pool.options,
    async connect() {
      const client = await pool.connect();
      const known = wrapped.get(client) ?? wrap(client);
      wrapped.set(client, known);
      return known;
    },
    end: () => pool.end(),
  };
}
