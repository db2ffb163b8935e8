import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Pool } from "pg";
import { prepareInstallation } from "../../services/installation.ts";
import { openAdminPool } from "../../services/shared/runtime/database.ts";
import { loadSettings } from "../../services/shared/runtime/settings.ts";
import { openStore } from "../../services/shared/runtime/store.ts";
import { freePort } from "../../services/shared/testing/free-port.ts";
import { type SampleLetter, sampleLetter } from "../../services/shared/testing/sample-letters.ts";
import { seededRandom } from "../../services/shared/testing/seeded-random.ts";
import { openSmtpSink, type SinkAnswer } from "../../services/shared/testing/smtp-sink.ts";
import type { Scratch } from "../scratch.ts";
import { checkBooks, type Findings } from "./check-books.ts";
import { startDrillDatabase } from "./database-server.ts";
import { bringFaults, type FaultReport, faultsLastMs, planFaults, SERVICES } from "./faults.ts";
import { sendAsAgents } from "./mail-agents.ts";
import { startPace } from "./pace.ts";
import type { Plant } from "./plants.ts";
import { type QueueKind, startDrillQueue } from "./queue-server.ts";
import { startSupervisor } from "./supervisor.ts";

export interface KillOptions {
  readonly letters: number;
  readonly kills: number;
  readonly seed: number;
  readonly queue: QueueKind;
  /** All is registered and acknowledged so long after the last fault (invariant I8), or it counts as stuck. */
  readonly settleMs: number;
  readonly plant: (Plant & { readonly name: string }) | undefined;
}

export interface KillResult extends Findings {
  readonly faults: FaultReport;
  readonly kills: number;
  readonly deliveryAttempts: number;
  readonly cutConnections: number;
  readonly lostAnswers: number;
  readonly sinkRefusals: number;
  readonly sinkHangUps: number;
  readonly settleSeconds: number | null;
  readonly ownDeaths: Readonly<Record<string, number>>;
  readonly failedStarts: number;
}

/** Share of a sender's attempts that it cuts itself. */
const CUT_SHARE = 0.02;
/** Of so many acknowledgements one is put off and one is taken without an answer. */
const SINK_FAULTS = { every: 100, atMost: 6 };

