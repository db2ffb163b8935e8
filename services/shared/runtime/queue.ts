import { createPostgresBackend, createRedisBackend, type JobsOptions, withBackend } from "bullmq";
import { Redis } from "ioredis";
import { type DatabaseAddress, openAdminPool } from "./database.ts";
import type { Log } from "./log.ts";
import { BULLMQ_ROLE, BULLMQ_SCHEMA, openQueuePool } from "./queue-pool.ts";

/** Where the queue lives: Redis when one is set, else tables of BullMQ's own in PostgreSQL. */
export type QueueHome =
  | { readonly kind: "redis"; readonly url: string; readonly prefix: string }
  | { readonly kind: "postgres"; readonly address: DatabaseAddress; readonly prefix: string };

export interface QueueJob {
  readonly name: string;
  readonly id: string;
  readonly data: object;
}

/** The sending side of one room's queue. */
export interface JobQueue {
  /** Adds jobs; one whose id is in the queue already is not added again. */
  add(jobs: readonly QueueJob[]): Promise<void>;
  /** Jobs waiting and running, for readiness; also proves that the queue answers. */
  depth(): Promise<number>;
  close(): Promise<void>;
}

export interface JobWorker {
  close(): Promise<void>;
}

// A job is a message that there is work, no more: the outbox decides what is done and tries again what failed, with
// growing delays that survive the loss of the queue. So BullMQ tries once and keeps nothing of what is over.
const JOB_OPTIONS: JobsOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true };

// In PostgreSQL BullMQ makes two temporary tables for each call with many jobs, however few they are: 4 ms of the server's
// time, where a job added by itself costs 0.3. Together or not makes no difference here: a job is known by its id, and
// what was not added is handed over again.
const MOST_ONE_BY_ONE = 12;

// A queue that does not answer is given up after this: BullMQ itself would wait for ever for its Redis. What it does
// after all when it is back is done twice, which jobs bear.
const ANSWER_WITHIN_MS = 5_000;

// A worker that died holds its jobs no longer than this. Jobs may run twice (each is written for it), so a lock that
// expires under a slow worker does no harm.
const LOCK_MS = 15_000;
const STALLED_CHECK_MS = 5_000;

/**
 * Makes the queue's tables in PostgreSQL (nothing to do on Redis). Called by `saraban migrate` with the rights of the
 * one who migrates: BullMQ's own migration wants to create its schema. Its role then gets what working needs, no more.
 */
export async function prepareQueue(home: QueueHome): Promise<void> {
  if (home.kind === "redis") return;
  const pool = openAdminPool(home.address);
  const { Queue } = withBackend(createPostgresBackend);
  const queue = new Queue("prepare", {
    connection: { ...home.address, schema: BULLMQ_SCHEMA, max: 2, migrate: true },
  });
  queue.on("error", () => {}); // told by waitUntilReady
  try {
    await queue.waitUntilReady();
    await pool.query(`
      grant usage, create on schema ${BULLMQ_SCHEMA} to ${BULLMQ_ROLE}; -- create: BullMQ makes a sequence for each queue
      grant select, insert, update, delete on all tables in schema ${BULLMQ_SCHEMA} to ${BULLMQ_ROLE};
      grant usage on all sequences in schema ${BULLMQ_SCHEMA} to ${BULLMQ_ROLE};
      grant execute on all functions in schema ${BULLMQ_SCHEMA} to ${BULLMQ_ROLE}`);
  } finally {
    await queue.close();
    await pool.end();
  }
}

/**
 * @throws when the queue does not answer at the start: BullMQ would remember that for ever, so the process ends and is
 *   started again; later outages are survived
 */
export async function openQueue(home: QueueHome, room: string, log: Log): Promise<JobQueue> {
  const { bullmq, connection, end } = connect(home, "queue", log);
  const queue = new bullmq.Queue(queueName(home, room), { connection, defaultJobOptions: JOB_OPTIONS });
  queue.on("error", warnSeldom(log, { room }));
  await answered(queue.waitUntilReady());
  return {
    async add(jobs) {
      if (home.kind === "postgres" && jobs.length <= MOST_ONE_BY_ONE)
        await answered(Promise.all(jobs.map(({ name, id, data }) => queue.add(name, data, { jobId: id }))));
      else
        await answered(
          queue.addBulk(jobs.map(({ name, id, data }) => ({ name, data, opts: { jobId: id } }))),
        );
    },
    async depth() {
      const counts = await answered(queue.getJobCounts("waiting", "active", "delayed", "prioritized"));
      return Object.values(counts).reduce((sum, count) => sum + count, 0);
    },
    async close() {
      await answered(queue.close()).catch(() => {});
      await end();
    },
  };
}

/**
 * Works on a room's queue. `perform` must not throw for work that failed: the outbox records that.
 * @throws as openQueue does
 */
export async function openWorker(
  home: QueueHome,
  room: string,
  concurrency: number,
  perform: (name: string, data: unknown) => Promise<void>,
  log: Log,
): Promise<JobWorker> {
  const { bullmq, connection, end } = connect(home, "worker", log);
  const worker = new bullmq.Worker(queueName(home, room), (job) => perform(job.name, job.data), {
    connection,
    concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: 1_000_000,
    drainDelay: 5,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  });
  worker.on("error", warnSeldom(log, { room }));
  await answered(worker.waitUntilReady());
  worker.on("failed", (job, error) => log.warn({ err: error, room, job: job?.name }, "a job failed"));
  return {
    async close() {
      await answered(worker.close()).catch(() => {});
      await end();
    },
  };
}

/** @throws when there is no answer in time */
async function answered<Result>(answer: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const seconds = ANSWER_WITHIN_MS / 1000;
    timer = setTimeout(
      () => reject(new Error(`the queue does not answer within ${seconds} s`)),
      ANSWER_WITHIN_MS,
    );
  });
  answer.catch(() => {}); // one that fails after it was given up is nobody's any more
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** Every connection tries again several times a second while its server is away: one line in ten seconds is enough. */
function warnSeldom(log: Log, fields: object): (error: Error) => void {
  let quietUntilMs = 0;
  return (error) => {
    if (performance.now() < quietUntilMs) return;
    quietUntilMs = performance.now() + 10_000;
    log.warn({ err: error, ...fields }, "the queue does not answer; trying again");
  };
}

function queueName(home: QueueHome, room: string): string {
  return `${home.prefix}-${room}`;
}

/** BullMQ types a connection by its backend; the one cast here keeps the choice of backend in this file. */
type Connected = {
  readonly bullmq: ReturnType<typeof withBackend<never, never>>;
  readonly connection: never;
  end(): Promise<void>;
};

function connect(home: QueueHome, side: "queue" | "worker", log: Log): Connected {
  if (home.kind === "postgres") {
    const pool = openQueuePool(home.address);
    return {
      bullmq: withBackend(createPostgresBackend),
      connection: pool,
      end: () => answered(pool.end()).catch(() => {}),
    } as unknown as Connected;
  }
  // A worker waits for ever for Redis to come back; the sending side fails at once, and the relay tries again.
  const redis = new Redis(home.url, {
    maxRetriesPerRequest: side === "worker" ? null : 1,
    enableOfflineQueue: side === "worker",
    retryStrategy: (times) => Math.min(100 * times, 2_000),
  });
  redis.on("error", warnSeldom(log, {}));
  const bullmq = withBackend(createRedisBackend);
  return { bullmq, connection: redis, end: async () => redis.disconnect() } as unknown as Connected;
}
