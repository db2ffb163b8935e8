import { sql, type Transaction } from "kysely";
import type { Channel } from "../shared/letter/register-line.ts";
import type { Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Place } from "./act-store.ts";

export type ClosedLevel = "confidential" | "secret";

/** A classified arrival that waits for its number: all that the registry may know of it. */
export interface ClosedArrival {
  readonly intakeId: string;
  readonly arrivedAt: Date;
  readonly channel: Channel;
  readonly level: ClosedLevel;
  /** The program that handed it in, which alone hears of it; "" for one that another node gave: then nobody does. */
  readonly closedClient: string;
  /** Keyed hash of what the program sent (closed_letter.likeness). */
  readonly likeness: string;
}

/** The classified book's waiting arrivals in order of arrival, as waitingLetters has the others. */
export async function waitingClosed(
  transaction: Transaction<Tables>,
  bookId: string,
  limit: number,
  onlyIntakeId?: string,
): Promise<ClosedArrival[]> {
  const { rows } = await sql<ClosedArrival>`
    with due as materialized (
      select subject_id, agency_id, arrival_seq from outbox
       where job = 'register-closed' and work_key = ${bookId} and failed_at is null
         and (not_before is null or not_before <= now())
         ${onlyIntakeId === undefined ? sql`` : sql`and subject_id = ${onlyIntakeId}`}
       order by arrival_seq limit ${limit})
    select i.id as "intakeId", i.arrived_at as "arrivedAt", i.door as channel, l.level_at_birth as level,
           coalesce(i.client_id, '') as "closedClient", encode(l.likeness, 'hex') as likeness
      from due w
     cross join lateral (select * from intake where id = w.subject_id and agency_id = w.agency_id limit 1) i
     cross join lateral (select level_at_birth, likeness from closed_letter where intake_id = w.subject_id limit 1) l
     order by w.arrival_seq`.execute(transaction);
  return rows;
}

/**
 * Which of these requests stand in the book already, and are not cancelled there. Run under the book's lock.
 * @returns likeness → the arrival that has the number
 */
export async function findLike(
  transaction: Transaction<Tables>,
  agencyId: string,
  arrivals: readonly Pick<ClosedArrival, "likeness">[],
): Promise<Map<string, string>> {
  const { rows } = await sql<{ likeness: string; intakeId: string }>`
    select given.likeness, first.intake_id as "intakeId"
      from unnest(${arrivals.map(({ likeness }) => likeness)}::text[]) as given (likeness)
     cross join lateral (
       select l.intake_id from closed_letter l join entry e on e.intake_id = l.intake_id
        where l.agency_id = ${agencyId} and l.likeness = decode(given.likeness, 'hex')
          and not exists (select from entry_event h where h.book_id = e.book_id and h.year = e.year and h.number = e.number
                             and h.what = 'cancelled')
        order by e.registered_at limit 1) first`.execute(transaction);
  return new Map(rows.map(({ likeness, intakeId }) => [likeness, intakeId]));
}

/** What became of a classified arrival. */
export interface ClosedOutcome {
  readonly arrival: ClosedArrival;
  readonly outcome: "registered" | "duplicate";
  readonly earlierIntakeId: string | null;
}

export async function insertClosedOutcomes(
  transaction: Transaction<Tables>,
  agencyId: string,
  decided: readonly ClosedOutcome[],
  { at, clock }: Stamp,
  decidedBy: string,
): Promise<void> {
  const rows = decided.map(({ arrival, outcome, earlierIntakeId }) => ({
    intake_id: arrival.intakeId,
    outcome,
    reason: outcome === "duplicate" ? "same-message" : "closed",
    earlier_intake_id: earlierIntakeId,
    closed_client: arrival.closedClient,
  }));
  await sql`
    insert into outcome (intake_id, agency_id, outcome, reason, earlier_intake_id, closed_client, decided_at, clock, decided_by)
      select intake_id, ${agencyId}, outcome, reason, earlier_intake_id, closed_client, ${at}, ${JSON.stringify(clock)}::jsonb, ${decidedBy}
        from jsonb_populate_recordset(null::outcome, ${JSON.stringify(rows)}::jsonb)`.execute(transaction);
}

/** A classified letter that a registrar has written in by hand: its level and direction, and no word. */
export interface WrittenIn {
  readonly level: ClosedLevel;
  readonly direction: "inbound" | "outbound";
}

/** The letter that an appointed person has sealed with this act. Nobody else can have written such a row. */
export async function readWrittenIn(
  transaction: Transaction<Tables>,
  { id, agencyId }: { readonly id: string; readonly agencyId: string },
): Promise<WrittenIn | undefined> {
  const { rows } = await sql<WrittenIn>`
    select level_at_birth as level, direction from closed_letter where act_id = ${id} and agency_id = ${agencyId}`.execute(
    transaction,
  );
  return rows[0];
}

/** The level of a line of a classified book; undefined where there is none. */
export async function levelOfLine(
  transaction: Transaction<Tables>,
  { bookId, year, number }: Place,
): Promise<ClosedLevel | undefined> {
  const { rows } = await sql<{ secrecy: ClosedLevel }>`
    select secrecy from entry where book_id = ${bookId} and year = ${year} and number = ${number}`.execute(
    transaction,
  );
  return rows[0]?.secrecy;
}

/**
 * Whether somebody is appointed, now, to keep the agency's classified letters of this level: a registrar of secret information
 * or his assistant (Annex 6 §2.1.2). A clerk's token is nobody of whom there is an order.
 */
export async function isAppointed(
  transaction: Transaction<Tables>,
  { agencyId, madeBy }: { readonly agencyId: string; readonly madeBy: string },
  level: ClosedLevel,
): Promise<boolean> {
  const { rows } = await sql`
    select from appointment_in_force a
     where 'person:' || a.person_id = ${madeBy} and a.agency_id = ${agencyId} and a."right" like 'classified-%'
       and level_rank(a.level) >= level_rank(${level}) limit 1`.execute(transaction);
  return rows.length > 0;
}
