import { type Kysely, sql } from "kysely";
import type { Appointment } from "../../shared/access/actor.ts";
import type { Tables } from "../../shared/letter/tables.ts";

export type EndReason = "signed-out" | "revoked" | "password-changed" | "idle" | "replaced" | "person-ended";

/** A session in force, and who it is. */
export interface SessionRow {
  readonly id: string;
  readonly personId: string;
  readonly name: string;
  readonly email: string | null;
  readonly madeAt: Date;
  readonly seenAt: Date;
  readonly expiresAt: Date;
  readonly secondFactorAt: Date | null;
  /** The password is a one-time one. */
  readonly mustChange: boolean;
  /** An authenticator is in force. */
  readonly hasSecondFactor: boolean;
  /** In force at this moment. */
  readonly appointments: readonly Appointment[];
  /** Agencies whose ordinary letters were opened for this person by break-glass. */
  readonly glass: readonly string[];
}

/** As it is listed. */
export interface ListedSession {
  readonly id: string;
  readonly madeAt: Date;
  readonly seenAt: Date;
  readonly expiresAt: Date;
  readonly secondFactorAt: Date | null;
  readonly address: string;
  readonly userAgent: string;
}

export interface NewSession {
  readonly id: string;
  readonly tokenHash: string;
  readonly personId: string;
  readonly madeAt: Date;
  readonly expiresAt: Date;
  readonly secondFactorAt: Date | null;
  readonly address: string;
  readonly userAgent: string;
}

/**
 * The session of a token, asked anew for each request: who is made inactive, whose session is revoked, whose appointment
 * has ended is out with the next one.
 */
export async function findSession(
  database: Kysely<Tables>,
  tokenHash: string,
  at: Date,
  idleMinutes: number,
): Promise<SessionRow | undefined> {
  const { rows } = await sql<SessionRow>`
    select s.id, s.person_id as "personId", p.name, p.email, s.made_at as "madeAt", s.seen_at as "seenAt",
        s.expires_at as "expiresAt", s.second_factor_at as "secondFactorAt",
        coalesce((select w.must_change from person_password w where w.person_id = p.id), false) as "mustChange",
        exists (select from person_totp t where t.person_id = p.id and t.confirmed_at is not null) as "hasSecondFactor",
        (select coalesce(jsonb_agg(jsonb_build_object('right', a."right", 'agencyId', a.agency_id, 'unit', a.unit, 'level', a.level)
                           order by a.id), '[]') from appointment_in_force a where a.person_id = p.id) as appointments,
        array(select distinct g.agency_id from break_glass g
               where g.asked_by = p.id and g.ended_at is null and g.until_at > ${at}
                 and exists (select from appointment_in_force a where a.person_id = p.id and a."right" = 'administrator'
                               and (a.agency_id is null or a.agency_id = g.agency_id)) order by 1) as glass
      from session s join person p on p.id = s.person_id and p.active
     where s.token_sha256 = ${tokenHash} and s.ended_at is null and s.expires_at > ${at}
       and s.seen_at > ${at}::timestamptz - make_interval(mins => ${idleMinutes})`.execute(database);
  return rows[0];
}

/** It is used at this moment. */
export async function touchSession(database: Kysely<Tables>, id: string, at: Date): Promise<void> {
  await sql`update session set seen_at = ${at} where id = ${id} and ended_at is null`.execute(database);
}

export async function insertSession(database: Kysely<Tables>, session: NewSession): Promise<void> {
  const { id, tokenHash, personId, madeAt, expiresAt, secondFactorAt, address, userAgent } = session;
  await sql`
    insert into session (id, token_sha256, person_id, made_at, seen_at, expires_at, second_factor_at, address, user_agent)
      values (${id}, ${tokenHash}, ${personId}, ${madeAt}, ${madeAt}, ${expiresAt}, ${secondFactorAt}, ${address}, ${userAgent})`.execute(
    database,
  );
}

/** Which of a person's sessions end; without a choice all of them. */
export interface WhichSessions {
  readonly only?: string;
  readonly except?: string;
}

/** @returns the ids of those that have ended by it */
export async function endSessions(
  database: Kysely<Tables>,
  personId: string,
  reason: EndReason,
  at: Date,
  { only, except }: WhichSessions = {},
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    update session set ended_at = ${at}, end_reason = ${reason}
     where person_id = ${personId} and ended_at is null and expires_at > ${at}
       and (${only ?? null}::uuid is null or id = ${only ?? null}) and (${except ?? null}::uuid is null or id <> ${except ?? null})
     returning id`.execute(database);
  return rows.map(({ id }) => id);
}

/** Of a person, in force, the newest first. */
export async function listSessions(
  database: Kysely<Tables>,
  personId: string,
  at: Date,
  idleMinutes: number,
): Promise<ListedSession[]> {
  const { rows } = await sql<ListedSession>`
    select id, made_at as "madeAt", seen_at as "seenAt", expires_at as "expiresAt", second_factor_at as "secondFactorAt",
        address, user_agent as "userAgent"
      from session where person_id = ${personId} and ended_at is null and expires_at > ${at}
       and seen_at > ${at}::timestamptz - make_interval(mins => ${idleMinutes}) order by made_at desc, id desc`.execute(
    database,
  );
  return rows;
}

/** Those that nobody has used for too long are marked as ended; they opened nothing any more before it. */
export async function endIdleSessions(
  database: Kysely<Tables>,
  at: Date,
  idleMinutes: number,
): Promise<void> {
  await sql`
    update session set ended_at = ${at}, end_reason = 'idle'
     where ended_at is null and (expires_at <= ${at} or seen_at <= ${at}::timestamptz - make_interval(mins => ${idleMinutes}))`.execute(
    database,
  );
}
