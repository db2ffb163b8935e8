import { sql, type Transaction } from "kysely";
import type { OutboundFacts, OutboundState } from "../shared/letter/outbound.ts";
import type { LineKey } from "../shared/letter/read-lines.ts";
import type { ClockState } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Kysely } from "../shared/runtime/database.ts";

/** An outbound letter as a list shows it. */
export interface OutboundRow {
  readonly letterId: string;
  readonly agencyId: string;
  readonly series: OutboundFacts["series"];
  readonly state: OutboundState;
  /** Raised with each change: who checks or signs off names the one that he has seen. */
  readonly version: number;
  readonly subject: string | null;
  readonly draftedBy: string;
  readonly draftedByName: string;
  readonly draftedAt: Date;
  /** Its line in the outbound book; null until it is numbered there. */
  readonly line: LineKey | null;
  /** client: a program of the agency has numbered it in a book of its own, and it was passed on. */
  readonly origin: "registry" | "client";
  /** ที่; null until it is numbered. */
  readonly letterNumber: string | null;
  readonly sentAt: Date | null;
  readonly recalledAt: Date | null;
  /** The letter that it takes the place of, and the one that takes its place. */
  readonly replaces: string | null;
  readonly replacedBy: string | null;
  readonly recipientCount: number;
  /** Of them, whose office has not answered since the letter was sent: neither proved nor noted by a clerk. */
  readonly unansweredCount: number;
}

const ROW = sql`
  l.id as "letterId", l.agency_id as "agencyId", l.series, l.state, l.version, coalesce(r.subject, l.facts ->> 'subject') as subject,
  l.drafted_by as "draftedBy", l.drafted_by_name as "draftedByName", l.drafted_at as "draftedAt",
  case when l.number is not null then jsonb_build_object('bookId', l.book_id, 'year', l.year, 'number', l.number) end as line,
  l.origin, r.letter_number as "letterNumber", l.sent_at as "sentAt", l.recalled_at as "recalledAt", l.replaces,
  (select b.id from outbound_letter b where b.replaces = l.id order by b.drafted_at desc limit 1) as "replacedBy",
  case when l.state = 'sent' then (select count(*) from outbound_recipient p where p.letter_id = l.id)
       else jsonb_array_length(coalesce(l.facts -> 'recipients', '[]')) end::int as "recipientCount",
  case when l.state = 'sent' then (select count(*) from unanswered_recipient u where u.letter_id = l.id) else 0 end::int as "unansweredCount"`;

const FROM = sql`outbound_letter l left join outbound_line r on r.letter_id = l.id`;

/**
 * Outbound letters of an agency, the newest first.
 * @param state null for all of them
 * @param after the letter after which the page begins; null for the first page
 */
export async function listOutbound(
  transaction: Transaction<Tables>,
  agencyId: string,
  state: OutboundState | null,
  after: string | null,
  limit: number,
): Promise<OutboundRow[]> {
  const place = after === null ? null : await placeInList(transaction, agencyId, after);
  if (place === undefined) return [];
  const older =
    place === null ? sql`` : sql`and (l.drafted_at, l.id) < (${place}::timestamptz, ${after}::uuid)`;
  const { rows } = await sql<OutboundRow>`
    select ${ROW} from ${FROM}
     where l.agency_id = ${agencyId} ${state === null ? sql`` : sql`and l.state = ${state}`} ${older}
     order by l.drafted_at desc, l.id desc limit ${limit}`.execute(transaction);
  return rows;
}

/** When a letter was drafted, in full precision: a Date has none finer than a millisecond. */
async function placeInList(
  transaction: Transaction<Tables>,
  agencyId: string,
  letterId: string,
): Promise<string | undefined> {
  const { rows } = await sql<{ at: string }>`
    select drafted_at::text as at from outbound_letter where id = ${letterId} and agency_id = ${agencyId}`.execute(
    transaction,
  );
  return rows[0]?.at;
}

