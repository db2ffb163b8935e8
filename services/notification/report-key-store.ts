import { randomBytes } from "node:crypto";
import { sql, type Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";

const SECRET_BYTES = 32;

/** The keys of the return paths, the newest first: it signs, all of them verify. Empty before the first use. */
export async function readReportKeys(transaction: Transaction<Tables>): Promise<Buffer[]> {
  const { rows } = await sql<{ secret: Buffer }>`
    select secret from report_key order by id desc limit 100`.execute(transaction);
  return rows.map(({ secret }) => secret);
}

/** The key that signs. The first use makes one; several processes that start at once agree on it by a lock. */
export async function signingKey(transaction: Transaction<Tables>): Promise<Buffer> {
  const [newest] = await readReportKeys(transaction);
  if (newest) return newest;
  await sql`select pg_advisory_xact_lock(hashtextextended('saraban.report_key', 0))`.execute(transaction);
  const [made] = await readReportKeys(transaction);
  if (made) return made;
  const secret = randomBytes(SECRET_BYTES);
  await transaction.insertInto("report_key").values({ secret }).execute();
  return secret;
}