/** One run: the production arrangement, letters, faults, and a look at everything afterwards. */
export async function runKillDrill(
  { letters: count, kills, seed, queue: kind, settleMs, plant }: KillOptions,
  scratch: Scratch,
  say: (words: string) => void,
): Promise<KillResult> {
  const random = seededRandom(seed);
  const letters = makeLetters(count, seed);
  const { dir, signal } = scratch;

  say("starting PostgreSQL, the queue and a mail server for the acknowledgements …");
  const database = await startDrillDatabase(join(dir, "database"), plant?.database);
  scratch.atEnd(() => database.stop());
  const queue = await startDrillQueue(kind, database.url);
  scratch.atEnd(() => queue.stop());
  const sinkFaults = { refusals: 0, hangUps: 0 };
  const sink = await openSmtpSink({ onMessage: faultySink(sinkFaults) });
  scratch.atEnd(() => sink.close());
  const dataDir = join(dir, "service");
  // One port for the whole run: the senders know the service by it.
  const smtpPort = await freePort();
  const environment = {
    DATABASE_URL: database.url,
    ...queue.environment,
    SARABAN_SMTP_PORT: String(smtpPort),
    SARABAN_SMARTHOST_URL: sink.url,
    SARABAN_QUEUE_RESEND_AFTER_SECONDS: "5",
    SARABAN_LOG_LEVEL: "info",
  };
  const settings = loadSettings({ ...environment, SARABAN_DATA_DIR: dataDir });
  await prepareInstallation(settings, { connectionString: database.url });
  const admin = openAdminPool({ connectionString: database.url });
  admin.on("error", () => {}); // PostgreSQL is killed during the drill
  scratch.atEnd(() => admin.end());

  const supervisor = startSupervisor({
    dataDir,
    environment: { ...environment, ...(plant ? { DRILL_PLANT: plant.name } : {}) },
    nodeArguments: plant ? ["--import", fileURLToPath(new URL("plant-hook.ts", import.meta.url))] : [],
  });
  scratch.atEnd(() => supervisor.stop());
  say(`starting ${SERVICES.join(", ")}, each a process of its own …`);
  await Promise.all(SERVICES.map((name) => supervisor.add(name)));

  const lastMs = faultsLastMs(kills);
  const held = Math.max(5, Math.ceil(count * 0.04));
  const faultsThrough = Promise.withResolvers<void>();
  const pace = startPace();
  const sendersGiveUp = new AbortController();
  const agents = sendAsAgents({
    port: smtpPort,
    letters,
    mayGo: (index) =>
      index < count - held ? pace.reach((lastMs * index) / count, signal) : faultsThrough.promise,
    cutShare: CUT_SHARE,
    random,
    signal: AbortSignal.any([signal, sendersGiveUp.signal]),
  });
  const progress = setInterval(
    () =>
      say(`${agents.accepted} of ${count} letters accepted, ${sink.received.length} acknowledgements came`),
    5_000,
  );
  scratch.atEnd(() => clearInterval(progress));
  const plan = planFaults(kills, seededRandom(seed + 1));
  const faults = await bringFaults(plan, { supervisor, database, queue, admin, pace, signal, say });
  faultsThrough.resolve();
  // A service that takes nothing any more is a finding, not a reason to wait for ever.
  const overdue = setTimeout(() => sendersGiveUp.abort(), settleMs);
  await agents.done.catch(() => signal.throwIfAborted());
  clearTimeout(overdue);
  say(`${agents.accepted} of ${count} letters are accepted; waiting until everything is settled …`);
  const settledAfterMs = await waitUntilSettled(admin, settleMs, signal);
  clearInterval(progress);
  say(
    settledAfterMs === null
      ? `NOT settled after ${settleMs / 1000} s`
      : `settled after ${(settledAfterMs / 1000).toFixed(1)} s`,
  );
  await supervisor.stop();

  say("looking at the books, the store and the acknowledgements …");
  const store = await openStore({ dir: join(dataDir, "letters") });
  let told = 0;
  const tell = (fault: string): void => {
    told += 1;
    if (told <= 40) say(`WRONG: ${fault}`);
    if (told === 41) say("WRONG: … and more");
  };
  const findings = await checkBooks({ sent: agents.sent, admin, store, sink, logDir: dataDir, tell });
  return {
    ...findings,
    faults,
    kills: Object.values(faults.kills).reduce((sum, times) => sum + times, 0),
    deliveryAttempts: agents.attempts,
    cutConnections: agents.cuts,
    lostAnswers: agents.lostAnswers,
    sinkRefusals: sinkFaults.refusals,
    sinkHangUps: sinkFaults.hangUps,
    settleSeconds: settledAfterMs === null ? null : Math.round(settledAfterMs / 100) / 10,
    ownDeaths: supervisor.ownDeaths,
    failedStarts: supervisor.failedStarts,
  };
}

/** Most letters small; one in forty too large for the database, so that it goes into the file store. */
function makeLetters(count: number, seed: number): SampleLetter[] {
  return Array.from({ length: count }, (_, index) =>
    sampleLetter(index, {
      seed,
      sizeBytes: index % 40 === 7 ? 100 * 1024 : 4 * 1024,
      to: `saraban@agency-${index % 3 === 2 ? "b" : "a"}.example.go.th`,
    }),
  );
}

/** The other agency's server: now and then it asks to be tried later, or dies just after it has taken a message. */
function faultySink(counted: { refusals: number; hangUps: number }): () => SinkAnswer | undefined {
  let messages = 0;
  return () => {
    messages += 1;
    if (messages % SINK_FAULTS.every === 25 && counted.refusals < SINK_FAULTS.atMost) {
      counted.refusals += 1;
      return { kind: "refuse", code: 451, text: "4.3.0 try again later" };
    }
    if (messages % SINK_FAULTS.every === 10 && counted.hangUps < SINK_FAULTS.atMost) {
      counted.hangUps += 1;
      return { kind: "hang-up" };
    }
    return undefined;
  };
}

/** Waits until no work is open and every arrival has its outcome. @returns how long it took, null when it did not come */
async function waitUntilSettled(admin: Pool, withinMs: number, signal: AbortSignal): Promise<number | null> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < withinMs) {
    const { rows } = await admin.query<{ open: boolean }>(
      `select exists (select from saraban.outbox where failed_at is null)
           or exists (select from saraban.intake i where not exists (select from saraban.outcome o where o.intake_id = i.id)) as open`,
    );
    if (rows[0]?.open === false) return performance.now() - startedMs;
    await pause(250, undefined, { signal });
  }
  return null;
}
