import { type Kysely, sql, type Transaction } from "kysely";
import type { PublicKey } from "../../shared/letter/evidence/public-key.ts";
import type { Tables } from "../../shared/letter/tables.ts";

/** A partner that publishes its keys. */
export interface KeyPublisher {
  readonly domain: string;
  readonly url: string;
}

/** Public facts: no row-level security stands before them. */
export async function findKeyPublishers(database: Kysely<Tables>): Promise<KeyPublisher[]> {
  const { rows } = await sql<KeyPublisher>`
    select domain, keys_url as url from partner where active and keys_url is not null order by domain`.execute(
    database,
  );
  return rows;
}

/** The partner that an office of this domain belongs to, when it publishes its keys. */
export async function findKeyPublisher(
  database: Kysely<Tables>,
  domain: string,
): Promise<KeyPublisher | undefined> {
  const { rows } = await sql<KeyPublisher>`
    select domain, keys_url as url from partner
     where active and keys_url is not null and right('.' || ${domain}::text, length(domain) + 1) = '.' || domain
     order by length(domain) desc limit 1`.execute(database);
  return rows[0];
}

/**
 * Makes a partner's fetched keys those that it publishes now: what it publishes no more is believed no more. Keys from the
 * configuration stay, but for one that the partner itself calls revoked.
 */
export async function storePartnerKeys(
  transaction: Transaction<Tables>,
  domain: string,
  keys: readonly PublicKey[],
  at: Date,
): Promise<void> {
  const published = keys.filter(({ revokedAt }) => revokedAt === null);
  const revoked = keys.filter(({ revokedAt }) => revokedAt !== null).map(({ kid }) => kid);
  const rows = published
    .filter(({ kid }) => !revoked.includes(kid))
    .map(({ kid, jwk: { kty, crv, x } }) => ({ kid, jwk: { kty, crv, x, kid } }));
  const kids = rows.map(({ kid }) => kid);
  await sql`
    update partner_key set active = false
     where domain = ${domain} and active
       and (source = 'url' and not kid = any (${kids}::text[]) or kid = any (${revoked}::text[]))`.execute(
    transaction,
  );
  await sql`
    insert into partner_key (domain, kid, jwk, source, active, seen_at)
      select ${domain}, kid, jwk, 'url', true, ${at} from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given (kid text, jwk jsonb)
      on conflict (domain, kid) do update set jwk = excluded.jwk, active = true, seen_at = excluded.seen_at
        where partner_key.source = 'url'`.execute(transaction);
}
