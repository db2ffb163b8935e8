import { domainToASCII } from "node:url";
import { type Kysely, sql, type Transaction } from "kysely";
import type { JobData, JobName } from "../../shared/letter/flow.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { together } from "../../shared/runtime/database.ts";
import { gathered } from "../../shared/runtime/gather-asks.ts";
import type { SendResult } from "./mail-transport.ts";

/** A job's row. */
export interface OpenJob {
  readonly createdAt: Date;
  /** Another one after each change of the row: whoever has news for the work changes it (shared/letter/outbox.ts). */
  readonly version: string;
}

/** A job's row that was taken away. */
export interface TakenJob extends OpenJob {
  /** Whether a notice about this arrival is still to be sent. */
  readonly hasDue: boolean;
}

interface JobAsk {
  readonly job: JobName;
  readonly subjectId: string;
}

/**
 * Locks a job's row until the transaction ends: a second worker at the same work, and a room that hands the same work on
 * once more, wait here. @returns undefined when the work is done
 */
export function lockJob(
  transaction: Transaction<Tables>,
  job: JobName,
  subjectId: string,
): Promise<OpenJob | undefined> {
  return lockJobs(transaction, { job, subjectId });
}

// In order: two who lock the same rows wait for each other in one direction.
const lockJobs = gathered("lock", (transaction: Transaction<Tables>, asks: readonly JobAsk[]) =>
  jobByJob(asks, (job, subjectIds) =>
    sql<OpenJob & OfSubject>`
      select subject_id as "subjectId", created_at as "createdAt", xmin::text as version from outbox
       where job = ${job} and subject_id = any (${subjectIds}::uuid[]) order by subject_id for update`.execute(
      transaction,
    ),
  ),
);

/** Takes a job's row away. @returns undefined when another worker has done the work */
export function takeJob(
  transaction: Transaction<Tables>,
  job: JobName,
  subjectId: string,
): Promise<TakenJob | undefined> {
  return takeJobs(transaction, { job, subjectId });
}

const takeJobs = gathered("end", (transaction: Transaction<Tables>, asks: readonly JobAsk[]) =>
  jobByJob(asks, (job, subjectIds) =>
    sql<TakenJob & OfSubject>`
      delete from outbox where job = ${job} and subject_id = any (${subjectIds}::uuid[])
        returning subject_id as "subjectId", created_at as "createdAt", xmin::text as version,
          exists (select from notice n where n.intake_id = outbox.subject_id and n.state = 'due') as "hasDue"`.execute(
      transaction,
    ),
  ),
);

interface OfSubject {
  readonly subjectId: string;
}

async function jobByJob<Row extends OfSubject>(
  asks: readonly JobAsk[],
  askFor: (job: JobName, subjectIds: readonly string[]) => Promise<{ readonly rows: readonly Row[] }>,
): Promise<(Row | undefined)[]> {
  const found = new Map<string, Row>();
  const answers = [...Map.groupBy(asks, ({ job }) => job)].map(async ([job, same]) => {
    const { rows } = await askFor(
      job,
      same.map(({ subjectId }) => subjectId),
    );
    for (const row of rows) found.set(`${job} ${row.subjectId}`, row);
  });
  await together(...answers);
  return asks.map(({ job, subjectId }) => found.get(`${job} ${subjectId}`));
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

export const readReturnPathParts = gathered(
  "look",
  async (transaction: Transaction<Tables>, agencyIds: readonly string[]) => {
    const { rows } = await sql<ReturnPathParts & { id: string }>`
      select id, mailbox, domain, (select secret from report_key order by id desc limit 1) as key
        from agency where id = any (${[...new Set(agencyIds)]}::text[])`.execute(transaction);
    const byId = new Map(rows.map((row) => [row.id, row]));
    return agencyIds.map((id) => byId.get(id) ?? fail());
  },
);

function fail(): never {
  throw new Error("the agency cannot be found");
}

/** @param domain in A-labels @returns whether an agency of this installation has it */
export async function servesDomain(database: Kysely<Tables>, domain: string): Promise<boolean> {
  const agencies = await database.selectFrom("agency").select("domain").where("active", "=", true).execute();
  return agencies.some((agency) => domainToASCII(agency.domain) === domain);
}

/** A try to hand a notice on, and what came of it. */
export interface Attempt extends SendResult {
  readonly agencyId: string;
  readonly noticeId: string;
  readonly channel: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
}

export const insertAttempt = gathered(
  "write",
  async (transaction: Transaction<Tables>, attempts: readonly Attempt[]) => {
    const column = <Name extends keyof Attempt>(name: Name) => attempts.map((attempt) => attempt[name]);
    await sql`
      insert into delivery_attempt (agency_id, notice_id, channel, started_at, ended_at, result, reply)
        select * from unnest(${column("agencyId")}::text[], ${column("noticeId")}::uuid[], ${column("channel")}::text[],
          ${column("startedAt")}::timestamptz[], ${column("endedAt")}::timestamptz[], ${column("result")}::text[],
          ${column("reply")}::text[])`.execute(transaction);
    return attempts.map(() => undefined);
  },
);

/** What became of a notice in the end. */
export interface Settlement {
  readonly noticeId: string;
  readonly state: "delivered" | "failed";
  readonly reason: string;
  readonly at: Date;
}

/** @returns false when another worker, or a bounce that was quicker, has settled it meanwhile: that stands */
export const settleNotice = gathered(
  "write",
  async (transaction: Transaction<Tables>, settlements: readonly Settlement[]) => {
    const { rows } = await sql<{ id: string }>`
      update notice n set state = g.state, reason = g.reason, settled_at = g.at
        from unnest(${settlements.map(({ noticeId }) => noticeId)}::uuid[], ${settlements.map(({ state }) => state)}::text[],
               ${settlements.map(({ reason }) => reason)}::text[], ${settlements.map(({ at }) => at)}::timestamptz[])
             as g(id, state, reason, at)
       where n.id = g.id and n.state = 'due' returning n.id`.execute(transaction);
    const settled = new Set(rows.map(({ id }) => id));
    return settlements.map(({ noticeId }) => settled.has(noticeId));
  },
);