/** The letter with all that it says. */
export interface OutboundInFull extends OutboundRow {
  readonly facts: OutboundFacts;
}

export async function readOutbound(
  transaction: Transaction<Tables>,
  letterId: string,
): Promise<OutboundInFull | undefined> {
  const { rows } = await sql<OutboundInFull>`
    select ${ROW}, l.facts from ${FROM} where l.id = ${letterId}`.execute(transaction);
  return rows[0];
}

/** The letter of our own that a line of an outbound book is of; most lines of old have none. */
export async function readOutboundOfLine(
  transaction: Transaction<Tables>,
  { bookId, year, number }: LineKey,
): Promise<OutboundRow | undefined> {
  const { rows } = await sql<OutboundRow>`
    select ${ROW} from ${FROM} where l.book_id = ${bookId} and l.year = ${year} and l.number = ${number}`.execute(
    transaction,
  );
  return rows[0];
}

/** What a person did with a letter. */
export interface OutboundEvent {
  /** The act's id. */
  readonly id: string;
  readonly what: string;
  readonly version: number;
  readonly recipientId: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly reason: string;
  readonly madeBy: string;
  readonly madeByName: string;
  readonly madeAt: Date;
  readonly clock: ClockState;
}

/** The newest events of a letter, at most so many, oldest of them first. */
export async function readOutboundEvents(
  transaction: Transaction<Tables>,
  letterId: string,
  most: number,
): Promise<OutboundEvent[]> {
  const { rows } = await sql<OutboundEvent>`
    select id, what, version, recipient_id as "recipientId", details, reason, made_by as "madeBy",
           made_by_name as "madeByName", made_at as "madeAt", clock
      from outbound_event where letter_id = ${letterId} order by event_no desc limit ${most}`.execute(
    transaction,
  );
  return rows.reverse();
}

/** A file of a letter: 1 is the letter itself. */
export interface OutboundFile {
  readonly no: number;
  readonly fileId: string;
  /** As it was sent (Annex 7); before that, as it was uploaded. */
  readonly name: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Files of a letter in their order: those that were sent, or are to be. */
export async function readOutboundFiles(
  transaction: Transaction<Tables>,
  letterId: string,
): Promise<OutboundFile[]> {
  const { rows } = await sql<OutboundFile>`
    with sent as (select f.no, f.file_id, f.name from outbound_file f where f.letter_id = ${letterId}),
    chosen as (
      select no, file_id, name from sent
      union all
      select given.no::int, given.id::uuid, null from outbound_letter l,
             jsonb_array_elements_text(coalesce(l.facts -> 'files', '[]')) with ordinality given (id, no)
       where l.id = ${letterId} and l.state <> 'sent')
    select c.no, u.id as "fileId", coalesce(c.name, u.name) as name, u.media_type as "mediaType", u.size_bytes as "sizeBytes", u.sha256
      from chosen c join uploaded_file u on u.id = c.file_id order by c.no`.execute(transaction);
  return rows;
}

/** Content of an uploaded file; null: it lies in the store under its SHA-256. */
export async function readUploadedContent(
  transaction: Transaction<Tables>,
  fileId: string,
): Promise<Buffer | null> {
  const row = await transaction
    .selectFrom("uploaded_file")
    .select("content")
    .where("id", "=", fileId)
    .executeTakeFirstOrThrow();
  return row.content;
}

/** The one of these agencies whose letter this is; undefined when it is none's. */
export async function agencyOfLetter(
  database: Kysely<Tables>,
  agencies: readonly string[],
  letterId: string,
): Promise<string | undefined> {
  const acting = { actor: "person:os", agencies } as const;
  return inTransaction(database, acting, async (transaction) => {
    const { rows } = await sql<{ agencyId: string }>`
      select agency_id as "agencyId" from outbound_letter where id = ${letterId}`.execute(transaction);
    return rows[0]?.agencyId;
  });
}
