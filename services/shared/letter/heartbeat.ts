import { hostname } from "node:os";
import { type Kysely, sql } from "kysely";
import type { Log } from "../runtime/log.ts";
import type { Tables } from "./tables.ts";

/** A service says this often that it lives; readiness takes one as gone after three missed beats. */
export const BEAT_EVERY_MS = 5_000;

const ANSWER_WITHIN_MS = 1_000;

/**
 * Writes the service's heartbeat until stopped, then takes it away. A database that does not answer is no reason to stop:
 * the missing beats are the message.
 * @param trouble null while the service can do its work, else what is wrong, in words for an operator
 */
export async function startHeartbeat(
  database: Kysely<Tables>,
  service: string,
  trouble: () => Promise<string | null> | string | null,
  log: Log,
): Promise<{ stop(): Promise<void> }> {
  const instance = `${hostname()}:${process.pid}`;
  const startedAt = new Date();
  // What is asked may hang (a mail server that never greets): the beat goes on with the last known answer.
  let wrong: string | null = null;
  let asking: Promise<void> | undefined;
  const ask = (): Promise<void> => {
    asking ??= Promise.resolve()
      .then(trouble)
      .catch((error: unknown) => (error instanceof Error ? error.message : "unknown"))
      .then((answer) => {
        wrong = answer;
        asking = undefined;
      });
    return asking;
  };
  const beat = async (): Promise<void> => {
    await Promise.race([ask(), new Promise((resolve) => setTimeout(resolve, ANSWER_WITHIN_MS).unref())]);
    await sql`
      with gone as (delete from heartbeat where seen_at < now() - interval '1 hour')
      insert into heartbeat (service, instance, started_at, seen_at, ready, detail)
        values (${service}, ${instance}, ${startedAt}, now(), ${wrong === null}, ${wrong ?? ""})
        on conflict (service, instance) do update
          set started_at = excluded.started_at, seen_at = now(), ready = excluded.ready, detail = excluded.detail`.execute(
      database,
    );
  };
  await beat();
  let beating: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    beating = beating
      .then(beat)
      .catch((error: unknown) => log.warn({ err: error }, "the heartbeat cannot be written"));
  }, BEAT_EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await beating;
      await sql`delete from heartbeat where service = ${service} and instance = ${instance}`
        .execute(database)
        .catch(() => {});
    },
  };
}
