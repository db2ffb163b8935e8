import { sql, type Transaction } from "kysely";
import type { Standing } from "../shared/letter/sender-rules.ts";
import type { ClockState, Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { SendResult } from "./mail-transport.ts";
import type { NoticeFacts } from "./receipt.ts";

/** copy: the acknowledgement of the same letter's first arrival once more; alert: to a person of the agency. */
export type NoticeKind = "acknowledgement" | "copy" | "refusal" | "rejection" | "alert";

/** A promised message and how far it got. */
export interface Notice {
  readonly id: string;
  readonly kind: NoticeKind;
  readonly recipient: string;
  readonly messageId: string;
  readonly facts: NoticeFacts;
  readonly madeAt: Date;
  readonly state: "due" | "delivered" | "failed" | "withheld";
  readonly attempts: number;
  /** When it was first tried to be sent; null before. */
  readonly firstAttemptAt: Date | null;
  /** The last try, and what came of it; null before the first. */
  readonly lastAttemptAt: Date | null;
  readonly lastResult: SendResult["result"] | null;
  /** Message-ID, with angle brackets, of the message that it answers; null for an alert. */
  readonly answersTo: string | null;
}

/** A notice as it is promised. */
export type NewNotice = Pick<Notice, "id" | "kind" | "recipient" | "messageId" | "facts" | "state">;

/** What a notice is made from. */
export interface NoticeSubject {
  readonly mailFrom: string;
  readonly arrivedAt: Date;
  readonly arrivedClock: ClockState;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly unit: string | null;
  readonly messageId: string | null;
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
  /** The arrival that this one repeats. */
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
  readonly entry: {
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
  } | null;
  /** How a clerk decided on it in the tray; null when none had to. */
  readonly decision: { readonly decision: string; readonly reason: string } | null;
}

export async function readSubject(
  transaction: Transaction<Tables>,
  intakeId: string,
): Promise<NoticeSubject | undefined> {
  const { rows } = await sql<NoticeSubject>`
    select i.mail_from as "mailFrom", i.arrived_at as "arrivedAt", i.clock as "arrivedClock", i.sha256,
           i.size_bytes as "sizeBytes", i.unit, r.message_id as "messageId", r.sender_address as "senderAddress",
           r.sender_agency as "senderAgency", coalesce(r.problems, '{}') as problems, coalesce(r.standing, 'unchecked') as standing,
           coalesce(r.sender_check->'dmarc'->>'result' = 'fail', false) as "dmarcFailed",
           o.outcome, o.reason as "outcomeReason", o.earlier_intake_id as "earlierIntakeId", q.keep_until as "keepUntil",
           a.contacts, a.id as "agencyId", a.name_th as "nameThai",
           a.name_en as "nameEnglish", a.domain, a.mailbox, a.receiver_name as "receiverName",
           case when e.number is not null then jsonb_build_object('bookId', e.book_id, 'year', e.year, 'number', e.number,
             'registeredAt', e.registered_at, 'clock', e.clock, 'letterNumber', e.letter_number,
             'letterNumberPrinted', e.letter_number_printed, 'letterDate', e.letter_date,
             'deemedReceivedAt', e.deemed_received_at, 'registeredByName', e.registered_by_name) end as entry,
           case when t.decision is not null then jsonb_build_object('decision', t.decision, 'reason', t.reason) end as decision
      from intake i join agency a on a.id = i.agency_id
      left join reading r on r.intake_id = i.id left join entry e on e.intake_id = i.id
      left join tray_decision t on t.intake_id = i.id left join outcome o on o.intake_id = i.id
      left join quarantine q on q.intake_id = i.id
     where i.id = ${intakeId}`.execute(transaction);
  return rows[0];
}

/** The notices of an arrival, in the order in which they were promised. */
export async function findNotices(transaction: Transaction<Tables>, intakeId: string): Promise<Notice[]> {
  const { rows } = await sql<Notice>`
    select n.id, n.kind, n.recipient, n.message_id as "messageId", n.facts, n.made_at as "madeAt", n.state,
           coalesce(d.attempts, 0)::integer as attempts, d.first as "firstAttemptAt", last.ended_at as "lastAttemptAt",
           last.result as "lastResult",
           case n.kind when 'copy' then r.message_id else n.facts #>> '{message,messageId}' end as "answersTo"
      from notice n
      left join reading r on r.intake_id = n.intake_id
      left join lateral (select count(*) as attempts, min(started_at) as first from delivery_attempt where notice_id = n.id) d on true
      left join lateral (select ended_at, result from delivery_attempt where notice_id = n.id order by id desc limit 1) last on true
     where n.intake_id = ${intakeId} order by n.made_at, n.id`.execute(transaction);
  return rows;
}

/** Promises a message: the same arrival gets the same notice however often this runs. */
export async function insertNotice(
  transaction: Transaction<Tables>,
  agencyId: string,
  intakeId: string,
  notice: NewNotice,
  stamp: Stamp,
  reason: string,
): Promise<void> {
  await transaction
    .insertInto("notice")
    .values({
      id: notice.id,
      agency_id: agencyId,
      intake_id: intakeId,
      kind: notice.kind,
      recipient: notice.recipient,
      message_id: notice.messageId,
      facts: JSON.stringify(notice.facts),
      made_at: stamp.at,
      clock: JSON.stringify(stamp.clock),
      state: notice.state,
      reason,
      settled_at: notice.state === "due" ? null : stamp.at,
    })
    .onConflict((conflict) => conflict.columns(["intake_id", "kind"]).doNothing())
    .execute();
}

export async function insertAttempt(
  transaction: Transaction<Tables>,
  agencyId: string,
  noticeId: string,
  channel: string,
  times: { readonly startedAt: Date; readonly endedAt: Date },
  { result, reply }: SendResult,
): Promise<void> {
  await transaction
    .insertInto("delivery_attempt")
    .values({
      agency_id: agencyId,
      notice_id: noticeId,
      channel,
      started_at: times.startedAt,
      ended_at: times.endedAt,
      result,
      reply,
    })
    .execute();
}

export async function settleNotice(
  transaction: Transaction<Tables>,
  noticeId: string,
  state: "delivered" | "failed",
  reason: string,
  at: Date,
): Promise<void> {
  await transaction
    .updateTable("notice")
    .set({ state, reason, settled_at: at })
    .where("id", "=", noticeId)
    .where("state", "=", "due") // what another worker has settled meanwhile stands
    .execute();
}

/** How many alerts an agency's persons were sent in the hour before. */
export async function alertsOfLastHour(
  transaction: Transaction<Tables>,
  agencyId: string,
  at: Date,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from notice where agency_id = ${agencyId} and kind = 'alert' and state <> 'withheld'
       and made_at > ${at}::timestamptz - interval '1 hour'`.execute(transaction);
  return rows[0]?.count ?? 0;
}

/** A notice that was given up or refused for good. */
export interface FailedNotice {
  readonly letterId: string;
  readonly agencyId: string;
  /** Empty for an alert: whom the agency has told of it would tell what the letter was. */
  readonly recipient: string;
  readonly reason: string;
  readonly settledAt: Date | null;
}

export async function listFailedNotices(transaction: Transaction<Tables>): Promise<FailedNotice[]> {
  const { rows } = await sql<FailedNotice>`
    select intake_id as "letterId", agency_id as "agencyId",
           case kind when 'alert' then '' else recipient end as recipient, reason, settled_at as "settledAt"
      from notice where state = 'failed' order by settled_at limit 1000`.execute(transaction);
  return rows;
}

/** Has failed notices sent again, the same messages as before. @param letterIds null for all. @returns how many */
export async function retryNotices(
  transaction: Transaction<Tables>,
  letterIds: readonly string[] | null,
): Promise<number> {
  const { rows } = await sql`
    with again as (update notice set state = 'due', reason = '', settled_at = null
      where state = 'failed' and (${letterIds}::uuid[] is null or intake_id = any (${letterIds}::uuid[]))
      returning intake_id, agency_id)
    insert into outbox (job, agency_id, subject_id, work_key)
      select distinct 'notify-sender', agency_id, intake_id, intake_id::text from again
      on conflict (job, subject_id, agency_id) do nothing returning subject_id`.execute(transaction);
  return rows.length;
}
