import { type Kysely, sql } from "kysely";
import type { Tables } from "../../shared/letter/tables.ts";

/** An administrator's asking to see an agency's ordinary letters, and what became of it. */
export interface GlassRow {
  readonly id: string;
  readonly agencyId: string;
  readonly askedBy: string;
  readonly reason: string;
  readonly askedAt: Date;
  readonly agreedBy: string | null;
  readonly agreedAt: Date | null;
  readonly untilAt: Date | null;
  readonly endedAt: Date | null;
}

const GLASS = sql`
  select id, agency_id as "agencyId", asked_by as "askedBy", reason, asked_at as "askedAt", agreed_by as "agreedBy",
      agreed_at as "agreedAt", until_at as "untilAt", ended_at as "endedAt" from break_glass`;

export async function findGlass(database: Kysely<Tables>, id: string): Promise<GlassRow | undefined> {
  const { rows } = await sql<GlassRow>`${GLASS} where id = ${id}`.execute(database);
  return rows[0];
}

/** The newest first. @param agencies null: of all */
export async function listGlass(
  database: Kysely<Tables>,
  agencies: readonly string[] | null,
  limit: number,
): Promise<GlassRow[]> {
  const { rows } = await sql<GlassRow>`
    ${GLASS} where ${agencies}::text[] is null or agency_id = any (${agencies}) order by asked_at desc, id desc limit ${limit}`.execute(
    database,
  );
  return rows;
}

export async function insertGlass(
  transaction: Kysely<Tables>,
  {
    id,
    agencyId,
    askedBy,
    reason,
    askedAt,
  }: Pick<GlassRow, "id" | "agencyId" | "askedBy" | "reason" | "askedAt">,
): Promise<void> {
  await sql`
    insert into break_glass (id, agency_id, asked_by, reason, asked_at)
      values (${id}, ${agencyId}, ${askedBy}, ${reason}, ${askedAt})`.execute(transaction);
}

/** @returns false when it was agreed to, or has ended, before */
export async function agreeToGlass(
  transaction: Kysely<Tables>,
  id: string,
  agreedBy: string,
  agreedAt: Date,
  untilAt: Date,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update break_glass set agreed_by = ${agreedBy}, agreed_at = ${agreedAt}, until_at = ${untilAt}
     where id = ${id} and agreed_at is null and ended_at is null`.execute(transaction);
  return numAffectedRows === 1n;
}

/** @returns false when it has ended before */
export async function endGlass(transaction: Kysely<Tables>, id: string, endedAt: Date): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update break_glass set ended_at = ${endedAt}
     where id = ${id} and ended_at is null and (until_at is null or until_at > ${endedAt})`.execute(
    transaction,
  );
  return numAffectedRows === 1n;
}

/** How many are open at a moment. */
export async function countOpenGlass(database: Kysely<Tables>, at: Date): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*) as n from break_glass where ended_at is null and until_at > ${at}`.execute(database);
  return rows[0]?.n ?? 0;
}
