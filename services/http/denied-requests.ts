import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { limitRepeats } from "../shared/audit-log/limit-repeats.ts";
import { type AccessEvent, recordAccesses } from "../shared/audit-log/record-access.ts";
import type { TrustedNow } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Kysely } from "../shared/runtime/database.ts";
import type { Log } from "../shared/runtime/log.ts";
import type { Clerk } from "./clerk-store.ts";
import { knownClient } from "./clients/client-access.ts";
import { isUuid } from "./read-parameters.ts";
import { wantsXml } from "./send-answer.ts";

/** Nobody, without the right, or of another agency: an answer with one of these lets somebody no further. */
const DENIED: ReadonlySet<number> = new Set([401, 403, 404]);
const WRITE_EVERY_MS = 1_000;
/** While the database is away; beyond it what is denied is counted in the log of the process alone. */
const MOST_WAITING = 2_000;

/** Writes denied attempts to the audit log, a second later and within bounds: no answer waits for it. */
export interface DeniedRequests {
  note(event: AccessEvent): void;
  /** Writes what is still to be written. */
  stop(): Promise<void>;
}

export function openDeniedRequests(
  { database, now, log }: { readonly database: Kysely<Tables>; readonly now: TrustedNow; readonly log: Log },
  nowMs: () => number = () => performance.now(),
): DeniedRequests {
  const limit = limitRepeats<AccessEvent>(nowMs);
  let waiting: AccessEvent[] = [];
  let lost = 0;
  let writing: Promise<void> = Promise.resolve();
  const add = (event: AccessEvent): void => {
    if (waiting.length >= MOST_WAITING) lost += 1;
    else waiting.push(event);
  };
  const flush = (all: boolean): Promise<void> => {
    writing = writing.then(async () => {
      for (const { last, times } of limit.due(all)) add(repeated(last, times));
      if (waiting.length === 0) return;
      const batch = waiting;
      waiting = [];
      try {
        await recordAccesses(database, batch, now());
      } catch (error) {
        const kept = [...batch, ...waiting];
        waiting = kept.slice(0, MOST_WAITING);
        lost += kept.length - waiting.length;
        log.error({ err: error, waiting: waiting.length }, "denied attempts cannot be written down now");
        return;
      }
      if (lost > 0) log.error({ lost }, "denied attempts were not written down: the database was away");
      lost = 0;
    });
    return writing;
  };
  const regularly = setInterval(() => void flush(false), WRITE_EVERY_MS);
  regularly.unref();
  return {
    note(event) {
      if (limit.take([event.actor, event.address, event.action, event.rule].join(" "), event)) add(event);
    },
    async stop() {
      clearInterval(regularly);
      await flush(true);
    },
  };
}

function repeated(last: AccessEvent | null, times: number): AccessEvent {
  if (last !== null) return { ...last, detail: { ...last.detail, times } };
  return {
    agencyId: null,
    actor: "nobody",
    action: "call",
    door: "json",
    outcome: "denied",
    detail: { times },
  };
}

const REASON = "deniedBecause";

/** Remembers the code of a problem for the audit log; in an error handler. */
export function noteReason(request: FastifyRequest, code: string): void {
  request.setDecorator<string>(REASON, code);
}

/**
 * Has denied requests of this instance's routes recorded. What is no route at all is none: strangers' programs look for all kinds
 * of paths, and nothing was denied to them.
 * @param isWatched by default each route
 */
export function watchDenied(
  instance: FastifyInstance,
  denied: DeniedRequests,
  isWatched: (url: string) => boolean = () => true,
): void {
  instance.addHook("onResponse", async (request, reply) => {
    const { url } = request.routeOptions;
    if (DENIED.has(reply.statusCode) && url !== undefined && isWatched(url))
      denied.note(eventOf(request, reply));
  });
}

/** To be called once for a server, before watchDenied. */
export function decorateDenied(server: FastifyInstance): void {
  server.decorateRequest(REASON, "");
}

function eventOf(request: FastifyRequest, reply: FastifyReply): AccessEvent {
  const { url = "" } = request.routeOptions;
  const client = knownClient(request);
  // Only behind the doors of callers is there one.
  const { clerk = null } = request as { readonly clerk?: Clerk | null };
  const id = Object.values(request.params ?? {}).find((value) => typeof value === "string" && isUuid(value));
  const reason = request.getDecorator<string>(REASON);
  return {
    agencyId: client?.agencyId ?? (clerk?.agencies.length === 1 ? (clerk.agencies[0] ?? null) : null),
    actor: client ? `client:${client.id}` : clerk ? `person:${clerk.id}` : "nobody",
    ...(client || clerk ? { actorName: (client ?? clerk)?.name ?? "" } : {}),
    action: "call",
    door: url.includes("ecms") ? "ecms" : wantsXml(request) ? "xml" : "json",
    address: request.ip,
    ...(id === undefined ? {} : { subject: { kind: "asked-for", id } }),
    outcome: "denied",
    rule: reason,
    // The route, not the address: what a stranger writes into one is nobody's to keep.
    detail: { operation: `${request.method} ${url}`, status: reply.statusCode },
  };
}
