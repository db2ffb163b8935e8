import { sql, type Transaction } from "kysely";
import type { Tables } from "../tables.ts";
import { type PublicJwk, type PublicKey, readJwk } from "./public-key.ts";

/** The keys of this installation, retired and revoked ones too, the newest first. */
export async function readOwnKeys(transaction: Transaction<Tables>): Promise<PublicKey[]> {
  const { rows } = await sql<PublicKey>`
    select kid, jwk, null as holder, retired_at as "retiredAt", revoked_at as "revokedAt"
      from signing_key order by made_at desc, kid limit 10000`.execute(transaction);
  return rows;
}

/**
 * The keys that partners publish now, each under the partner's domain.
 * @param kid only those of this name
 */
export async function readPartnerKeys(
  transaction: Transaction<Tables>,
  kid: string | null = null,
): Promise<PublicKey[]> {
  const { rows } = await sql<{ kid: string; jwk: unknown; domain: string }>`
    select kid, jwk, domain from partner_key
     where active and (${kid}::text is null or kid = ${kid}) order by domain, kid limit 10000`.execute(
    transaction,
  );
  return rows.flatMap((row) => {
    const jwk: PublicJwk | null = readJwk(row.jwk);
    return jwk === null ? [] : [{ kid: row.kid, jwk, holder: row.domain, retiredAt: null, revokedAt: null }];
  });
}
