import { sql } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import type { Acting, Kysely, Transaction } from "../shared/runtime/database.ts";

/**
 * Runs `work` on one state of the database (REPEATABLE READ, read only): what a running service commits meanwhile is not
 * seen, so a letter between two tables is no false alarm. It blocks nobody.
 *
 * A statement looks at whole tables: it may take longer than a room's, sort and hash in memory, and gains nothing from
 * compiled code.
 */
export function inSnapshot<Result>(
  database: Kysely<Tables>,
  { actor, agencies }: Acting,
  work: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  return database
    .transaction()
    .setIsolationLevel("repeatable read")
    .setAccessMode("read only")
    .execute(async (transaction) => {
      await sql`
        select set_config('saraban.actor', ${actor}, true), set_config('saraban.agencies', ${agencies.join(",")}, true),
               set_config('statement_timeout', '1h', true), set_config('work_mem', '128MB', true),
               set_config('jit', 'off', true)`.execute(transaction);
      return work(transaction);
    });
}
