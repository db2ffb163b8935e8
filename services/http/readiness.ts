import { type Kysely, sql } from "kysely";
import { readNodeStates } from "../shared/letter/ecms-nodes.ts";
import { BEAT_EVERY_MS } from "../shared/letter/heartbeat.ts";
import { readMailboxStates } from "../shared/letter/hosted-mailboxes.ts";
import { listAgencies } from "../shared/letter/inbound-book.ts";
import type { ClockState } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { QueueState } from "./queue-state.ts";

/** State of one part. `needed`: letters cannot be accepted, numbered or acknowledged at all while it is not ok. */
export interface Check {
  readonly ok: boolean;
  readonly needed: boolean;
  readonly detail: string;
}

export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, Check>>;
}

const SERVICES = [
  "intake",
  "reading",
  "registry",
  "notification",
  "relay",
  "indexing",
  "printing",
  "witness",
] as const;
/** Without these letters are accepted, numbered and acknowledged: searches get slower, prints wait, the audit log is not sealed. */
const NOT_NEEDED: readonly string[] = ["indexing", "printing", "witness"];
const MISSED_AFTER_SECONDS = (3 * BEAT_EVERY_MS) / 1000;
const ANSWER_WITHIN_MS = 3_000;
/** The longest pollSeconds of config/mailboxes.yaml, and time for a full mailbox. */
const MAILBOX_LOOK_WITHIN_MS = 2 * 1_500_000;

/**
 * Asks every part; a part that does not answer in time is not ok. Never throws.
 * @param held why registration waits for the clock; null while it does not
 * @param calendar what an operator has to do about the working calendar
 * @param openGlass how many times an administrator may look into letters at this moment
 */
export async function askReadiness(
  database: Kysely<Tables>,
  queue: QueueState,
  clock: ClockState,
  held: string | null,
  calendar: readonly string[],
  openGlass: () => Promise<number>,
): Promise<Readiness> {
  const checks: Record<string, Check> = {};
  checks["database"] = await check(true, async () => {
    await sql`select 1`.execute(database);
    return "answers";
  });
  checks["queue"] = await check(true, () => queue.ask());
  Object.assign(
    checks,
    await askServices(database, queue.needsRelay ? NOT_NEEDED : [...NOT_NEEDED, "relay"]),
  );
  // Letters wait in the mailbox of another server meanwhile; those of other doors come in.
  const mailboxes = await check(false, () => hostedMailboxes(database));
  if (mailboxes.detail !== NO_MAILBOXES) checks["mailboxes"] = mailboxes;
  const nodes = await check(false, () => usedNodes(database));
  if (nodes.detail !== NO_NODES) checks["ecms"] = nodes;
  checks["clock"] = {
    ok: clock.state === "synchronised" || clock.state === "warning",
    needed: held !== null,
    detail:
      clock.state === "unsynchronised"
        ? `unsynchronised: ${clock.reason}; every time is marked so`
        : `${clock.state}: within ${clock.errorBoundMs} ms of ${clock.reference}, ${clock.ageSeconds} s ago`,
  };
  // Letters are registered without it; only their times of deemed receipt are missing.
  checks["calendar"] = {
    ok: calendar.length === 0,
    needed: false,
    detail: calendar.join(" ") || "the holidays are known",
  };
  // It stops nothing, and nobody is to overlook it; whose it is stands in the log and for those who may ask.
  const glass = await check(false, async () => {
    const open = await openGlass();
    if (open > 0) throw new Error(`${open} open: an administrator may read ordinary letters at this moment`);
    return NO_GLASS;
  });
  if (glass.detail !== NO_GLASS) checks["breakGlass"] = glass;
  return { ready: Object.values(checks).every(({ ok, needed }) => ok || !needed), checks };
}

/** Those of the services that have given no sign of life for a while. @throws when the database does not answer */
export async function silentServices(
  database: Kysely<Tables>,
  services: readonly string[],
): Promise<string[]> {
  const { rows } = await sql<{ service: string }>`
    select service from unnest(${services}::text[]) as asked(service)
     where not exists (select from heartbeat h
        where h.service = asked.service and h.seen_at > now() - make_interval(secs => ${MISSED_AFTER_SECONDS}))`.execute(
    database,
  );
  return rows.map(({ service }) => service);
}

