import type { PostgresPool, PostgresPoolClient } from "kysely";
import type pg from "pg";

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

const NOTHING = { command: "", rowCount: 0, rows: [] };

/**
 * The pool as kysely uses it: its statements named, and those that are asked for together (Promise.all) sent together.
 * @param pool with `pipeline`
 * @param opening statements that begin a transaction. Nobody waits for their answers, which say nothing: they go out with
 *   the transaction's first statement, and what they fail with is what that one fails with. Every wait costs both processes
 *   a system call and a turn, more than a small statement itself
 */
export function withNamedStatements(pool: pg.Pool, opening: ReadonlySet<string>): PostgresPool {
  const named = statementNames();
  const wrapped = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  const wrap = (client: pg.PoolClient): PostgresPoolClient => {
    let unanswered: Promise<unknown>[] = [];
    const query = async (text: string, values: readonly unknown[]): Promise<unknown> => {
      holdUntilAllAreAsked(client);
      const answer = client.query(named(text, values));
      if (opening.has(text)) {
        answer.catch(() => {}); // told by the statement after it
        unanswered.push(answer);
        return NOTHING;
      }
      if (unanswered.length === 0 || text === "rollback") {
        unanswered = [];
        return answer;
      }
      const sent = [...unanswered, answer];
      unanswered = [];
      const failed = (await Promise.allSettled(sent)).find((result) => result.status === "rejected");
      if (failed) throw failed.reason;
      return answer;
    };
    // kysely says which connection it does not trust any more; its cursors are not used.
    const release = (isBroken?: boolean): void => client.release(isBroken);
    return { query, release } as unknown as PostgresPoolClient;
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

/** What is written until everybody who can go on has done so leaves in one piece. */
function holdUntilAllAreAsked(client: pg.PoolClient): void {
  const { stream } = (client as unknown as { connection: { stream: { cork(): void; uncork(): void } } })
    .connection;
  stream.cork();
  process.nextTick(() => stream.uncork());
}
