import { type Kysely, sql } from "kysely";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Log } from "../../shared/runtime/log.ts";

/** Whether the road has room for another letter: as it was at most a second ago, without asking anybody. */
export type QueueRoom = () => boolean;

const LOOK_EVERY_MS = 1_000;
/** A database that cuts its connections is seen by each request; one that hangs is not, and would hold them all. */
const SILENT_AFTER_MS = 10_000;

export interface QueueWatch {
  readonly hasRoom: QueueRoom;
  /** False when the database has taken a question and not answered it for ten seconds. */
  readonly databaseAnswers: () => boolean;
  /** Looks now; for tests. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Watches how many letters wait to be read and registered, so that no request has to. While the database does not answer
 * there counts as room: the letter itself will then be refused.
 * @param mostWaiting exchange.maxWaitingJobs
 */
export async function watchQueueRoom(
  database: Kysely<Tables>,
  mostWaiting: number,
  log: Log,
): Promise<QueueWatch> {
  let room = true;
  let answers = true;
  let looking: Promise<void> | undefined;
  let askedMs = Number.POSITIVE_INFINITY;
  const lookOnce = async (): Promise<void> => {
    askedMs = performance.now();
    try {
      const { rows } = await sql<{ waiting: number }>`
        select letters_waiting(${mostWaiting}::integer) as waiting`.execute(database);
      room = (rows[0]?.waiting ?? 0) < mostWaiting;
      answers = true;
    } catch (error) {
      room = true;
      if (answers) log.warn({ err: error }, "how many letters wait cannot be read");
      answers = false;
    } finally {
      askedMs = Number.POSITIVE_INFINITY;
    }
  };
  const look = (): Promise<void> => {
    looking ??= lookOnce().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  await look();
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  timer.unref();
  return {
    hasRoom: () => room,
    databaseAnswers: () => performance.now() - askedMs < SILENT_AFTER_MS,
    look,
    async stop() {
      clearInterval(timer);
      await looking;
    },
  };
}
