import { sql, type Transaction } from "kysely";
import type { Urgency } from "../shared/letter/letter.ts";
import type { Channel, LetterKind, LineStatus } from "../shared/letter/register-line.ts";
import type { Tables } from "../shared/letter/tables.ts";

/** What reading found in a letter; null: nothing that it would state. */
export interface TrayFacts {
  readonly letterNumber: string | null;
  readonly letterNumberPrinted: string | null;
  readonly letterDate: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly subject: string | null;
  readonly urgency: Urgency;
  readonly kind: LetterKind;
}

/** A file of a letter, with what is packed in it; shapes as in services/reading/reading.ts. */
export interface TrayFile {
  /** As the sender named it: to be escaped, never a path. */
  readonly name: string | null;
  readonly safeName: string;
  readonly contentType: string;
  readonly detectedType: string | null;
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
  readonly role: "main" | "enclosure" | "other";
  readonly marks: readonly string[];
  readonly inline: boolean;
  readonly members: readonly TrayFile[];
}

/** An arrival that waits for a clerk's decision. */
export interface TrayRow {
  readonly intakeId: string;
  readonly agencyId: string;
  readonly arrivedAt: Date;
  readonly channel: Channel;
  readonly unit: string | null;
  readonly senderAddress: string | null;
  readonly senderName: string | null;
  /** Name of the known agency that the address belongs to. */
  readonly senderAgency: string | null;
  /** How sure the sender is, and the verdicts of SPF, DKIM, DMARC and ARC that say so. */
  readonly standing: "unchecked" | "proved" | "unproved" | "forged" | "undecided";
  readonly senderCheck: Readonly<Record<string, unknown>>;
  readonly facts: TrayFacts;
  /** Field → where it was read and how surely, by the names that reading uses. */
  readonly sources: Readonly<Record<string, { readonly source: string; readonly confidence: number }>>;
  /** Facts on which the letter's sources disagree, by the names that reading uses: the clerk chooses. */
  readonly conflicts: readonly {
    readonly field: string;
    readonly values: readonly {
      readonly value: string;
      readonly source: string;
      readonly confidence: number;
    }[];
  }[];
  readonly problems: readonly string[];
  /** What the virus scanner said: {state, signature, at}; empty without a scanner. */
  readonly scan: Readonly<Record<string, unknown>>;
  readonly attachments: readonly TrayFile[];
  readonly outcome: "triage" | "possible-duplicate";
  readonly reason: string;
  readonly earlierIntakeId: string | null;
  /** Where the letter that it may be a copy of stands in a book. */
  readonly earlierLine: {
    readonly bookId: string;
    readonly year: number;
    readonly number: number;
    readonly status: LineStatus;
    readonly letterNumber: string | null;
    readonly letterDate: string | null;
    readonly from: string | null;
    readonly subject: string | null;
  } | null;
}

const ROW = sql`
  i.id as "intakeId", i.agency_id as "agencyId", i.arrived_at as "arrivedAt", i.door as channel, i.unit,
  r.sender_address as "senderAddress", r.sender_name as "senderName", r.sender_agency as "senderAgency",
  jsonb_build_object('letterNumber', r.number, 'letterNumberPrinted', r.number_printed, 'letterDate', r.letter_date,
    'from', r.letter_from, 'to', r.letter_to, 'subject', r.subject, 'urgency', r.urgency, 'kind', r.letter_kind) as facts,
  r.standing, r.sender_check as "senderCheck", r.sources, r.conflicts, r.problems, r.scan, r.attachments, o.outcome, o.reason, o.earlier_intake_id as "earlierIntakeId",
  case when l.number is not null then jsonb_build_object('bookId', l.book_id, 'year', l.year, 'number', l.number,
    'status', l.status, 'letterNumber', l.letter_number, 'letterDate', l.letter_date, 'from', l.letter_from,
    'subject', l.subject) end as "earlierLine"`;

// A letter that is marked as classified never comes into the tray; should one get here all the same, this hides it.
const FROM = sql`
  outcome o join intake i on i.id = o.intake_id and i.agency_id = o.agency_id
    join reading r on r.intake_id = o.intake_id and r.agency_id = o.agency_id and r.secrecy = 'normal'
    left join register_line l on l.intake_id = o.earlier_intake_id`;

