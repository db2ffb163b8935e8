import { type Kysely, sql } from "kysely";
import { type Failures, oneMoreTry } from "../../shared/access/proofs/sign-in-lock.ts";
import type { Tables } from "../../shared/letter/tables.ts";

/** What one more try met. */
export interface Tried {
  readonly isLocked: boolean;
  /** By this try, if it fails. */
  readonly locksUntil: Date | null;
}

/**
 * Counts one more try under a key. The row is locked until the transaction ends: of many at once each sees those before it.
 * The same statements whatever is found: how long it takes tells nothing.
 */
export async function countTry(
  transaction: Kysely<Tables>,
  key: string,
  freeTries: number,
  at: Date,
): Promise<Tried> {
  await sql`insert into sign_in_guard (key, failures, last_failure_at) values (${key}, 0, ${at}) on conflict do nothing`.execute(
    transaction,
  );
  const { rows } = await sql<Failures>`
    select failures, last_failure_at as "lastFailureAt", locked_until as "lockedUntil"
      from sign_in_guard where key = ${key} for update`.execute(transaction);
  const before = rows[0] ?? null;
  const after = oneMoreTry(before, freeTries, at);
  const { failures, lastFailureAt, lockedUntil } = after ?? (before as Failures);
  await sql`
    update sign_in_guard set failures = ${failures}, last_failure_at = ${lastFailureAt}, locked_until = ${lockedUntil}
     where key = ${key}`.execute(transaction);
  return { isLocked: after === null, locksUntil: after?.lockedUntil ?? null };
}

/** All failures under these keys are forgotten. @returns how many keys there were */
export async function forgetFailures(transaction: Kysely<Tables>, keys: readonly string[]): Promise<number> {
  const { numAffectedRows } = await sql`delete from sign_in_guard where key = any (${keys})`.execute(
    transaction,
  );
  return Number(numAffectedRows ?? 0n);
}

/** A try that was counted did not fail. Those of others under the same key stay. */
export async function takeBackTry(transaction: Kysely<Tables>, key: string): Promise<void> {
  await sql`
    update sign_in_guard set failures = greatest(failures - 1, 0), locked_until = null where key = ${key}`.execute(
    transaction,
  );
}

/** Until when a key is locked; null when it is not. */
export async function lockedUntil(database: Kysely<Tables>, key: string, at: Date): Promise<Date | null> {
  const { rows } = await sql<{ until: Date }>`
    select locked_until as until from sign_in_guard where key = ${key} and locked_until > ${at}`.execute(
    database,
  );
  return rows[0]?.until ?? null;
}

/** Rows that count for nothing any more (sign-in-lock.ts). */
export async function removeOldFailures(database: Kysely<Tables>, at: Date): Promise<void> {
  await sql`delete from sign_in_guard where last_failure_at < ${at}::timestamptz - interval '1 day'`.execute(
    database,
  );
}
