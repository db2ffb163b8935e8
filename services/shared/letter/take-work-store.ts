import { type Kysely, sql } from "kysely";
import { type DatabaseAddress, openDatabase } from "../runtime/database.ts";
import type { Log } from "../runtime/log.ts";
import type { JobData, JobName, QueueName } from "./flow.ts";
import { givenOutUntil } from "./outbox.ts";
import type { Tables } from "./tables.ts";

/** A row of the outbox that is ours to do. */
export interface TakenJob extends JobData {
  readonly job: JobName;
  readonly queue: QueueName;
}

/** How many rows of a queue there is room for. */
export interface Wanted {
  readonly queue: QueueName;
  readonly most: number;
}

/**
 * The connection on which work is taken: each statement is a transaction of its own, in one round trip. It waits for no disk:
 * a mark that a crash of the server loses only means that the work is taken once more. Work is always looked for by the index,
 * in its order: a plan made while the table was small would read all of it when it is long.
 */
export function openTakingDatabase(address: DatabaseAddress, log: Log): Kysely<Tables> {
  return openDatabase<Tables>(address, "saraban_queue", 1, log, {
    "saraban.actor": "worker:queue",
    synchronous_commit: "off",
    plan_cache_mode: "force_generic_plan",
    enable_seqscan: "off",
    enable_bitmapscan: "off",
    enable_sort: "off",
    enable_hashjoin: "off",
    enable_mergejoin: "off",
  });
}

/**
 * Takes due rows that nobody is at, oldest first, and marks them as ours for a while. It never waits for a row's lock, for the
 * reason that services/queue/outbox-store.ts gives: a row that is locked is being ended or put off at this moment.
 */
export async function takeDue(
  database: Kysely<Tables>,
  wanted: readonly Wanted[],
  leaseSeconds: number,
): Promise<readonly TakenJob[]> {
  const { rows } = await sql<TakenJob>`
    with mark as materialized (
      select due.id
        from unnest(${wanted.map(({ queue }) => queue)}::text[], ${wanted.map(({ most }) => most)}::integer[]) as wanted(queue, most)
       cross join lateral (
         select id from outbox
          where queue = wanted.queue and failed_at is null and next_send_at <= now()
            and (taken_until is null or taken_until <= now())
          order by next_send_at, id limit wanted.most for no key update skip locked) due)
    update outbox w set sends = sends + 1, taken_until = ${givenOutUntil(leaseSeconds)}
      from mark where w.id = mark.id
    returning w.id as "outboxId", job, queue, agency_id as "agencyId", subject_id as "subjectId", work_key as "workKey"`.execute(
    database,
  );
  return rows;
}

/** Says of work under way that somebody is still at it. What its worker has put off or ended meanwhile stays so. */
export async function keepTaken(
  database: Kysely<Tables>,
  ids: readonly number[],
  leaseSeconds: number,
): Promise<void> {
  await sql`
    with mark as materialized (
      select id from outbox where id = any (${ids}::bigint[]) and taken_until is not null
       order by id for no key update skip locked)
    update outbox w set taken_until = greatest(taken_until, now() + make_interval(secs => ${leaseSeconds}))
      from mark where w.id = mark.id`.execute(database);
}

/** Gives work back that was taken and not begun: others can take it at once. */
export async function giveBack(database: Kysely<Tables>, ids: readonly number[]): Promise<void> {
  await sql`
    with mark as materialized (
      select id from outbox where id = any (${ids}::bigint[]) and taken_until is not null
       order by id for no key update skip locked)
    update outbox w set taken_until = null from mark where w.id = mark.id`.execute(database);
}
