import { type Kysely, type RawBuilder, sql, type Transaction } from "kysely";
import { flow, type HandedOnBy, type JobName, type Room } from "./flow.ts";
import type { Tables } from "./tables.ts";

/** Work that follows from a change, handed on in the change's own transaction. */
export interface Work<Name extends JobName> {
  readonly job: Name;
  readonly agencyId: string;
  readonly subjectId: string;
  /** For jobs that are keyed by book: the book, and the letter's place in the order in which the book takes them. */
  readonly book?: { readonly id: string; readonly arrivalSeq: number };
}

/**
 * Writes work into the outbox, in the transaction of the change that it follows from. Handing on the same job for the same
 * subject twice leaves one row: a step that runs a second time hands on nothing new. Where there may be news for work that
 * is open already (a correction, while the acknowledgement is being sent), the row is locked and due at once: who is about
 * to end that work waits until the news can be seen.
 */
export async function handOn<R extends Room>(
  transaction: Transaction<Tables>,
  room: R,
  work: readonly Work<HandedOnBy<R>>[],
): Promise<void> {
  if (work.length > 0) await handingOn(room, work).execute(transaction);
}

/** The statement of handOn. */
export function handingOn<R extends Room>(
  room: R,
  work: readonly Work<HandedOnBy<R>>[],
): RawBuilder<unknown> {
  const rows = work.map(({ job, agencyId, subjectId, book }) => ({
    job,
    agency_id: agencyId,
    subject_id: subjectId,
    work_key: flow[job as JobName].key === "book" ? (book ?? fail(job)).id : subjectId,
    arrival_seq: book?.arrivalSeq ?? null,
  }));
  const given = sql`jsonb_populate_recordset(null::outbox, ${JSON.stringify(rows)}::jsonb)`;
  const columns = sql`job, agency_id, subject_id, work_key, arrival_seq`;
  if (!HAS_NEWS.has(room)) {
    return sql`
      insert into outbox (${columns}) select ${columns} from ${given}
        on conflict (job, subject_id, agency_id) do nothing`;
  }
  return sql`
    insert into outbox (${columns}) select distinct on (job, subject_id, agency_id) ${columns} from ${given}
      on conflict (job, subject_id, agency_id) do update set next_send_at = least(outbox.next_send_at, now())`;
}

/** Rooms that hand a job on for a subject that has it already, because more is to be told of it. */
const HAS_NEWS: ReadonlySet<Room> = new Set(["registry", "notification"]);

function fail(job: string): never {
  throw new Error(`job ${job} is keyed by book and needs a book`);
}

/** Whether work is still to be done: a job that the queue delivers a second time finds that it is not. */
export async function isOpen(
  transaction: Transaction<Tables>,
  job: JobName,
  subjectId: string,
): Promise<boolean> {
  const row = await transaction
    .selectFrom("outbox")
    .select("id")
    .where("job", "=", job)
    .where("subject_id", "=", subjectId)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Marks work as done, in the transaction that holds its result. Done work leaves no row. The deleted rows stay locked
 * until that transaction ends: a second worker at the same work waits here, and then finds none.
 * @returns how many rows were still open; 0 when another worker has done the work
 */
export async function finish(
  transaction: Transaction<Tables>,
  job: JobName,
  subjectIds: readonly string[],
): Promise<number> {
  const { numAffectedRows } =
    await sql`delete from outbox where job = ${job} and subject_id = any (${subjectIds}::uuid[])`.execute(
      transaction,
    );
  return Number(numAffectedRows ?? 0);
}

/** Puts work off: it is taken again after the delay (a receiver that asks to be tried later). */
export async function putOff(
  transaction: Transaction<Tables>,
  job: JobName,
  subjectId: string,
  delayMs: number,
  why: string,
): Promise<void> {
  await transaction
    .updateTable("outbox")
    .set({
      next_send_at: sql`now() + make_interval(secs => ${delayMs / 1000})`,
      taken_until: null,
      last_error: why.replaceAll("\0", "").slice(0, 500),
    })
    .where("job", "=", job)
    .where("subject_id", "=", subjectId)
    .execute();
}

/**
 * Records that work failed for a reason of ours: tried again after 1, 2, 4 … seconds, at most an hour apart; after
 * `maxFailures` it is set aside, visible on /metrics and in `saraban jobs`, until somebody asks for it to be tried again.
 */
export async function recordFailure(
  transaction: Kysely<Tables>,
  job: JobName,
  subjectId: string,
  error: unknown,
  maxFailures: number,
): Promise<void> {
  await transaction
    .updateTable("outbox")
    .set({
      failures: sql`failures + 1`,
      last_error: describeError(error),
      next_send_at: sql`now() + make_interval(secs => least(3600, power(2, failures)))`,
      not_before: sql`now() + make_interval(secs => least(3600, power(2, failures)))`,
      taken_until: null,
      failed_at: sql`case when failures + 1 >= ${maxFailures} then now() end`,
    })
    .where("job", "=", job)
    .where("subject_id", "=", subjectId)
    .execute();
}

/**
 * Until when work that is given out now need not be given out again: so long as asked for, and longer after each time, so that
 * what ends its process does not do so every minute. In an update of outbox.
 */
export function givenOutUntil(seconds: number): RawBuilder<Date> {
  return sql`now() + make_interval(secs => least(300, ${seconds}::float8 * power(1.5, least(sends, 12))))`;
}

/** Kind, code and message of an error. PostgreSQL's `detail` and `where` may quote a row, so they are left out. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return "not an error";
  const code = (error as { code?: unknown }).code;
  const text = `${error.name}${typeof code === "string" ? ` ${code}` : ""}: ${error.message}`;
  return text.replaceAll("\0", "").slice(0, 500);
}