/** Most urgent first. */
const WEIGHT = sql`array_position(array['most-urgent', 'very-urgent', 'urgent', 'normal'], r.urgency)`;

export interface TrayPage {
  readonly total: number;
  readonly rows: readonly TrayRow[];
}

/**
 * The open tray of an agency: most urgent first, then the oldest. @param after the arrival after which the page begins,
 * decided on meanwhile or not; null for the first page
 */
export async function readTray(
  transaction: Transaction<Tables>,
  agencyId: string,
  after: string | null,
  limit: number,
): Promise<TrayPage> {
  const { rows } = await sql<{ intakeId: string; weight: number; total: number }>`
    with undecided as materialized (
      select intake_id from tray_lying where agency_id = ${agencyId}),
    place as not materialized (select ${WEIGHT} as weight, i.arrived_at, i.id, r.secrecy
      from reading r join intake i on i.id = r.intake_id and i.agency_id = r.agency_id),
    lying as (select p.* from undecided u join place p on p.id = u.intake_id where p.secrecy = 'normal')
    select n.total, p.id as "intakeId" from (select count(*) as total from lying) n
      left join lateral (
        select * from lying
         where ${after}::uuid is null or (weight, arrived_at, id) > (select weight, arrived_at, id from place where id = ${after})
         order by weight, arrived_at, id limit ${limit}) p on true`.execute(transaction);
  const ids = rows.map(({ intakeId }) => intakeId).filter((id) => id !== null);
  return { total: rows[0]?.total ?? 0, rows: await readRows(transaction, ids) };
}

async function readRows(transaction: Transaction<Tables>, intakeIds: readonly string[]): Promise<TrayRow[]> {
  if (intakeIds.length === 0) return [];
  const { rows } = await sql<TrayRow>`
    select ${ROW} from ${FROM} where o.intake_id = any (${intakeIds}::uuid[])
     order by array_position(${intakeIds}::uuid[], o.intake_id)`.execute(transaction);
  return rows;
}

/** One arrival that lies, or lay, in the tray, with all that is known of it. */
export interface TrayLetter extends TrayRow {
  readonly mailFrom: string;
  readonly recipients: readonly string[];
  readonly messageId: string | null;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** อ้างถึง, as read. */
  readonly citations: readonly {
    readonly printed: string;
    readonly number: string | null;
    readonly date: string | null;
  }[];
  readonly enclosures: readonly string[];
  readonly decision: {
    readonly decision: "registered" | "rejected" | "invalid" | "not-a-letter" | "merged";
    readonly reason: string;
    readonly earlierIntakeId: string | null;
    readonly decidedBy: string;
    readonly decidedAt: string;
    readonly actId: string;
  } | null;
}

export async function readTrayLetter(
  transaction: Transaction<Tables>,
  intakeId: string,
): Promise<TrayLetter | undefined> {
  const { rows } = await sql<TrayLetter>`
    select ${ROW}, i.mail_from as "mailFrom", i.recipients, r.message_id as "messageId", i.size_bytes as "sizeBytes", i.sha256,
           r.citations, r.enclosures,
           case when t.decision is not null then jsonb_build_object('decision', t.decision, 'reason', t.reason,
             'earlierIntakeId', t.earlier_intake_id, 'decidedBy', t.decided_by, 'decidedAt', t.decided_at,
             'actId', t.act_id) end as decision
      from ${FROM} left join tray_decision t on t.intake_id = o.intake_id
     where o.intake_id = ${intakeId} and o.outcome in ('triage', 'possible-duplicate')`.execute(transaction);
  return rows[0];
}

/** Records that somebody has looked into the tray: the proof of the mailbox check (Annex 7). */
export async function recordOpening(
  transaction: Transaction<Tables>,
  agencyId: string,
  openedAt: Date,
  openedBy: string,
): Promise<void> {
  await transaction
    .insertInto("tray_opening")
    .values({ agency_id: agencyId, opened_at: openedAt, opened_by: openedBy })
    .execute();
}
