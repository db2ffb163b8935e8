import { sql, type Transaction } from "kysely";
import type { Office } from "../shared/letter/office-hours.ts";
import type { Standing } from "../shared/letter/sender-rules.ts";
import type { ClockState } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";

/** Everything that decides which notices an arrival is owed, and what they say. */
export interface NoticeSubject {
  readonly intakeId: string;
  readonly mailFrom: string;
  /** How the letter came in. */
  readonly channel: string;
  /** The client that handed it in, and in whose name it came; null for mail, and for what was fetched from another node. */
  readonly clientId: string | null;
  /** Of a classified arrival: the program that handed it in, which alone hears of it; "" where no program did. Null for others. */
  readonly closedClient: string | null;
  readonly senderDomain: string | null;
  /** Whether the e-CMS node is known to which notifiers for its sender are posted: the sender's, or that which the agency uses. */
  readonly hasSendersNode: boolean;
  readonly hasOwnNode: boolean;
  /** Ten digits of the sender's office; null while the directory has none. */
  readonly senderOffice: string | null;
  readonly arrivedAt: Date;
  readonly arrivedClock: ClockState;
  /** Of the octets as they came; of a classified letter as they came too, before they were sealed. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly unit: string | null;
  readonly messageId: string | null;
  /** Over the letter's own contents (reading.letter_digest); null for what is marked as classified. */
  readonly contentsSha256: string | null;
  /** The header's From address, and the known agency that it belongs to. */
  readonly senderAddress: string | null;
  readonly senderAgency: string | null;
  readonly problems: readonly string[];
  /** How sure the sender is (reading.standing). */
  readonly standing: Standing;
  /** Whether DMARC failed: of a message that another server handed us that alone makes it no forgery. */
  readonly dmarcFailed: boolean;
  readonly outcome: string | null;
  readonly outcomeReason: string | null;
  /** The arrival that this one repeats, by its outcome. */
  readonly earlierIntakeId: string | null;
  /** Until when the copy of a refused letter is kept. */
  readonly keepUntil: Date | null;
  readonly contacts: { readonly classifiedRegistrar?: string; readonly clerk?: string };
  readonly agencyId: string;
  readonly nameThai: string;
  readonly nameEnglish: string;
  readonly domain: string;
  readonly mailbox: string;
  readonly receiverName: string;
  readonly office: Partial<Office>;
  /** Which receipts the agency gives besides those that everyone gets. */
  readonly receipts: { readonly handedOver?: boolean };
  readonly entry: SubjectEntry | null;
  /** What happened to the line after it was written, as far as its sender may hear of it; in order. */
  readonly events: readonly SubjectEvent[];
  /** How a clerk decided on it in the tray; null when none had to. */
  readonly decision: {
    readonly decision: string;
    readonly reason: string;
    readonly earlierIntakeId: string | null;
  } | null;
}

/** The line as it was written; corrections are events beside it. */
export interface SubjectEntry {
  readonly bookId: string;
  readonly year: number;
  readonly number: number;
  readonly registeredAt: string;
  readonly clock: ClockState;
  readonly letterNumber: string | null;
  readonly letterNumberPrinted: string | null;
  readonly letterDate: string | null;
  readonly deemedReceivedAt: string | null;
  /** The clerk who registered it; null when a rule did. */
  readonly registeredByName: string | null;
}

/** The facts of a line that a receipt states, and so may have to be corrected. */
export type StatedField = "letterNumber" | "letterNumberPrinted" | "letterDate";

export interface SubjectEvent {
  readonly id: string;
  readonly what: "corrected" | "cancelled" | "handed-over" | "recall-accepted" | "recall-refused";
  readonly changes: Partial<
    Readonly<Record<StatedField, { readonly old: string | null; readonly new: string | null }>>
  >;
  readonly reason: string;
  readonly madeAt: string;
  readonly details: { readonly officer?: string };
}

/** A correction counts when it changes what the receipt has stated; nothing else of the change is looked at. */
const EVENTS = sql`
  (select coalesce(jsonb_agg(jsonb_build_object('id', h.id, 'what', h.what, 'changes', c.changes, 'reason', h.reason,
            'madeAt', h.made_at, 'details', h.details) order by h.event_no), '[]')
     from entry_event h
     cross join lateral (select coalesce(jsonb_object_agg(key, value), '{}') as changes from jsonb_each(h.changes)
                          where key in ('letterNumber', 'letterNumberPrinted', 'letterDate')) c
    where h.book_id = e.book_id and h.year = e.year and h.number = e.number
      and (h.what in ('cancelled', 'handed-over', 'recall-accepted', 'recall-refused') or h.what = 'corrected' and c.changes <> '{}'))`;

