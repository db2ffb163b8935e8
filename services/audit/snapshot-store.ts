import { sql } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import {
  type Acting,
  type Kysely,
  inSnapshot as snapshot,
  type Transaction,
} from "../shared/runtime/database.ts";

const LONGEST_STATEMENT_MS = 60 * 60 * 1000;

/**
 * Runs `work` on one state of the database, so that a letter between two tables is no false alarm. A statement looks at
 * whole tables: it may take longer than a room's, sort and hash in memory, and gains nothing from compiled code.
 */
export function inSnapshot<Result>(
  database: Kysely<Tables>,
  acting: Acting,
  work: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  return snapshot(database, acting, LONGEST_STATEMENT_MS, async (transaction) => {
    await sql`select set_config('work_mem', '128MB', true), set_config('jit', 'off', true)`.execute(
      transaction,
    );
    return work(transaction);
  });
}
