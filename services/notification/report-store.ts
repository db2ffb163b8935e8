import { sql, type Transaction } from "kysely";
import type { DeliveryReport, ReportKind } from "../shared/letter/delivery-report.ts";
import type { Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { NoticeKind } from "./notice-store.ts";

/** A mail that speaks of a message of ours, as reading has found it. */
export interface Report {
  readonly recipients: readonly string[];
  /** Of its From field. */
  readonly sender: string | null;
  readonly arrivedAt: Date;
  readonly kind: string;
  /** Null where it says nothing that a program understands. */
  readonly report: DeliveryReport | null;
  /** Message-IDs of its References and In-Reply-To, oldest first. */
  readonly references: readonly string[];
}

export async function readReportMail(
  transaction: Transaction<Tables>,
  intakeId: string,
): Promise<Report | undefined> {
  const { rows } = await sql<Report>`
    select i.recipients, r.sender_address as sender, i.arrived_at as "arrivedAt", r.kind, r.report, r."references"
      from intake i join reading r on r.intake_id = i.id where i.id = ${intakeId}`.execute(transaction);
  return rows[0];
}

/** A message of ours that a report may be about. */
export interface ReportedNotice {
  readonly id: string;
  readonly messageId: string;
  readonly recipient: string;
  readonly kind: NoticeKind;
  /** The recipient of a letter of ours that it went to; null for any other notice. */
  readonly letterId: string | null;
  readonly recipientId: string | null;
}

export async function findReported(
  transaction: Transaction<Tables>,
  ids: readonly string[],
  messageIds: readonly string[],
): Promise<ReportedNotice[]> {
  const { rows } = await sql<ReportedNotice>`
    select id, message_id as "messageId", recipient, kind, letter_id as "letterId", recipient_id as "recipientId" from notice
     where id = any (${ids}::uuid[]) or message_id = any (${messageIds}::text[])`.execute(transaction);
  return rows;
}

/** What is kept of a report, beside the mail itself. */
export interface KeptReport {
  readonly noticeId: string | null;
  readonly matchedBy: "token" | "message-id" | "number" | "nothing";
  readonly kind: ReportKind;
  readonly action: string | null;
  readonly status: string | null;
  readonly recipient: string | null;
  readonly diagnostic: string | null;
}

/** One row for each mail: a second time nothing is written. */
export async function insertReport(
  transaction: Transaction<Tables>,
  agencyId: string,
  intakeId: string,
  { noticeId, matchedBy, ...facts }: KeptReport,
  { at, clock }: Stamp,
): Promise<void> {
  await transaction
    .insertInto("delivery_report")
    .values({
      intake_id: intakeId,
      agency_id: agencyId,
      notice_id: noticeId,
      matched_by: matchedBy,
      ...facts,
      recorded_at: at,
      clock: JSON.stringify(clock),
    })
    .onConflict((conflict) => conflict.column("intake_id").doNothing())
    .execute();
}

/** A message that another server took and could not deliver after all, or that it will not deliver though it may retry. */
export async function failNotice(
  transaction: Transaction<Tables>,
  noticeId: string,
  reason: string,
  at: Date,
): Promise<void> {
  await transaction
    .updateTable("notice")
    .set({ state: "failed", reason, settled_at: at })
    .where("id", "=", noticeId)
    .where("state", "in", ["delivered", "due"])
    .execute();
}
