import { sql, type Transaction } from "kysely";
import type { Evidence, IssuingAgency } from "../shared/letter/evidence/evidence.ts";
import type { Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { SendResult } from "./mail/mail-transport.ts";

/**
 * To the sender of an arrival: arrival (it is here, and waits), acknowledgement, refusal, rejection, handover, correction,
 * cancellation, recall-answer; copy: the acknowledgement of the same letter's first arrival once more. alert: to a person of
 * the agency. To a recipient of our letter: letter, recall. owner: to who drafted it.
 */
export type NoticeKind =
  | "arrival"
  | "acknowledgement"
  | "copy"
  | "refusal"
  | "rejection"
  | "alert"
  | "handover"
  | "correction"
  | "cancellation"
  | "recall-answer"
  | "letter"
  | "recall"
  | "owner";

/**
 * How a notice goes out. inbox: it lies in the inbox of the client that handed the letter in, or of the programs of the office that a
 * letter of ours is for; ecms: posted to another node.
 */
export type NoticeChannel = "mail" | "inbox" | "ecms";

/** What a message says besides its receipt, fixed when it was promised; each kind has its own fields beside these. */
export interface NoticeFacts {
  /** Whose mailbox it is sent from. */
  readonly agency: IssuingAgency;
}

/** What a notice is about: an arrival, one recipient of a letter of ours, or such a letter as a whole. */
export type NoticePlace =
  | { readonly intakeId: string }
  | { readonly recipientId: string }
  | { readonly letterId: string };

/** A promised message and how far it got. */
export interface Notice {
  readonly id: string;
  readonly agencyId: string;
  readonly kind: NoticeKind;
  readonly channel: NoticeChannel;
  readonly intakeId: string | null;
  readonly letterId: string | null;
  readonly recipientId: string | null;
  /** The event that it tells of, where there may be several of a kind. */
  readonly eventId: string | null;
  /** The mail address that it goes to; of ecms, and of a letter of ours, the ten digits of the office; else of inbox the client's id. */
  readonly recipient: string;
  readonly messageId: string;
  readonly facts: NoticeFacts;
  /** The signed receipt that it carries, as a document and as a compact JWS; null for what proves nothing to anybody. */
  readonly receipt: { readonly evidence: Evidence; readonly jws: string } | null;
  readonly madeAt: Date;
  readonly state: "due" | "delivered" | "failed" | "withheld";
  readonly attempts: number;
  /** When it was first tried to be sent; null before. */
  readonly firstAttemptAt: Date | null;
  /** The last try, and what came of it; null before the first. */
  readonly lastAttemptAt: Date | null;
  readonly lastResult: SendResult["result"] | null;
  /** Message-ID, with angle brackets, of the message that it answers; null for what answers none. */
  readonly answersTo: string | null;
}

/** A notice as it is promised. */
export interface NewNotice
  extends Pick<Notice, "id" | "agencyId" | "kind" | "recipient" | "messageId" | "facts">,
    Partial<Pick<Notice, "intakeId" | "letterId" | "recipientId" | "eventId" | "channel">> {
  readonly receiptId?: string | null;
  /** Of a classified arrival: the program that handed it in. */
  readonly closedClient?: string | null;
  /** Why it must not be sent; null when it is due, or, in an inbox, there at once. */
  readonly withheld: string | null;
}

/**
 * The notices of one place, in the order in which they were promised. Of a letter: those to its recipients and to its owner.
 */
export async function findNotices(transaction: Transaction<Tables>, place: NoticePlace): Promise<Notice[]> {
  const where =
    "intakeId" in place
      ? sql`n.intake_id = ${place.intakeId}`
      : "recipientId" in place
        ? sql`n.recipient_id = ${place.recipientId}`
        : sql`n.letter_id = ${place.letterId}`;
  const { rows } = await sql<Notice>`
    select n.id, n.agency_id as "agencyId", n.kind, n.channel, n.intake_id as "intakeId", n.letter_id as "letterId",
           n.recipient_id as "recipientId", n.event_id as "eventId", n.recipient, n.message_id as "messageId", n.facts,
           case when p.id is not null then jsonb_build_object('evidence', p.facts, 'jws', p.jws) end as receipt,
           n.made_at as "madeAt", n.state,
           coalesce(d.attempts, 0)::integer as attempts, d.first as "firstAttemptAt", last.ended_at as "lastAttemptAt",
           last.result as "lastResult",
           case when n.kind <> 'alert' then r.message_id end as "answersTo"
      from notice n
      left join receipt p on p.id = n.receipt_id
      left join reading r on r.intake_id = n.intake_id
      left join lateral (select count(*) as attempts, min(started_at) as first from delivery_attempt where notice_id = n.id) d on true
      left join lateral (select ended_at, result from delivery_attempt where notice_id = n.id order by id desc limit 1) last on true
     where ${where} order by n.made_at, n.id`.execute(transaction);
  return rows;
}

/**
 * Promises a message: the same event gets the same notice however often this runs.
 * @returns whether it was not promised before
 */
export async function insertNotice(
  transaction: Transaction<Tables>,
  notice: NewNotice,
  { at, clock }: Stamp,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await transaction
    .insertInto("notice")
    .values({
      id: notice.id,
      agency_id: notice.agencyId,
      intake_id: notice.intakeId ?? null,
      letter_id: notice.letterId ?? null,
      recipient_id: notice.recipientId ?? null,
      event_id: notice.eventId ?? null,
      receipt_id: notice.receiptId ?? null,
      closed_client: notice.closedClient ?? null,
      kind: notice.kind,
      channel: notice.channel ?? "mail",
      recipient: notice.recipient,
      message_id: notice.messageId,
      facts: JSON.stringify(notice.facts),
      made_at: at,
      clock: JSON.stringify(clock),
      state: stateOf(notice),
      reason: notice.withheld ?? "",
      settled_at: stateOf(notice) === "due" ? null : at,
    })
    .onConflict((conflict) => conflict.constraint("notice_once").doNothing())
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** What is laid into an inbox is there with the promise of it: both are one commit. */
export function stateOf({
  withheld,
  channel,
}: Pick<NewNotice, "withheld" | "channel">): "due" | "delivered" | "withheld" {
  if (withheld !== null) return "withheld";
  return channel === "inbox" ? "delivered" : "due";
}

/**
 * What was promised and has not been sent is not sent any more. Only for the job that alone sends this notice.
 * @param reason a code, as of reasonToWithhold
 */
export async function withholdNotice(
  transaction: Transaction<Tables>,
  noticeId: string,
  reason: string,
  at: Date,
): Promise<void> {
  await transaction
    .updateTable("notice")
    .set({ state: "withheld", reason, settled_at: at })
    .where("id", "=", noticeId)
    .where("state", "=", "due")
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
  /** The arrival, or the letter of our own, that it is about. */
  readonly letterId: string;
  readonly agencyId: string;
  readonly channel: NoticeChannel;
  /** Empty for an alert: whom the agency has told of it would tell what the letter was. */
  readonly recipient: string;
  readonly reason: string;
  readonly settledAt: Date | null;
}

export async function listFailedNotices(transaction: Transaction<Tables>): Promise<FailedNotice[]> {
  const { rows } = await sql<FailedNotice>`
    select coalesce(intake_id, letter_id) as "letterId", agency_id as "agencyId", channel,
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
      where state = 'failed' and (${letterIds}::uuid[] is null or coalesce(intake_id, letter_id) = any (${letterIds}::uuid[]))
      returning case when intake_id is not null then 'notify-sender' when kind = 'owner' then 'notify-owner' else 'send-letter' end as job,
                agency_id, case when kind = 'owner' then letter_id else coalesce(intake_id, recipient_id) end as subject_id)
    insert into outbox (job, agency_id, subject_id, work_key)
      select distinct job, agency_id, subject_id, subject_id::text from again
      -- A row that is there is locked: who is about to end that work waits until these can be seen.
      on conflict (job, subject_id, agency_id) do update set next_send_at = least(outbox.next_send_at, now())
      returning subject_id`.execute(transaction);
  return rows.length;
}
