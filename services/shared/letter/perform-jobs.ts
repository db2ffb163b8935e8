import { inTransaction, type Kysely } from "../runtime/database.ts";
import type { Log } from "../runtime/log.ts";
import type { JobWorker } from "../runtime/queue.ts";
import { type DoneBy, flow, type JobData, type JobName, type WorkingRoom } from "./flow.ts";
import type { JobHome } from "./job-home.ts";
import { recordFailure } from "./outbox.ts";
import type { Tables } from "./tables.ts";
import type { PerformJob } from "./work-places.ts";

/** One step of the work. It writes its result and finishes its outbox row in one transaction; a throw means "failed". */
export type Perform = (data: JobData) => Promise<void>;

/**
 * Runs a room's worker: a handler for each job that the flow table gives to the room (one left out does not compile).
 * A handler's failure is recorded in the outbox, which has it tried again later; for the queue it is over.
 */
export async function performJobs<R extends WorkingRoom>(parts: {
  readonly room: R;
  readonly home: JobHome;
  readonly database: Kysely<Tables>;
  readonly concurrency: number;
  readonly maxFailures: number;
  readonly handlers: { readonly [Name in DoneBy<R>]: Perform };
  readonly log: Log;
}): Promise<JobWorker> {
  const { room, home, database, concurrency, maxFailures, log } = parts;
  const handlers = parts.handlers as Readonly<Record<string, Perform>>;
  const perform: PerformJob = async (name, data) => {
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
      if (flow[name].key === "book") return;
      const acting = { actor: `worker:${room}`, agencies: [data.agencyId] } as const;
      await inTransaction(database, acting, (transaction) =>
        recordFailure(transaction, name, data.subjectId, error, maxFailures),
      ).catch((cause: unknown) =>
        log.warn({ err: cause, job: name }, "that a job failed cannot be recorded; it is done again later"),
      );
    }
  };
  if (home.kind === "postgres") return home.taker.work(room, concurrency, perform);
  const performRaw = (name: string, data: unknown) => perform(name as JobName, data as JobData);
  const { openWorker } = await import("../runtime/queue.ts"); // 27 MB and 0.2 s that nobody needs without Redis
  return openWorker(home, room, concurrency, performRaw, log);
}
