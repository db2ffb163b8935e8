import { type Kysely, sql } from "kysely";
import { flow, type JobData, type JobName, QUEUES, type WorkingRoom } from "../shared/letter/flow.ts";
import { givenOutUntil } from "../shared/letter/outbox.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction } from "../shared/runtime/database.ts";
import type { QueueJob } from "../shared/runtime/queue.ts";

/** One outbox row that is due. */
interface DueRow {
  readonly id: number;
  readonly job: JobName;
  readonly agency_id: string;
  readonly subject_id: string;
  readonly work_key: string;
}

const ACTING = { actor: "worker:queue", agencies: [] } as const;

/**
 * Takes due rows, oldest first, hands them over, then marks them. No row is locked while the queue is talked to: workers
 * finish their rows meanwhile. When this process dies before the mark, or two relays see the same row, it is handed over
 * once more: the queue knows its job by id, and jobs bear it.
 * The mark puts the next hand-over of the same row `resendAfterSeconds` ahead (longer after each): what is done by then
 * has no row any more, and what was lost in the queue is found again.
 * The mark never waits for a row's lock. A worker that ends a batch locks hundreds of rows in an order of its own, and waits
 * for those that the mark has locked: did the mark wait too, each could hold what the other wants, a deadlock (40P01), and a
 * whole batch of numbers would be rolled back. Who never waits is in no circle of waiting. A row that is locked is being ended
 * or put off at this moment; should its worker fail, the row is still due and is handed over once more.
 * @returns how many rows were handed over and marked
 */
export async function sendDue(
  database: Kysely<Tables>,
  options: { readonly limit: number; readonly resendAfterSeconds: number },
  handOver: (room: WorkingRoom, jobs: readonly QueueJob[]) => Promise<void>,
): Promise<number> {
  const rows = await inTransaction(database, ACTING, async (transaction) => {
    const due = await sql<DueRow>`
      select w.id, job, agency_id, subject_id, work_key from unnest(${QUEUES}::text[]) as q(name)
       cross join lateral (
         select * from outbox where queue = q.name and failed_at is null and next_send_at <= now()
          order by next_send_at, id limit ${options.limit}) w
       order by next_send_at, id limit ${options.limit}`.execute(transaction);
    return due.rows;
  });
  if (rows.length === 0) return 0;
  for (const [room, jobs] of jobsByRoom(rows)) await handOver(room, jobs);
  const { numAffectedRows } = await inTransaction(database, ACTING, (transaction) =>
    // A row that its worker has put off meanwhile keeps its later time.
    sql`
      with mark as materialized (
        select id from outbox where id = any (${rows.map(({ id }) => id)}::bigint[]) and next_send_at <= now()
         order by id for no key update skip locked)
      update outbox w set sends = sends + 1,
             next_send_at = ${givenOutUntil(options.resendAfterSeconds)}
        from mark where w.id = mark.id`.execute(transaction),
  );
  return Number(numAffectedRows ?? 0);
}

/** Rows keyed by book become one wake-up a book; the id of its newest row makes each batch's wake-up a job of its own. */
function jobsByRoom(rows: readonly DueRow[]): Map<WorkingRoom, QueueJob[]> {
  const jobs = new Map<string, { room: WorkingRoom; job: QueueJob }>();
  for (const row of rows) {
    const { doneBy, key } = flow[row.job];
    const data: JobData = {
      outboxId: row.id,
      agencyId: row.agency_id,
      subjectId: row.subject_id,
      workKey: row.work_key,
    };
    const group = key === "book" ? `${row.job} ${row.work_key}` : `${row.job} ${row.id}`;
    jobs.set(group, { room: doneBy, job: { name: row.job, id: `${row.job}-${row.id}`, data } });
  }
  const byRoom = new Map<WorkingRoom, QueueJob[]>();
  for (const { room, job } of jobs.values()) byRoom.set(room, [...(byRoom.get(room) ?? []), job]);
  return byRoom;
}

/** One job that has failed. */
export interface FailedJob {
  readonly id: number;
  readonly job: string;
  readonly agencyId: string;
  readonly letterId: string;
  readonly failures: number;
  readonly lastError: string | null;
  readonly failedAt: Date | null;
}

/** Open work that did not go well last time: set aside (failedAt), or put off and still being tried. At most 1,000 rows. */
export async function listTroubledJobs(database: Kysely<Tables>): Promise<FailedJob[]> {
  return inTransaction(database, ACTING, async (transaction) => {
    const query = transaction.selectFrom("outbox").selectAll().where("last_error", "is not", null);
    const rows = await query.orderBy("id").limit(1000).execute();
    return rows.map((row) => ({
      id: row.id,
      job: row.job,
      agencyId: row.agency_id,
      letterId: row.subject_id,
      failures: row.failures,
      lastError: row.last_error,
      failedAt: row.failed_at,
    }));
  });
}

/**
 * Has work tried again now, its failures forgotten. Waits for no lock, like the mark of sendDue: a row that is locked is being
 * worked on already.
 * @returns how many rows
 */
export async function retryJobs(database: Kysely<Tables>, ids: readonly number[] | "all"): Promise<number> {
  return inTransaction(database, ACTING, async (transaction) => {
    const wanted = transaction
      .selectFrom("outbox")
      .select("id")
      .where("last_error", "is not", null)
      .orderBy("id")
      .forNoKeyUpdate()
      .skipLocked();
    const result = await transaction
      .with("mark", () => (ids === "all" ? wanted : wanted.where("id", "in", ids)))
      .updateTable("outbox")
      .set({ failed_at: null, failures: 0, last_error: null, not_before: null, next_send_at: sql`now()` })
      .where("id", "in", (from) => from.selectFrom("mark").select("id"))
      .executeTakeFirst();
    return Number(result.numUpdatedRows);
  });
}
