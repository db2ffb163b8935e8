import { type Kysely, sql, type Transaction } from "kysely";
import { DEFAULT_OFFICE, type Office } from "../../shared/letter/office-hours.ts";
import { ANSWERS } from "../../shared/letter/outbound.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";

/** A recipient whose turn it is to be looked at, and what is known of the letter there. */
export interface WatchedRecipient {
  readonly recipientId: string;
  readonly letterId: string;
  readonly agencyId: string;
  /** Of the sending agency. */
  readonly office: Office;
  /** When the letter was sent to him, the last time; null while that cannot be told. */
  readonly since: Date | null;
  /**
   * By his system, or by himself as a clerk has noted; or the letter was given back. What anyone could have claimed is none:
   * else a stranger could end the watch.
   */
  readonly answered: boolean;
  /** It did not get there, which is another notice. */
  readonly failed: boolean;
  readonly warned: boolean;
  readonly escalated: boolean;
  /** Something has become of it that its owner has not been told. */
  readonly untold: boolean;
}

/** All agencies, also those that are served no more: their letters are still out. Public facts: no row-level security. */
export async function sendingAgencies(database: Kysely<Tables>): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select id from agency order by id`.execute(database);
  return rows.map(({ id }) => id);
}

/** What says that the letter is there, whenever it was said; refusals count only for the last time that it was sent. */
const IS_THERE = ["arrived", "registered", "handed-over", "corrected", "cancelled", "recall-accepted"];

/**
 * Takes those who are due, the longest waiting first, and locks them until the transaction ends: another process finds the
 * others. All recipients of one letter stand together, so that one notice tells of them.
 */
export async function claimWatched(
  transaction: Transaction<Tables>,
  at: Date,
  atMost: number,
): Promise<WatchedRecipient[]> {
  // In two steps: only with the ids at hand does the planner look the letters up one by one, however many there are.
  const { rows: claimed } = await sql<{ id: string }>`
    select recipient_id as id from recipient_watch where look_at <= ${at} order by look_at, letter_id, recipient_id
     limit ${atMost} for update skip locked`.execute(transaction);
  if (claimed.length === 0) return [];
  const { rows } = await sql<Omit<WatchedRecipient, "office"> & { office: Partial<Office> }>`
    select w.recipient_id as "recipientId", w.letter_id as "letterId", w.agency_id as "agencyId", a.office,
           greatest(l.sent_at, again.at) as since, known.answered or noted.answered as answered,
           known.failed, known.warned, known.escalated, known.untold
      from (select * from recipient_watch where recipient_id = any (${claimed.map(({ id }) => id)}::uuid[])) w
      join outbound_letter l on l.id = w.letter_id
      join agency a on a.id = w.agency_id
     cross join lateral (
       select max(made_at) as at from outbound_event
        where letter_id = w.letter_id and what = 'resent' and coalesce(recipient_id, w.recipient_id) = w.recipient_id) again
     cross join lateral (
       select count(*) > 0 as answered from outbound_event
        where letter_id = w.letter_id and what = 'answer-noted' and recipient_id = w.recipient_id
          and (again.at is null or made_at >= again.at)) noted
     cross join lateral (
       select coalesce(bool_or(e.what = any (${IS_THERE}) or e.what = any (${[...ANSWERS]}) and e.now), false) as answered,
              coalesce(bool_or(e.what = 'failed' and e.now), false) as failed,
              coalesce(bool_or(e.what = 'warned' and e.now), false) as warned,
              coalesce(bool_or(e.what = 'escalated' and e.now), false) as escalated,
              coalesce(bool_or(e.what in ('failed', 'warned', 'escalated') and e.now and not exists (
                select from notice n where n.letter_id = w.letter_id and n.kind = 'owner'
                   and n.facts @> jsonb_build_object('recipients', jsonb_build_array(jsonb_build_object('eventId', e.id))))), false) as untold
         from (select id, what, again.at is null or recorded_at >= again.at as now
                 from recipient_event where recipient_id = w.recipient_id and proof <> 'claim') e) known
     order by w.letter_id, w.recipient_id`.execute(transaction);
  return rows.map(({ office, ...row }) => ({ ...row, office: { ...DEFAULT_OFFICE, ...office } }));
}

/** A recipient of whom somebody has to be told. */
export interface Silence {
  readonly recipientId: string;
  readonly letterId: string;
  readonly agencyId: string;
  readonly what: "warned" | "escalated";
  readonly since: Date;
  /** How long was waited, in hours by the clock or of work. */
  readonly hours: number;
  /** Years (B.E.) whose holidays are not known: their hours were counted by the clock. */
  readonly missingYears: readonly number[];
}

/** Records silences, each once for each time that the letter was sent, whoever else has seen it. */
export async function insertSilences(
  transaction: Transaction<Tables>,
  silences: readonly Silence[],
  { at, clock }: Stamp,
): Promise<void> {
  if (silences.length === 0) return;
  const rows = silences.map(({ recipientId, letterId, agencyId, what, since, hours, missingYears }) => ({
    recipient_id: recipientId,
    letter_id: letterId,
    agency_id: agencyId,
    what,
    details: { since: since.toISOString(), hours, ...(missingYears.length > 0 ? { missingYears } : {}) },
  }));
  await sql`
    insert into recipient_event (recipient_id, letter_id, agency_id, what, source, proof, details, happened_at, recorded_at, clock)
      select recipient_id, letter_id, agency_id, what, 'watch', 'own', details, ${at}, ${at}, ${JSON.stringify(clock)}::jsonb
        from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
          as given (recipient_id uuid, letter_id uuid, agency_id text, what text, details jsonb)
       order by letter_id, recipient_id
      on conflict do nothing`.execute(transaction);
}

/** Sets when to look at a recipient again. */
export async function lookAgain(
  transaction: Transaction<Tables>,
  looks: readonly { readonly recipientId: string; readonly at: Date }[],
): Promise<void> {
  if (looks.length === 0) return;
  const rows = looks.map(({ recipientId, at }) => ({ recipient_id: recipientId, at }));
  await sql`
    update recipient_watch w set look_at = given.at
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given (recipient_id uuid, at timestamptz)
     where w.recipient_id = given.recipient_id`.execute(transaction);
}

/** Nobody has to be told of them any more. */
export async function watchNoMore(
  transaction: Transaction<Tables>,
  recipientIds: readonly string[],
): Promise<void> {
  if (recipientIds.length === 0) return;
  await sql`delete from recipient_watch where recipient_id = any (${recipientIds}::uuid[])`.execute(
    transaction,
  );
}
