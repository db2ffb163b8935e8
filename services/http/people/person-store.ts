import { type Kysely, sql } from "kysely";
import type { Appointment, Right } from "../../shared/access/actor.ts";
import type { Tables } from "../../shared/letter/tables.ts";

/** A person as an administrator sees it; of passwords and secrets nothing but that they are there. */
export interface PersonRow {
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  readonly active: boolean;
  readonly oidcIssuer: string | null;
  readonly oidcSubject: string | null;
  readonly madeAt: Date;
  readonly madeBy: string;
  readonly hasPassword: boolean;
  readonly mustChangePassword: boolean;
  readonly hasSecondFactor: boolean;
  readonly lastSignInAt: Date | null;
  /** All that were ever made, the newest first. */
  readonly appointments: readonly AppointmentRow[];
}

export interface AppointmentRow extends Appointment {
  readonly id: string;
  readonly orderNumber: string;
  /** ISO, C.E. */
  readonly orderDate: string;
  readonly fromAt: string;
  readonly untilAt: string | null;
  readonly endedAt: string | null;
  readonly endReason: string | null;
  readonly inForce: boolean;
}

const PERSON = sql`
  p.id, p.name, p.email, p.active, p.oidc_issuer as "oidcIssuer", p.oidc_subject as "oidcSubject", p.made_at as "madeAt",
  p.made_by as "madeBy", w.person_id is not null as "hasPassword", coalesce(w.must_change, false) as "mustChangePassword",
  exists (select from person_totp t where t.person_id = p.id and t.confirmed_at is not null) as "hasSecondFactor",
  (select max(s.made_at) from session s where s.person_id = p.id) as "lastSignInAt",
  (select coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'right', a."right", 'agencyId', a.agency_id, 'unit', a.unit,
        'level', a.level, 'orderNumber', a.order_number, 'orderDate', a.order_date, 'fromAt', a.from_at, 'untilAt', a.until_at,
        'endedAt', a.ended_at, 'endReason', a.end_reason,
        'inForce', p.active and a.ended_at is null and a.from_at <= now() and (a.until_at is null or a.until_at > now()))
      order by a.made_at desc, a.id desc), '[]') from appointment a where a.person_id = p.id) as appointments
  from person p left join person_password w on w.person_id = p.id`;

export async function findPerson(database: Kysely<Tables>, id: string): Promise<PersonRow | undefined> {
  const { rows } = await sql<PersonRow>`select ${PERSON} where p.id = ${id}`.execute(database);
  return rows[0];
}

/**
 * By id.
 * @param agencies null: all people; else those who are or were appointed for one of them, and those who never were for any
 */
export async function listPeople(
  database: Kysely<Tables>,
  agencies: readonly string[] | null,
  after: string,
  limit: number,
): Promise<PersonRow[]> {
  const { rows } = await sql<PersonRow>`
    select ${PERSON}
     where p.id > ${after} and (${agencies}::text[] is null
        or exists (select from appointment a where a.person_id = p.id and a.agency_id = any (${agencies}))
        or not exists (select from appointment a where a.person_id = p.id))
     order by p.id limit ${limit}`.execute(database);
  return rows;
}

export async function hasAnyPerson(database: Kysely<Tables>): Promise<boolean> {
  const { rows } = await sql`select from person limit 1`.execute(database);
  return rows.length > 0;
}

export interface NewPerson {
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  readonly oidc: { readonly issuer: string; readonly subject: string } | null;
}

/** @returns false when the id is in use, be it by a clerk's token: acts are signed with it for ever */
export async function insertPerson(
  transaction: Kysely<Tables>,
  { id, name, email, oidc }: NewPerson,
  madeAt: Date,
  madeBy: string,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into person (id, name, email, oidc_issuer, oidc_subject, made_at, made_by)
      values (${id}, ${name}, ${email}, ${oidc?.issuer ?? null}, ${oidc?.subject ?? null}, ${madeAt}, ${madeBy})
      on conflict (id) do nothing`.execute(transaction);
  return numAffectedRows === 1n;
}

export interface PersonChange {
  readonly name?: string;
  readonly email?: string | null;
  readonly active?: boolean;
  readonly oidc?: { readonly issuer: string; readonly subject: string } | null;
}

/** What is not named stays. */
export async function updatePerson(
  transaction: Kysely<Tables>,
  id: string,
  { name, email, active, oidc }: PersonChange,
): Promise<void> {
  await sql`
    update person set name = coalesce(${name ?? null}, name), active = coalesce(${active ?? null}, active),
        email = case when ${email !== undefined} then ${email ?? null} else email end,
        oidc_issuer = case when ${oidc !== undefined} then ${oidc?.issuer ?? null} else oidc_issuer end,
        oidc_subject = case when ${oidc !== undefined} then ${oidc?.subject ?? null} else oidc_subject end
     where id = ${id}`.execute(transaction);
}

export interface NewAppointment {
  readonly id: string;
  readonly personId: string;
  readonly right: Right;
  readonly agencyId: string | null;
  readonly unit: string | null;
  readonly level: "confidential" | "secret" | null;
  readonly orderNumber: string;
  readonly orderDate: string;
  readonly fromAt: Date;
  readonly untilAt: Date | null;
}

export async function insertAppointment(
  transaction: Kysely<Tables>,
  appointment: NewAppointment,
  madeAt: Date,
  madeBy: string,
): Promise<void> {
  const { id, personId, right, agencyId, unit, level, orderNumber, orderDate, fromAt, untilAt } = appointment;
  await sql`
    insert into appointment (id, person_id, agency_id, unit, "right", level, order_number, order_date, from_at, until_at, made_at, made_by)
      values (${id}, ${personId}, ${agencyId}, ${unit}, ${right}, ${level}, ${orderNumber}, ${orderDate}, ${fromAt}, ${untilAt},
        ${madeAt}, ${madeBy})`.execute(transaction);
}

export interface FoundAppointment extends Appointment {
  readonly personId: string;
  readonly endedAt: Date | null;
}

export async function findAppointment(
  database: Kysely<Tables>,
  id: string,
): Promise<FoundAppointment | undefined> {
  const { rows } = await sql<FoundAppointment>`
    select person_id as "personId", "right", agency_id as "agencyId", unit, level, ended_at as "endedAt"
      from appointment where id = ${id}`.execute(database);
  return rows[0];
}

/** @returns false when it has ended before */
export async function endAppointment(
  transaction: Kysely<Tables>,
  id: string,
  endedAt: Date,
  endedBy: string,
  reason: string,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update appointment set ended_at = ${endedAt}, ended_by = ${endedBy}, end_reason = ${reason}
     where id = ${id} and ended_at is null`.execute(transaction);
  return numAffectedRows === 1n;
}

/** Ids of the agencies served here at present. */
export async function servedAgencies(database: Kysely<Tables>): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select id from agency where active order by id`.execute(
    database,
  );
  return rows.map(({ id }) => id);
}

/** What anybody would try who knows whose password it is (shared/access/proofs/password-policy.ts). */
export async function aboutPerson(database: Kysely<Tables>, id: string): Promise<string[]> {
  const { rows } = await sql<{ words: (string | null)[] }>`
    select array[p.id, p.name, split_part(p.email, '@', 1)] || array(
        select unnest(array[a.id, a.domain, a.name_th, a.name_en]) from agency a
         where a.id in (select agency_id from appointment where person_id = p.id)) as words
      from person p where p.id = ${id}`.execute(database);
  return (rows[0]?.words ?? []).filter((word) => word !== null);
}
