import { type Insertable, sql, type Transaction } from "kysely";
import type { Act } from "../../shared/letter/act.ts";
import type { OutboundFacts, OutboundState } from "../../shared/letter/outbound.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Place } from "../act-store.ts";

/** A letter of our own as it stands now. */
export interface OutboundLetter {
  readonly id: string;
  readonly series: OutboundFacts["series"];
  readonly state: OutboundState;
  readonly version: number;
  readonly facts: OutboundFacts;
  readonly draftedBy: string;
  /** Its line in the book; null until it is numbered. */
  readonly place: Place | null;
  readonly recalledAt: Date | null;
}

const COLUMNS = sql`id, series, state, version, facts, drafted_by as "draftedBy", recalled_at as "recalledAt",
  case when number is not null then jsonb_build_object('bookId', book_id, 'year', year, 'number', number) end as place`;

export async function readLetter(
  transaction: Transaction<Tables>,
  letterId: string,
): Promise<OutboundLetter | undefined> {
  const { rows } = await sql<OutboundLetter>`
    select ${COLUMNS} from outbound_letter where id = ${letterId}`.execute(transaction);
  return rows[0];
}

/**
 * Holds the letter until the transaction ends: who comes second sees what the first one has done. "no key": whoever writes a
 * row that names the letter (a notice, while its job's row is locked, for which handOn waits) is not held up by it; with the
 * stronger lock that would be a deadlock.
 */
export async function lockLetter(
  transaction: Transaction<Tables>,
  letterId: string,
): Promise<OutboundLetter | undefined> {
  const { rows } = await sql<OutboundLetter>`
    select ${COLUMNS} from outbound_letter where id = ${letterId} for no key update`.execute(transaction);
  return rows[0];
}

/** The letter that a line of the book is of; most lines have none. */
export async function lockLetterOfLine(
  transaction: Transaction<Tables>,
  { bookId, year, number }: Place,
): Promise<OutboundLetter | undefined> {
  const { rows } = await sql<OutboundLetter>`
    select ${COLUMNS} from outbound_letter where book_id = ${bookId} and year = ${year} and number = ${number} for no key update`.execute(
    transaction,
  );
  return rows[0];
}

/** @returns false when somebody else has just drafted a letter with this id */
export async function insertLetter(
  transaction: Transaction<Tables>,
  act: Act,
  facts: OutboundFacts,
  { at }: Stamp,
): Promise<boolean> {
  return insertRow(transaction, {
    ...columnsOf(act, facts, at),
    state: "draft",
    replaces: facts.replaces ?? null,
  });
}

/**
 * A letter that a client has numbered in its own book: it is sent from the first moment, and stands in no book of ours.
 * @returns false when there is a letter with this id
 */
export async function insertPassedOn(
  transaction: Transaction<Tables>,
  act: Act,
  facts: OutboundFacts,
  number: { readonly canonical: string; readonly printed: string },
  { at }: Stamp,
): Promise<boolean> {
  return insertRow(transaction, {
    ...columnsOf(act, facts, at),
    state: "sent",
    sent_at: at,
    origin: "client",
    client_number: number.canonical,
    client_number_printed: number.printed,
  });
}

/** What every new letter has, whoever has numbered it. */
function columnsOf({ letterId, agencyId, madeBy, madeByName }: Act, facts: OutboundFacts, at: Date) {
  return {
    id: letterId as string,
    agency_id: agencyId,
    series: facts.series,
    version: 1,
    facts: JSON.stringify(facts),
    drafted_by: madeBy,
    drafted_by_name: madeByName,
    drafted_at: at,
  };
}

