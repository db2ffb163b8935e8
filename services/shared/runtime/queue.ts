import { type JobsOptions, Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import type { Log } from "./log.ts";

/** A Redis that the queue lives on. */
export interface RedisHome {
  readonly kind: "redis";
  readonly url: string;
  /** Begins the names of our queues. */
  readonly prefix: string;
}

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

// A queue that does not answer is given up after this: BullMQ itself would wait for ever for its Redis. What it does
// after all when it is back is done twice, which jobs bear.
const ANSWER_WITHIN_MS = 5_000;

// A worker that died holds its jobs no longer than this. Jobs may run twice (each is written for it), so a lock that
// expires under a slow worker does no harm.
const LOCK_MS = 15_000;
const STALLED_CHECK_MS = 5_000;

/**
 * @throws when the queue does not answer at the start: BullMQ would remember that for ever, so the process ends and is
 *   started again; later outages are survived
 */
export async function openQueue(home: RedisHome, room: string, log: Log): Promise<JobQueue> {
  const connection = connect(home, "queue", log);
  const queue = new Queue(queueName(home, room), { connection, defaultJobOptions: JOB_OPTIONS });
  queue.on("error", warnSeldom(log, { room }));
  await answered(queue.waitUntilReady());
  return {
    async add(jobs) {
      await answered(queue.addBulk(jobs.map(({ name, id, data }) => ({ name, data, opts: { jobId: id } }))));
    },
    async depth() {
      const counts = await answered(queue.getJobCounts("waiting", "active", "delayed", "prioritized"));
      return Object.values(counts).reduce((sum, count) => sum + count, 0);
    },
    async close() {
      await answered(queue.close()).catch(() => {});
      connection.disconnect();
    },
  };
}

/**
 * Works on a room's queue. `perform` must not throw for work that failed: the outbox records that.
 * @throws as openQueue does
 */
export async function openWorker(
  home: RedisHome,
  room: string,
  concurrency: number,
  perform: (name: string, data: unknown) => Promise<void>,
  log: Log,
): Promise<JobWorker> {
  const connection = connect(home, "worker", log);
  const worker = new Worker(queueName(home, room), (job) => perform(job.name, job.data), {
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
      connection.disconnect();
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

function queueName(home: RedisHome, room: string): string {
  return `${home.prefix}-${room}`;
}

/** A worker waits for ever for Redis to come back; the sending side fails at once, and the relay tries again. */
function connect(home: RedisHome, side: "queue" | "worker", log: Log): Redis {
  const redis = new Redis(home.url, {
    maxRetriesPerRequest: side === "worker" ? null : 1,
    enableOfflineQueue: side === "worker",
    retryStrategy: (times) => Math.min(100 * times, 2_000),
  });
  redis.on("error", warnSeldom(log, {}));
  return redis;
}
