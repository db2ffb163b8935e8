import { type Kysely, sql } from "kysely";
import type { Tables } from "../../shared/letter/tables.ts";

export interface TotpRow {
  readonly sealed: Buffer | null;
  readonly next: Buffer | null;
  readonly nextMadeAt: Date | null;
}

export async function findTotp(database: Kysely<Tables>, personId: string): Promise<TotpRow | undefined> {
  const { rows } = await sql<TotpRow>`
    select sealed_secret as sealed, sealed_next as next, next_made_at as "nextMadeAt"
      from person_totp where person_id = ${personId}`.execute(database);
  return rows[0];
}

/** An authenticator is being set up; the one before stays in force meanwhile. */
export async function startTotp(
  transaction: Kysely<Tables>,
  personId: string,
  sealed: Buffer,
  at: Date,
): Promise<void> {
  await sql`
    insert into person_totp (person_id, sealed_next, next_made_at) values (${personId}, ${sealed}, ${at})
      on conflict (person_id) do update set sealed_next = excluded.sealed_next, next_made_at = excluded.next_made_at`.execute(
    transaction,
  );
}

/** The new authenticator is in force; the step of the code that has shown it is used up. @returns false when it was another one meanwhile */
export async function confirmTotp(
  transaction: Kysely<Tables>,
  personId: string,
  sealed: Buffer,
  step: number,
  at: Date,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update person_totp set sealed_secret = sealed_next, confirmed_at = ${at}, last_step = ${step}, sealed_next = null,
        next_made_at = null
     where person_id = ${personId} and sealed_next = ${sealed}`.execute(transaction);
  return numAffectedRows === 1n;
}

/** Takes the step of a code (RFC 6238 §5.2: none twice). @returns false when it, or a later one, was taken before */
export async function takeStep(
  transaction: Kysely<Tables>,
  personId: string,
  sealed: Buffer,
  step: number,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update person_totp set last_step = ${step}
     where person_id = ${personId} and sealed_secret = ${sealed} and last_step < ${step}`.execute(
    transaction,
  );
  return numAffectedRows === 1n;
}

/** @returns false when there was none */
export async function removeTotp(transaction: Kysely<Tables>, personId: string): Promise<boolean> {
  const { numAffectedRows } = await sql`delete from person_totp where person_id = ${personId}`.execute(
    transaction,
  );
  await sql`delete from recovery_code where person_id = ${personId}`.execute(transaction);
  return numAffectedRows === 1n;
}

/** In place of all that the person had. */
export async function replaceRecoveryCodes(
  transaction: Kysely<Tables>,
  personId: string,
  hashes: readonly string[],
  at: Date,
): Promise<void> {
  await sql`delete from recovery_code where person_id = ${personId}`.execute(transaction);
  await sql`
    insert into recovery_code (person_id, code_sha256, made_at)
      select ${personId}, hash, ${at} from unnest(${hashes}::text[]) as given (hash)`.execute(transaction);
}

/** Uses a code up. @returns false when it is none, or was used before */
export async function takeRecoveryCode(
  transaction: Kysely<Tables>,
  personId: string,
  hash: string,
  at: Date,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update recovery_code set used_at = ${at} where person_id = ${personId} and code_sha256 = ${hash} and used_at is null`.execute(
    transaction,
  );
  return numAffectedRows === 1n;
}

export async function unusedRecoveryCodes(database: Kysely<Tables>, personId: string): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*) as n from recovery_code where person_id = ${personId} and used_at is null`.execute(
    database,
  );
  return rows[0]?.n ?? 0;
}
