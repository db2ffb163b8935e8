import { type Kysely, sql } from "kysely";
import { REMEMBERED_PASSWORDS } from "../../shared/access/proofs/password-policy.ts";
import type { Tables } from "../../shared/letter/tables.ts";

/** What signing in has to know of an id. */
export interface Candidate {
  readonly id: string;
  readonly name: string;
  readonly active: boolean;
  /** Null: signs in by the OpenID provider alone. */
  readonly phc: string | null;
  readonly expiresAt: Date | null;
  readonly mustChange: boolean;
}

export async function findCandidate(database: Kysely<Tables>, id: string): Promise<Candidate | undefined> {
  const { rows } = await sql<Candidate>`
    select p.id, p.name, p.active, w.phc, w.expires_at as "expiresAt", coalesce(w.must_change, false) as "mustChange"
      from person p left join person_password w on w.person_id = p.id where p.id = ${id}`.execute(database);
  return rows[0];
}

/** The hashes of the last passwords, the present one first. */
export async function lastPasswords(database: Kysely<Tables>, personId: string): Promise<string[]> {
  const { rows } = await sql<{ phc: string }>`
    select phc from (
        select phc, set_at, 1 as place from person_password where person_id = ${personId}
        union all select phc, set_at, 2 from person_password_before where person_id = ${personId}) as all_of_them
     order by place, set_at desc limit ${REMEMBERED_PASSWORDS}`.execute(database);
  return rows.map(({ phc }) => phc);
}

export interface NewPassword {
  readonly phc: string;
  readonly setAt: Date;
  readonly mustChange: boolean;
  readonly expiresAt: Date | null;
}

/** The password from now on; the one before is remembered among the last, unless it was a one-time one, which nobody chose. */
export async function setPassword(
  transaction: Kysely<Tables>,
  personId: string,
  { phc, setAt, mustChange, expiresAt }: NewPassword,
): Promise<void> {
  await sql`
    insert into person_password_before (person_id, phc, set_at)
      select person_id, phc, set_at from person_password where person_id = ${personId} and not must_change
      on conflict do nothing`.execute(transaction);
  await sql`
    insert into person_password (person_id, phc, set_at, must_change, expires_at)
      values (${personId}, ${phc}, ${setAt}, ${mustChange}, ${expiresAt})
      on conflict (person_id) do update set phc = excluded.phc, set_at = excluded.set_at, must_change = excluded.must_change,
        expires_at = excluded.expires_at`.execute(transaction);
  await sql`
    delete from person_password_before where person_id = ${personId} and set_at not in
      (select set_at from person_password_before where person_id = ${personId} order by set_at desc limit ${REMEMBERED_PASSWORDS})`.execute(
    transaction,
  );
}

/** The same password in a hash of today's parameters; does nothing when another one was set meanwhile. */
export async function replaceHash(
  transaction: Kysely<Tables>,
  personId: string,
  before: string,
  phc: string,
): Promise<void> {
  await sql`update person_password set phc = ${phc} where person_id = ${personId} and phc = ${before}`.execute(
    transaction,
  );
}
