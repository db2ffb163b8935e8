import { sql, type Transaction } from "kysely";
import type { ClockState, Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { SendResult } from "./mail-transport.ts";
import type { NoticeFacts } from "./receipt.ts";

export type NoticeKind = "acknowledgement" | "refusal" | "rejection";

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
}

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
           r.sender_agency as "senderAgency", coalesce(r.problems, '{}') as problems, a.id as "agencyId", a.name_th as "nameThai",
           a.name_en as "nameEnglish", a.domain, a.mailbox, a.receiver_name as "receiverName",
           case when e.number is not null then jsonb_build_object('bookId', e.book_id, 'year', e.year, 'number', e.number,
             'registeredAt', e.registered_at, 'clock', e.clock, 'letterNumber', e.letter_number,
             'letterNumberPrinted', e.letter_number_printed, 'letterDate', e.letter_date,
             'deemedReceivedAt', e.deemed_received_at, 'registeredByName', e.registered_by_name) end as entry,
           case when t.decision is not null then jsonb_build_object('decision', t.decision, 'reason', t.reason) end as decision
      from intake i join agency a on a.id = i.agency_id
      left join reading r on r.intake_id = i.id left join entry e on e.intake_id = i.id
      left join tray_decision t on t.intake_id = i.id
     where i.id = ${intakeId}`.execute(transaction);
  return rows[0];
}

export async function findNotice(
  transaction: Transaction<Tables>,
  intakeId: string,
): Promise<Notice | undefined> {
  const { rows } = await sql<Notice>`
    select n.id, n.kind, n.recipient, n.message_id as "messageId", n.facts, n.made_at as "madeAt", n.state,
           (select count(*) from delivery_attempt d where d.notice_id = n.id) as attempts,
           (select min(d.started_at) from delivery_attempt d where d.notice_id = n.id) as "firstAttemptAt"
      from notice n where n.intake_id = ${intakeId}`.execute(transaction);
  return rows[0];
}

/** Promises a message: the same arrival gets the same notice however often this runs. */
export async function insertNotice(
  transaction: Transaction<Tables>,
  agencyId: string,
  intakeId: string,
  notice: Omit<Notice, "attempts" | "firstAttemptAt" | "madeAt">,
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
    .onConflict((conflict) => conflict.columns(["intake_id"]).doNothing())
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

/** A notice that was given up or refused for good. */
export interface FailedNotice {
  readonly letterId: string;
  readonly agencyId: string;
  readonly recipient: string;
  readonly reason: string;
  readonly settledAt: Date | null;
}

export async function listFailedNotices(transaction: Transaction<Tables>): Promise<FailedNotice[]> {
  const { rows } = await sql<FailedNotice>`
    select intake_id as "letterId", agency_id as "agencyId", recipient, reason, settled_at as "settledAt"
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
      select 'notify-sender', agency_id, intake_id, intake_id::text from again
      on conflict (job, subject_id, agency_id) do nothing returning subject_id`.execute(transaction);
  return rows.length;
}