async function askServices(
  database: Kysely<Tables>,
  notNeeded: readonly string[],
): Promise<Record<string, Check>> {
  const checks: Record<string, Check> = {};
  let beats: { service: string; ready: boolean; detail: string }[] = [];
  let unknown = "";
  try {
    const { rows } = await within(
      sql<(typeof beats)[number]>`
        select service, bool_or(ready) as ready, string_agg(distinct detail, '; ') filter (where not ready) as detail
          from heartbeat where seen_at > now() - make_interval(secs => ${MISSED_AFTER_SECONDS})
         group by service`.execute(database),
    );
    beats = rows;
  } catch {
    unknown = "not known: the database does not answer";
  }
  for (const service of SERVICES) {
    const beat = beats.find((row) => row.service === service);
    // Notification lives even when its smarthost does not: that is told beside it and stops no letter from coming in.
    const ok = beat !== undefined && (beat.ready || service === "notification");
    checks[service] = {
      ok,
      needed: !notNeeded.includes(service),
      detail: beat ? (ok ? "working" : beat.detail) : unknown || "no sign of life",
    };
  }
  const notification = beats.find((row) => row.service === "notification");
  checks["smarthost"] = {
    ok: notification?.ready === true,
    needed: false,
    detail: notification
      ? notification.detail || "answers"
      : unknown || "not known: notification is not running",
  };
  return checks;
}

const NO_GLASS = "none open";
const NO_MAILBOXES = "none";

/** @throws Error that names the mailboxes that cannot be read */
async function hostedMailboxes(database: Kysely<Tables>): Promise<string> {
  const agencies = await listAgencies(database);
  const states = await readMailboxStates(database, { actor: "worker:http", agencies });
  if (states.length === 0) return NO_MAILBOXES;
  const wrong = states.flatMap(({ id, trouble, lookedAt }) => {
    if (trouble !== null) return [`${id}: ${trouble}`];
    const ageMs = lookedAt === null ? Number.POSITIVE_INFINITY : Date.now() - lookedAt.getTime();
    return ageMs > MAILBOX_LOOK_WITHIN_MS ? [`${id}: nobody has looked into it for a while`] : [];
  });
  if (wrong.length > 0) throw new Error(wrong.join("; "));
  const notTaken = states.reduce((sum, state) => sum + state.notTaken, 0);
  return `${states.length} read; ${notTaken} messages not taken in (saraban imap)`;
}

const NO_NODES = "no nodes";
/** The longest pollSeconds of an agency's node, and time for a full queue. */
const NODE_LOOK_WITHIN_MS = 2 * 3_600_000;

/** @throws Error that names the agencies whose queues at e-CMS nodes cannot be read */
async function usedNodes(database: Kysely<Tables>): Promise<string> {
  const agencies = await listAgencies(database);
  const states = await readNodeStates(database, { actor: "worker:http", agencies });
  if (states.length === 0) return NO_NODES;
  const wrong = states.flatMap(({ agencyId, trouble, lookedAt }) => {
    if (trouble !== null) return [`${agencyId}: ${trouble}`];
    const ageMs = lookedAt === null ? Number.POSITIVE_INFINITY : Date.now() - lookedAt.getTime();
    return ageMs > NODE_LOOK_WITHIN_MS ? [`${agencyId}: nobody has looked into its queue for a while`] : [];
  });
  if (wrong.length > 0) throw new Error(wrong.join("; "));
  return `${states.length} queues at e-CMS nodes read (saraban ecms)`;
}

async function check(needed: boolean, ask: () => Promise<string>): Promise<Check> {
  try {
    return { ok: true, needed, detail: await within(ask()) };
  } catch (error) {
    return {
      ok: false,
      needed,
      detail: error instanceof Error ? error.message.slice(0, 200) : "does not answer",
    };
  }
}

function within<Result>(answer: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_WITHIN_MS} ms`)), ANSWER_WITHIN_MS);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
