import { sql, type Transaction } from "kysely";
import type { openAdminPool } from "../../runtime/database.ts";
import type { Tables } from "../tables.ts";
import type { PublicJwk } from "./public-key.ts";

/** The newest of these keys that is neither retired nor revoked; null when there is none. */
export async function newestInForce(
  transaction: Transaction<Tables>,
  kids: readonly string[],
): Promise<string | null> {
  if (kids.length === 0) return null;
  const { rows } = await sql<{ kid: string }>`
    select kid from signing_key where kid = any (${kids}::text[]) and retired_at is null and revoked_at is null
     order by made_at desc, kid limit 1`.execute(transaction);
  return rows[0]?.kid ?? null;
}

/** Processes that share a folder of keys make a new one by turns: until the transaction ends, nobody else does. */
export async function lockSigningKeys(transaction: Transaction<Tables>): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('saraban.signing_key', 0))`.execute(transaction);
}

/** Publishes public halves; one that stands there already stays as it is. */
export async function publishKeys(
  transaction: Transaction<Tables>,
  keys: readonly { readonly kid: string; readonly jwk: PublicJwk }[],
  at: Date,
): Promise<void> {
  if (keys.length === 0) return;
  await transaction
    .insertInto("signing_key")
    .values(keys.map(({ kid, jwk }) => ({ kid, jwk: JSON.stringify(jwk), made_at: at })))
    .onConflict((conflict) => conflict.column("kid").doNothing())
    .execute();
}

/** Keys that sign somewhere, but not from here: another host's, or their private halves are lost. */
export async function inForceElsewhere(
  transaction: Transaction<Tables>,
  kids: readonly string[],
): Promise<string[]> {
  const { rows } = await sql<{ kid: string }>`
    select kid from signing_key where not kid = any (${kids}::text[]) and retired_at is null and revoked_at is null
     order by made_at desc limit 100`.execute(transaction);
  return rows.map(({ kid }) => kid);
}

/** Retires every key that signs; each process makes itself a new one. @returns the kids of those retired now */
export async function retireKeys(transaction: Transaction<Tables>): Promise<string[]> {
  const { rows } = await sql<{ kid: string }>`
    update signing_key set retired_at = now() where retired_at is null and revoked_at is null returning kid`.execute(
    transaction,
  );
  return rows.map(({ kid }) => kid);
}

/**
 * Takes back the trust in a key that got into wrong hands. With the rights of the one who migrates: no service may.
 * @returns false when there is no such key, or it was revoked before
 */
export async function revokeKey(
  pool: ReturnType<typeof openAdminPool>,
  kid: string,
  reason: string,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    "update saraban.signing_key set revoked_at = now(), revoked_because = $2 where kid = $1 and revoked_at is null",
    [kid, reason],
  );
  return rowCount === 1;
}
