import { domainToASCII } from "node:url";
import { type Kysely, sql, type Transaction } from "kysely";
import type { JobData, JobName } from "../../shared/letter/flow.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { SendResult } from "./mail-transport.ts";

/** A job's row. */
export interface OpenJob {
  readonly createdAt: Date;
}

/**
 * Locks a job's row until the transaction ends: a second worker at the same work, and a room that hands the same work on
 * once more, wait here. @returns undefined when the work is done
 */
export async function lockJob(
  transaction: Transaction<Tables>,
  job: JobName,
  subjectId: string,
): Promise<OpenJob | undefined> {
  const { rows } = await sql<OpenJob>`
    select created_at as "createdAt" from outbox
     where job = ${job} and subject_id = ${subjectId} for update`.execute(transaction);
  return rows[0];
}

/** Takes a job's row away. @returns undefined when another worker has done the work */
export async function takeJob(
  transaction: Transaction<Tables>,
  job: JobName,
  subjectId: string,
): Promise<OpenJob | undefined> {
  const { rows } = await sql<OpenJob>`
    delete from outbox where job = ${job} and subject_id = ${subjectId}
      returning created_at as "createdAt"`.execute(transaction);
  return rows[0];
}

/** Puts a job's row back, as old as it was (/metrics tells how old the oldest is), to be done after the delay. */
export async function putBackJob(
  transaction: Transaction<Tables>,
  job: JobName,
  { agencyId, subjectId, workKey }: JobData,
  taken: OpenJob | undefined,
  delayMs: number,
  why: string,
): Promise<void> {
  await sql`
    insert into outbox (job, agency_id, subject_id, work_key, created_at, next_send_at, last_error)
      values (${job}, ${agencyId}, ${subjectId}, ${workKey}, coalesce(${taken?.createdAt ?? null}::timestamptz, now()),
        now() + make_interval(secs => ${delayMs / 1000}), ${why.replaceAll("\0", "").slice(0, 500)})
      on conflict (job, subject_id, agency_id) do nothing`.execute(transaction);
}

/** What the return paths of an agency's messages are made of; no key before the first use. */
export interface ReturnPathParts {
  readonly mailbox: string;
  readonly domain: string;
  readonly key: Buffer | null;
}

export async function readReturnPathParts(
  transaction: Transaction<Tables>,
  agencyId: string,
): Promise<ReturnPathParts> {
  const { rows } = await sql<ReturnPathParts>`
    select mailbox, domain, (select secret from report_key order by id desc limit 1) as key
      from agency where id = ${agencyId}`.execute(transaction);
  if (!rows[0]) throw new Error("the agency cannot be found");
  return rows[0];
}

/** @param domain in A-labels @returns whether an agency of this installation has it */
export async function servesDomain(database: Kysely<Tables>, domain: string): Promise<boolean> {
  const agencies = await database.selectFrom("agency").select("domain").where("active", "=", true).execute();
  return agencies.some((agency) => domainToASCII(agency.domain) === domain);
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

/** @returns false when another worker, or a bounce that was quicker, has settled it meanwhile: that stands */
export async function settleNotice(
  transaction: Transaction<Tables>,
  noticeId: string,
  state: "delivered" | "failed",
  reason: string,
  at: Date,
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable("notice")
    .set({ state, reason, settled_at: at })
    .where("id", "=", noticeId)
    .where("state", "=", "due")
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
