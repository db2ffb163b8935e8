import { createHash, randomBytes } from "node:crypto";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import type { openAdminPool } from "../shared/runtime/database.ts";

/** Somebody who may use this door, and for which agencies. */
export interface Clerk {
  readonly id: string;
  /** ชื่อ-สกุล */
  readonly name: string;
  readonly agencies: readonly string[];
  readonly rights: readonly ClerkRight[];
}

/** approve: may sign outbound letters off. What every clerk may do needs no right. */
export type ClerkRight = "approve";
export const CLERK_RIGHTS: readonly ClerkRight[] = ["approve"];

/** A clerk's row as an operator sees it; of the token nothing. */
export interface ClerkRow extends Clerk {
  readonly active: boolean;
  readonly madeAt: Date;
}

type AdminPool = ReturnType<typeof openAdminPool>;

/** Names the kind of secret, so that scanners find one that was committed or pasted somewhere. */
const TOKEN = /^sct_[A-Za-z0-9_-]{43}$/;

/** A new token: 256 random bits. Only its hash is stored; a token that is lost is replaced. */
export function newToken(): string {
  return `sct_${randomBytes(32).toString("base64url")}`;
}

/**
 * The active clerk whose token this is. The look-up goes by the token's SHA-256 in an index: what its time might tell is
 * how far the hash of a guess agrees with a stored hash, which nobody can steer a guess by; so no comparison in constant
 * time is needed. A slow hash would add nothing either: the tokens are random, not chosen by people.
 */
export async function findClerk(database: Kysely<Tables>, token: string): Promise<Clerk | undefined> {
  if (!TOKEN.test(token)) return undefined;
  const { rows } = await sql<Clerk>`
    select id, name, agencies, rights from clerk where token_sha256 = ${hashOf(token)} and active`.execute(
    database,
  );
  return rows[0];
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** Ids of the agencies served here at present. */
export async function activeAgencies(pool: AdminPool): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>("select id from saraban.agency where active order by id");
  return rows.map(({ id }) => id);
}

export async function listClerks(pool: AdminPool): Promise<ClerkRow[]> {
  const { rows } = await pool.query<ClerkRow>(
    'select id, name, agencies, rights, active, made_at as "madeAt" from saraban.clerk order by id',
  );
  return rows;
}

/** @returns false when the id is in use, be it by a clerk who was removed: acts are signed with it for ever */
export async function insertClerk(pool: AdminPool, clerk: Clerk, token: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `insert into saraban.clerk (id, name, agencies, token_sha256, rights) values ($1, $2, $3, $4, $5)
       on conflict (id) do nothing`,
    [clerk.id, clerk.name, clerk.agencies, hashOf(token), clerk.rights],
  );
  return rowCount === 1;
}

/** The clerk's token opens nothing from the next request on. @returns false when no active clerk has this id */
export async function removeClerk(pool: AdminPool, id: string): Promise<boolean> {
  const { rowCount } = await pool.query("update saraban.clerk set active = false where id = $1 and active", [
    id,
  ]);
  return rowCount === 1;
}

/** The rights that the clerk has from the next request on. @returns false when no active clerk has this id */
export async function setRights(
  pool: AdminPool,
  id: string,
  rights: readonly ClerkRight[],
): Promise<boolean> {
  const { rowCount } = await pool.query("update saraban.clerk set rights = $2 where id = $1 and active", [
    id,
    rights,
  ]);
  return rowCount === 1;
}

/** A new token in place of the old one. @returns false when no active clerk has this id */
export async function replaceToken(pool: AdminPool, id: string, token: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    "update saraban.clerk set token_sha256 = $2 where id = $1 and active",
    [id, hashOf(token)],
  );
  return rowCount === 1;
}