export async function readSubject(
  transaction: Transaction<Tables>,
  intakeId: string,
): Promise<NoticeSubject | undefined> {
  const { rows } = await sql<NoticeSubject>`
    select i.id as "intakeId", i.mail_from as "mailFrom", i.door as channel, i.client_id as "clientId",
           i.sender_domain as "senderDomain", coalesce(p.ecms ? 'url', false) as "hasSendersNode", a.ecms ? 'node' as "hasOwnNode",
           p.organisation_id as "senderOffice", i.arrived_at as "arrivedAt", i.clock as "arrivedClock",
           case when i.closed_level is not null then coalesce(i.client_id, '') end as "closedClient",
           coalesce(c.handed_in_sha256, i.sha256) as sha256, coalesce(c.handed_in_bytes, i.size_bytes) as "sizeBytes", i.unit, r.message_id as "messageId", r.letter_digest as "contentsSha256",
           r.sender_address as "senderAddress",
           r.sender_agency as "senderAgency", coalesce(r.problems, '{}') as problems, coalesce(r.standing, 'unchecked') as standing,
           coalesce(r.sender_check->'dmarc'->>'result' = 'fail', false) as "dmarcFailed",
           o.outcome, o.reason as "outcomeReason", o.earlier_intake_id as "earlierIntakeId", q.keep_until as "keepUntil",
           a.contacts, a.id as "agencyId", a.name_th as "nameThai",
           a.name_en as "nameEnglish", a.domain, a.mailbox, a.receiver_name as "receiverName", a.office, a.receipts,
           case when e.number is not null then jsonb_build_object('bookId', e.book_id, 'year', e.year, 'number', e.number,
             'registeredAt', e.registered_at, 'clock', e.clock, 'letterNumber', e.letter_number,
             'letterNumberPrinted', e.letter_number_printed, 'letterDate', e.letter_date,
             'deemedReceivedAt', e.deemed_received_at, 'registeredByName', e.registered_by_name) end as entry,
           case when e.number is not null then ${EVENTS} else '[]' end as events,
           case when t.decision is not null then jsonb_build_object('decision', t.decision, 'reason', t.reason,
             'earlierIntakeId', t.earlier_intake_id) end as decision
      from intake i join agency a on a.id = i.agency_id
      left join closed_letter c on i.closed_level is not null and c.intake_id = i.id
      left join reading r on r.intake_id = i.id left join entry e on e.intake_id = i.id
      left join tray_decision t on t.intake_id = i.id left join outcome o on o.intake_id = i.id
      left join quarantine q on q.intake_id = i.id left join partner p on p.domain = i.sender_domain and p.active
     where i.id = ${intakeId}`.execute(transaction);
  return rows[0];
}

/** An arrival that has waited for its number for long. */
export interface WaitingArrival {
  readonly intakeId: string;
  readonly agencyId: string;
}

/**
 * Letters that still wait in a book after so long, whose senders have not heard that they arrived: not what reading has
 * found to be no letter or to be refused, nor a second copy of a message.
 * @param limit at most so many, those that wait longest first
 */
export async function findWaiting(
  transaction: Transaction<Tables>,
  afterSeconds: number,
  limit: number,
): Promise<readonly WaitingArrival[]> {
  const { rows } = await sql<WaitingArrival>`
    select w.subject_id as "intakeId", w.agency_id as "agencyId", w.created_at
      from outbox w join reading r on r.intake_id = w.subject_id
     where w.job = 'register-letter' and w.created_at < now() - make_interval(secs => ${afterSeconds})
       and r.verdict in ('ready', 'triage')
       and not exists (select from notice n where n.intake_id = w.subject_id and n.kind = 'arrival')
       and not exists (select from outbox t where t.job = 'tell-arrival' and t.subject_id = w.subject_id)
       and not exists (
         select from reading f join intake i on i.id = f.intake_id
          where f.content_digest = r.content_digest and f.agency_id = r.agency_id and f.intake_id <> r.intake_id
            and i.arrival_seq < w.arrival_seq)
    union all
    select w.subject_id, w.agency_id, w.created_at from outbox w
     where w.job = 'register-closed' and w.created_at < now() - make_interval(secs => ${afterSeconds})
       and not exists (select from notice n where n.intake_id = w.subject_id and n.kind = 'arrival')
       and not exists (select from outbox t where t.job = 'tell-arrival' and t.subject_id = w.subject_id)
     order by 3 limit ${limit}`.execute(transaction);
  return rows;
}
