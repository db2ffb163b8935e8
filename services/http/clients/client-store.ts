import { createHash, randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Tables } from "../../shared/letter/tables.ts";
import { type Client, OWN_SCOPES, type Scope } from "./client.ts";

/** Names the kind of secret, so that scanners find one that was committed or pasted somewhere. */
const SECRET = /^scs_[A-Za-z0-9_-]{43}$/;
const ID = /^[a-z0-9][a-z0-9._-]{0,62}$/;
/** So much of a secret's hash tells secrets of one client from each other, in access tokens and on the command line. */
const MARK_LENGTH = 16;

/** A new secret: 256 random bits. Only its hash is stored; a secret that is lost is replaced. */
export function newSecret(): string {
  return `scs_${randomBytes(32).toString("base64url")}`;
}

export function secretHash(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** The beginning of its hash: names a secret without telling it. */
export function secretMark(secretSha256: string): string {
  return secretSha256.slice(0, MARK_LENGTH);
}

export function isSecret(text: string): boolean {
  return SECRET.test(text);
}

export function isClientId(text: string): boolean {
  return ID.test(text);
}

interface ClientRow extends Omit<Client, "scopes"> {
  readonly scopes: readonly Scope[];
  readonly isOwn: boolean;
}

const COLUMNS = sql`c.id, c.name, c.agency_id as "agencyId", c.sender_domain as "senderDomain", c.scopes, c.level,
  c.ecms_dialect as dialect, coalesce(c.sender_domain = a.domain, false) as "isOwn"`;

function clientOf({ isOwn, scopes, ...client }: ClientRow): Client {
  return {
    ...client,
    scopes: new Set(isOwn ? scopes : scopes.filter((scope) => !OWN_SCOPES.includes(scope))),
  };
}

/** At most two rows, so that what should name one client and names two is seen. */
async function findClients(database: Kysely<Tables>, where: RawBuilder<unknown>): Promise<Client[]> {
  const { rows } = await sql<ClientRow>`
    select ${COLUMNS} from client c join agency a on a.id = c.agency_id and a.active
     where c.active and ${where} limit 2`.execute(database);
  return rows.map(clientOf);
}

export interface ClientWithSecret {
  readonly client: Client;
  readonly secretSha256: string;
}

/** Of these clients those in force, with each of their secrets that is. */
export async function readClientsWithSecrets(
  database: Kysely<Tables>,
  ids: readonly string[],
): Promise<readonly ClientWithSecret[]> {
  const { rows } = await sql<ClientRow & { secretSha256: string }>`
    select ${COLUMNS}, s.secret_sha256 as "secretSha256"
      from client c join agency a on a.id = c.agency_id and a.active
      join client_secret s on s.client_id = c.id
     where c.id = any (${ids}) and c.active and s.revoked_at is null
       and (s.expires_at is null or s.expires_at > now())`.execute(database);
  return rows.map(({ secretSha256, ...row }) => ({ client: clientOf(row), secretSha256 }));
}

/** @param sha256 of a certificate (DER, hex). @returns null when no client, or more than one, has it */
export async function findClientByCertificate(
  database: Kysely<Tables>,
  sha256: string,
): Promise<Client | null> {
  return theOnly(await findClients(database, sql`c.certificates @> array[${sha256}::text]`));
}

/** @param address as a socket reports it. @returns null when no client, or more than one, may come from there */
export async function findClientByAddress(database: Kysely<Tables>, address: string): Promise<Client | null> {
  // An IPv4 client of a dual-stack socket; a zone (fe80::1%eth0) is no part of an address for PostgreSQL.
  const plain = address.replace(/^::ffff:(?=[\d.]+$)/i, "").replace(/%.*$/, "");
  if (isIP(plain) === 0) return null; // behind a proxy it is what the proxy says
  const clients = await findClients(
    database,
    sql`exists (select from unnest(c.networks) n (network) where n.network >>= ${plain}::inet)`,
  );
  return theOnly(clients);
}

function theOnly(clients: readonly Client[]): Client | null {
  return clients.length === 1 ? (clients[0] as Client) : null;
}
