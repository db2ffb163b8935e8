import { type Kysely, sql } from "kysely";
import type { Tables } from "../../shared/letter/tables.ts";

/** A sign-in that is under way at the OpenID provider. */
export interface OidcLogin {
  readonly codeVerifier: string;
  readonly nonce: string;
  readonly returnTo: string;
}

/** It has to come back by then. */
export const LOGIN_WITHIN_MINUTES = 10;

/** Those that never came back are removed with it. */
export async function insertLogin(
  transaction: Kysely<Tables>,
  stateHash: string,
  { codeVerifier, nonce, returnTo }: OidcLogin,
  at: Date,
): Promise<void> {
  await sql`delete from oidc_login where made_at < ${at}::timestamptz - make_interval(mins => ${LOGIN_WITHIN_MINUTES})`.execute(
    transaction,
  );
  await sql`
    insert into oidc_login (state_sha256, code_verifier, nonce, return_to, made_at)
      values (${stateHash}, ${codeVerifier}, ${nonce}, ${returnTo}, ${at})`.execute(transaction);
}

/** Takes it out: an answer of the provider counts once. */
export async function takeLogin(
  database: Kysely<Tables>,
  stateHash: string,
  at: Date,
): Promise<OidcLogin | undefined> {
  const { rows } = await sql<OidcLogin>`
    delete from oidc_login where state_sha256 = ${stateHash}
     returning code_verifier as "codeVerifier", nonce, return_to as "returnTo",
       made_at >= ${at}::timestamptz - make_interval(mins => ${LOGIN_WITHIN_MINUTES}) as "inTime"`.execute(
    database,
  );
  const found = rows[0] as (OidcLogin & { readonly inTime: boolean }) | undefined;
  return found?.inTime === true ? found : undefined;
}

export interface BoundPerson {
  readonly id: string;
  readonly name: string;
  readonly active: boolean;
}

/** Who is bound to this subject of this provider. */
export async function findBound(
  database: Kysely<Tables>,
  issuer: string,
  subject: string,
): Promise<BoundPerson | undefined> {
  const { rows } = await sql<BoundPerson>`
    select id, name, active from person where oidc_issuer = ${issuer} and oidc_subject = ${subject}`.execute(
    database,
  );
  return rows[0];
}

/**
 * Binds the one person of this e-mail who is bound to nobody yet.
 * @returns undefined when there is none, or more than one: an address that two share tells nobody apart
 */
export async function bindByEmail(
  transaction: Kysely<Tables>,
  issuer: string,
  subject: string,
  email: string,
): Promise<BoundPerson | undefined> {
  const { rows } = await sql<BoundPerson>`
    update person set oidc_issuer = ${issuer}, oidc_subject = ${subject}
     where oidc_issuer is null and active and lower(email) = lower(${email})
       and (select count(*) from person where active and lower(email) = lower(${email})) = 1
     returning id, name, active`.execute(transaction);
  return rows[0];
}
