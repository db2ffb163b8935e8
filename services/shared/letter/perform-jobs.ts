import { inTransaction, type Kysely } from "../runtime/database.ts";
import type { Log } from "../runtime/log.ts";
import { type JobWorker, openWorker, type QueueHome } from "../runtime/queue.ts";
import { type DoneBy, flow, type JobData, type JobName, type Room } from "./flow.ts";
import { recordFailure } from "./outbox.ts";
import type { Tables } from "./tables.ts";

/** One step of the work. It writes its result and finishes its outbox row in one transaction; a throw means "failed". */
export type Perform = (data: JobData) => Promise<void>;

/**
 * Runs a room's worker: a handler for each job that the flow table gives to the room (one left out does not compile).
 * A handler's failure is recorded in the outbox, which has it tried again later; the queue is told that it is over.
 */
export function performJobs<R extends Room>(parts: {
  readonly room: R;
  readonly home: QueueHome;
  readonly database: Kysely<Tables>;
  readonly concurrency: number;
  readonly maxFailures: number;
  readonly handlers: { readonly [Name in DoneBy<R>]: Perform };
  readonly log: Log;
}): Promise<JobWorker> {
  const { room, home, database, concurrency, maxFailures, log } = parts;
  const handlers = parts.handlers as Readonly<Record<string, Perform>>;
  return openWorker(
    home,
    room,
    concurrency,
    async (name, raw) => {
      const data = raw as JobData;
      const handler = handlers[name];
      if (!handler) {
        log.error({ job: name }, "no such job here: left to its outbox row");
        return;
      }
      try {
        await handler(data);
      } catch (error) {
        log.error({ err: error, job: name, letter: data.subjectId }, "a job failed; it will be tried again");
        // A book's worker records what its letters failed at; what it throws is the database's fault, and no letter's.
        if (flow[name as JobName].key === "book") return;
        const acting = { actor: `worker:${room}`, agencies: [data.agencyId] } as const;
        await inTransaction(database, acting, (transaction) =>
          recordFailure(transaction, name as JobName, data.subjectId, error, maxFailures),
        );
      }
    },
    log,
  );
}