async function insertRow(
  transaction: Transaction<Tables>,
  row: Insertable<Tables["outbound_letter"]>,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await transaction
    .insertInto("outbound_letter")
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** What changes in a letter; what is left out stays. */
export interface LetterChange {
  readonly state?: OutboundState;
  readonly version?: number;
  readonly facts?: OutboundFacts;
  readonly place?: Place;
  readonly sentAt?: Date;
  readonly recalledAt?: Date;
}

export async function updateLetter(
  transaction: Transaction<Tables>,
  letterId: string,
  { state, version, facts, place, sentAt, recalledAt }: LetterChange,
): Promise<void> {
  await transaction
    .updateTable("outbound_letter")
    .set({
      ...(state === undefined ? {} : { state }),
      ...(version === undefined ? {} : { version }),
      ...(facts === undefined
        ? {}
        : { facts: JSON.stringify(facts), series: facts.series, replaces: facts.replaces ?? null }),
      ...(place === undefined ? {} : { book_id: place.bookId, year: place.year, number: place.number }),
      ...(sentAt === undefined ? {} : { sent_at: sentAt }),
      ...(recalledAt === undefined ? {} : { recalled_at: recalledAt }),
    })
    .where("id", "=", letterId)
    .execute();
}

/** Something that a person did with a letter. */
export interface LetterEvent {
  readonly what:
    | "drafted"
    | "changed"
    | "checked"
    | "returned"
    | "approved"
    | "sent"
    | "resent"
    | "recall-requested"
    | "withdrawn"
    | "answer-noted";
  /** The letter's, after it. */
  readonly version: number;
  readonly recipientId?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * Writes the next event of a letter, with the act's id; its time never falls. Run under the letter's lock.
 * @returns the time that it carries
 */
export async function insertLetterEvent(
  transaction: Transaction<Tables>,
  act: Act,
  letterId: string,
  { what, version, recipientId, details = {} }: LetterEvent,
  { at, clock }: Stamp,
): Promise<Date> {
  const { rows } = await sql<{ madeAt: Date }>`
    with last as (select event_no, made_at from outbound_event where letter_id = ${letterId} order by event_no desc limit 1)
    insert into outbound_event (id, letter_id, agency_id, event_no, what, version, recipient_id, details, reason, made_by,
        made_by_name, made_at, clock)
      select ${act.id}, ${letterId}, ${act.agencyId}, coalesce((select event_no from last), 0) + 1, ${what}, ${version},
             ${recipientId ?? null}, ${JSON.stringify(details)}::jsonb, ${act.reason}, ${act.madeBy}, ${act.madeByName},
             greatest(${at}::timestamptz, (select made_at from last)), ${JSON.stringify(clock)}::jsonb
      returning made_at as "madeAt"`.execute(transaction);
  return (rows[0] as { madeAt: Date }).madeAt;
}

/** Who drafted the letter or changed it last. Read after the lock, or the last change could be missed. */
export async function lastAuthor(transaction: Transaction<Tables>, letterId: string): Promise<string | null> {
  const row = await transaction
    .selectFrom("outbound_event")
    .select("made_by")
    .where("letter_id", "=", letterId)
    .where("what", "in", ["drafted", "changed"])
    .orderBy("event_no", "desc")
    .executeTakeFirst();
  return row?.made_by ?? null;
}

/** The version that was signed off; null before. */
export async function approvedVersion(
  transaction: Transaction<Tables>,
  letterId: string,
): Promise<number | null> {
  const row = await transaction
    .selectFrom("outbound_event")
    .select("version")
    .where("letter_id", "=", letterId)
    .where("what", "=", "approved")
    .executeTakeFirst();
  return row?.version ?? null;
}

/**
 * Whether somebody has the right to sign this letter of the agency off today: by a clerk's token, or by an appointment as approver
 * for the agency, or for the unit that the letter belongs to. @param id as in `person:ID`
 */
export async function hasRightToApprove(
  transaction: Transaction<Tables>,
  id: string,
  agencyId: string,
  letterId: string,
): Promise<boolean> {
  const { rows } = await sql`
    select from clerk where id = ${id} and active and 'approve' = any (rights)
    union all
    select from appointment_in_force
     where person_id = ${id} and "right" = 'approver' and agency_id = ${agencyId}
       and (unit is null or unit = (select o.unit from outbound_letter o where o.id = ${letterId}))`.execute(
    transaction,
  );
  return rows.length > 0;
}

/** Whether a program is one of the agency's own systems, and may send letters today. @param clientId as in `client:ID` */
export async function isOwnSendingClient(
  transaction: Transaction<Tables>,
  { id, domain }: { readonly id: string; readonly domain: string },
  clientId: string,
): Promise<boolean> {
  const { rows } = await sql`
    select from client where id = ${clientId} and agency_id = ${id} and sender_domain = ${domain} and active
       and 'send-outbound' = any (scopes)`.execute(transaction);
  return rows.length > 0;
}

/** Whether a program may send letters today. @param clientId as in `client:ID` */
export async function isSendingClient(transaction: Transaction<Tables>, clientId: string): Promise<boolean> {
  const { rows } = await sql`
    select from client where id = ${clientId} and active and 'send-outbound' = any (scopes)`.execute(
    transaction,
  );
  return rows.length > 0;
}
