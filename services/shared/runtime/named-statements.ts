import type { PostgresPool, PostgresPoolClient } from "kysely";
import pg from "pg";

/** Statement texts that get a name; what is beyond (none today) is planned each time. */
const MOST_NAMED_STATEMENTS = 250;

/** Sends a statement. */
export type AskStatement = (
  client: pg.PoolClient,
  text: string,
  values: readonly unknown[],
) => Promise<pg.QueryResult>;

/**
 * Gives each statement's text a name, so that PostgreSQL plans it once a connection: planning our statements costs it
 * about as much as running them. A pooler between us and the server must bear prepared statements (PgBouncer 1.21 or
 * later in transaction mode).
 */
export function namingStatements(): AskStatement {
  const names = new Map<string, string>();
  return (client, text, values) => {
    // Without parameters it is BEGIN, COMMIT or the like: nothing to plan.
    if (values.length === 0) return client.query(text);
    if (!names.has(text) && names.size < MOST_NAMED_STATEMENTS) names.set(text, `s${names.size}`);
    return askNamed(client, text, values, names.get(text));
  };
}

/** As client.query({ name, text, values }), which takes 3 µs only to copy what it is given. */
function askNamed(
  client: pg.PoolClient,
  text: string,
  values: readonly unknown[],
  name: string | undefined,
): Promise<pg.QueryResult> {
  return new Promise<pg.QueryResult>((resolve, reject) => {
    const answered = (error: Error | undefined, result: unknown): void =>
      error ? reject(error) : resolve(result as pg.QueryResult);
    client.query(Object.assign(new pg.Query(text, values as unknown[], answered), { name }));
  }).catch((error: Error) => {
    Error.captureStackTrace(error); // who asked, in place of the socket's
    throw error;
  });
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
  const ask = namingStatements();
  const wrapped = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  const wrap = (client: pg.PoolClient): PostgresPoolClient => {
    let unanswered: Promise<unknown>[] = [];
    const query = async (text: string, values: readonly unknown[]): Promise<unknown> => {
      holdUntilAllAreAsked(client);
      const answer = ask(client, text, values);
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
