import type { EcmsDialect } from "../../shared/letter/directory.ts";
import type { openAdminPool } from "../../shared/runtime/database.ts";
import type { Level, Scope } from "./client.ts";
import { secretHash } from "./client-store.ts";

type AdminPool = ReturnType<typeof openAdminPool>;

/** A client as an administrator registers it. */
export interface NewClient {
  readonly id: string;
  readonly name: string;
  readonly agencyId: string;
  /** Null: a node that passes on letters of every office in the directory. */
  readonly senderDomain: string | null;
  readonly scopes: readonly Scope[];
  readonly level: Level;
  /** SHA-256 of each (DER, hex). */
  readonly certificates: readonly string[];
  /** CIDR */
  readonly networks: readonly string[];
  readonly dialect: EcmsDialect;
}

/** A client's row as an administrator sees it; of its secrets only when they were made and how long they hold. */
export interface ShownClient extends NewClient {
  readonly active: boolean;
  readonly madeAt: Date;
  /** Those in force, the newest first. */
  readonly secrets: readonly {
    readonly mark: string;
    readonly madeAt: string;
    readonly expiresAt: string | null;
  }[];
  readonly lastCallAt: Date | null;
}

/** Of two secrets one is in use while the other is being brought in; more would be forgotten ones. */
const SECRETS_AT_A_TIME = 2;

/** The offices in whose name a client of an agency may hand letters in: partners and agencies served here, by domain. */
export async function knownDomains(pool: AdminPool): Promise<string[]> {
  const { rows } = await pool.query<{ domain: string }>(
    "select domain from saraban.partner where active union select domain from saraban.agency where active order by 1",
  );
  return rows.map(({ domain }) => domain);
}

/** @returns undefined when no agency with this id is served here */
export async function domainOfAgency(pool: AdminPool, agencyId: string): Promise<string | undefined> {
  const { rows } = await pool.query<{ domain: string }>(
    "select domain from saraban.agency where id = $1 and active",
    [agencyId],
  );
  return rows[0]?.domain;
}

/** @returns false when the id is in use, be it by a client that was revoked: what it did is signed with it for ever */
export async function insertClient(pool: AdminPool, client: NewClient, secret: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `with made as (
       insert into saraban.client (id, agency_id, name, sender_domain, scopes, level, certificates, networks, ecms_dialect)
         values ($1, $2, $3, $4, $5, $6, $7, $8::cidr[], $9) on conflict (id) do nothing returning id)
     insert into saraban.client_secret (secret_sha256, client_id) select $10, id from made`,
    [
      client.id,
      client.agencyId,
      client.name,
      client.senderDomain,
      client.scopes,
      client.level,
      client.certificates,
      client.networks,
      client.dialect,
      secretHash(secret),
    ],
  );
  return rowCount === 1;
}

/** @param id undefined for all of them, by id */
export async function listClients(pool: AdminPool, id?: string): Promise<ShownClient[]> {
  const { rows } = await pool.query<ShownClient>(
    `select c.id, c.name, c.agency_id as "agencyId", c.sender_domain as "senderDomain", c.scopes, c.level, c.certificates,
            c.networks::text[] as networks, c.ecms_dialect as dialect, c.active, c.made_at as "madeAt",
            (select coalesce(jsonb_agg(jsonb_build_object('mark', left(s.secret_sha256, 16), 'madeAt', s.made_at,
                      'expiresAt', s.expires_at) order by s.made_at desc), '[]') from saraban.client_secret s
              where s.client_id = c.id and s.revoked_at is null and (s.expires_at is null or s.expires_at > now())) as secrets,
            (select called_at from saraban.client_call l where l.client_id = c.id order by l.id desc limit 1) as "lastCallAt"
       from saraban.client c where $1::text is null or c.id = $1 order by c.id`,
    [id ?? null],
  );
  return rows;
}

/**
 * A new secret; the one before it holds for so long yet, any older one ends now.
 * @param overlapSeconds 0: the new secret alone is in force from the next request on, and tokens of the old one are over
 * @returns until when the one before it holds, null when there is none; undefined when no active client has this id
 */
export async function rotateSecret(
  pool: AdminPool,
  id: string,
  secret: string,
  overlapSeconds: number,
): Promise<Date | null | undefined> {
  const connection = await pool.connect();
  try {
    await connection.query("begin");
    // Its lock: of two who rotate at once the second sees the first one's secret.
    const { rowCount } = await connection.query(
      "select 1 from saraban.client where id = $1 and active for update",
      [id],
    );
    if (rowCount === 0) {
      await connection.query("rollback");
      return undefined;
    }
    await connection.query(
      `update saraban.client_secret s set revoked_at = now()
        where s.client_id = $1 and s.revoked_at is null and s.secret_sha256 not in (
          select n.secret_sha256 from saraban.client_secret n
           where n.client_id = $1 and n.revoked_at is null and (n.expires_at is null or n.expires_at > now()) and $2 > 0
           order by n.made_at desc limit $3)`,
      [id, overlapSeconds, SECRETS_AT_A_TIME - 1],
    );
    const { rows } = await connection.query<{ until: Date }>(
      `update saraban.client_secret set expires_at = least(expires_at, now() + $2 * interval '1 second')
        where client_id = $1 and revoked_at is null and (expires_at is null or expires_at > now())
        returning expires_at as until`,
      [id, overlapSeconds],
    );
    // clock_timestamp: of two rotations in one moment the newer is the newer.
    await connection.query(
      "insert into saraban.client_secret (secret_sha256, client_id, made_at) values ($1, $2, clock_timestamp())",
      [secretHash(secret), id],
    );
    await connection.query("commit");
    return rows[0]?.until ?? null;
  } catch (error) {
    await connection.query("rollback").catch(() => {});
    throw error;
  } finally {
    connection.release();
  }
}

/** Neither secrets nor tokens nor certificates of it open anything from the next request on. @returns false as below */
export async function revokeClient(pool: AdminPool, id: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `with ended as (update saraban.client_secret set revoked_at = now() where client_id = $1 and revoked_at is null)
     update saraban.client set active = false where id = $1 and active`,
    [id],
  );
  return rowCount === 1;
}

/** From the next request on. @returns false when no active client has this id */
export async function setScopes(pool: AdminPool, id: string, scopes: readonly Scope[]): Promise<boolean> {
  const { rowCount } = await pool.query("update saraban.client set scopes = $2 where id = $1 and active", [
    id,
    scopes,
  ]);
  return rowCount === 1;
}

/** @returns false when no active client has this id */
export async function setCertificates(
  pool: AdminPool,
  id: string,
  certificates: readonly string[],
): Promise<boolean> {
  const { rowCount } = await pool.query(
    "update saraban.client set certificates = $2 where id = $1 and active",
    [id, certificates],
  );
  return rowCount === 1;
}

/** The active client that this certificate stands for already; undefined when it is none's. */
export async function holderOfCertificate(pool: AdminPool, sha256: string): Promise<string | undefined> {
  const { rows } = await pool.query<{ id: string }>(
    "select id from saraban.client where active and certificates @> array[$1::text] limit 1",
    [sha256],
  );
  return rows[0]?.id;
}

/** @returns false when no active client has this id */
export async function setNetworks(
  pool: AdminPool,
  id: string,
  networks: readonly string[],
): Promise<boolean> {
  const { rowCount } = await pool.query(
    "update saraban.client set networks = $2::cidr[] where id = $1 and active",
    [id, networks],
  );
  return rowCount === 1;
}
