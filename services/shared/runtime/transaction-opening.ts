import type { Duplex } from "node:stream";
import type pg from "pg";

/** States who acts, for row-level security, until the end of the transaction. Parameters: actor, agencies. */
export const STATE_ACTING =
  "select set_config('saraban.actor', $1, true), set_config('saraban.agencies', $2, true)";

type Query = (text: string, values: readonly unknown[]) => Promise<Partial<pg.QueryResult>>;

/**
 * Sends what opens a transaction (BEGIN, and who acts) together with the first statement of its work: each wait for the
 * server costs both sides about as much as such a statement. The connection must be a pipelined one. When the opening
 * fails, the first statement fails with it and nothing of the work is done: the server refuses all that follows. A
 * transaction in which nothing is asked is not begun at all.
 * @param named gives a statement its name
 */
export function openTogether(
  client: pg.PoolClient,
  named: (text: string, values: readonly unknown[]) => pg.QueryConfig,
): Query {
  let opening: pg.QueryConfig[] = [];
  return async (text, values) => {
    if (text === "begin" || (text === STATE_ACTING && opening.length > 0)) {
      opening.push(named(text, values));
      return { rows: [] };
    }
    if (opening.length === 0) return client.query(named(text, values));
    const before = opening;
    opening = [];
    if (text === "commit" || text === "rollback") return { command: text.toUpperCase(), rows: [] };
    const { stream } = (client as unknown as { readonly connection: { readonly stream: Duplex } }).connection;
    stream.cork();
    const sent = [...before, named(text, values)].map((statement) => client.query(statement));
    stream.uncork();
    // Rejects with the first failure: what the server says of those after it is only that they came too late.
    const answers = await Promise.all(sent);
    return answers.at(-1) as pg.QueryResult;
  };
}
