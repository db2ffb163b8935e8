import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Pool } from "pg";
import { findInstallation } from "../../services/installation.ts";
import { openAdminPool } from "../../services/shared/runtime/database.ts";
import { loadSettings } from "../../services/shared/runtime/settings.ts";
import { openStore } from "../../services/shared/runtime/store.ts";
import type { Scratch } from "../scratch.ts";
import { waitUntilSettled } from "../wait-until-settled.ts";
import { checkKept, type KeptFindings } from "./check-kept.ts";
import { startHostileInstallation } from "./hostile-installation.ts";
import { hostileMessages } from "./hostile-messages.ts";
import type { Seed } from "./hostile-mutations.ts";
import { type SentRecord, sendHostile, sendInnocent } from "./hostile-senders.ts";
import { watchMemory } from "./resident-memory.ts";

export interface HostileOptions {
  readonly messages: number;
  readonly seed: number;
  readonly seeds: readonly Seed[];
  /** All must have its outcome so long after the last message. */
  readonly settleMs: number;
  /** Name of a bug of plants.ts that is planted into the service. */
  readonly plant: string | undefined;
}

export interface HostileResult extends KeptFindings {
  readonly confirmed: number;
  readonly refused: number;
  readonly unanswered: number;
  readonly innocent: number;
  /** Times that the service ended by itself, and log lines that say that something was not caught. */
  readonly crashes: number;
  readonly maxRssMb: number;
  readonly maxRssSumMb: number;
  readonly memoryAtMax: readonly string[];
  readonly settleSeconds: number | null;
}

/** Senders wait while more jobs are open: the innocent client's letters are to be registered meanwhile, not at the end. */
const MOST_OPEN_JOBS = 150;
const BACKLOG_CHECK_MS = 100;
const PROGRESS_MS = 10_000;
const AFTER_CRASH_MS = 500;

/** One run: an installation of its own, hostile messages, an innocent client, and a look at everything afterwards. */
export async function runHostileDrill(
  { messages, seed, seeds, settleMs, plant }: HostileOptions,
  scratch: Scratch,
  say: (words: string) => void,
): Promise<HostileResult> {
  const { dir, signal } = scratch;
  say("making the bombs and starting the service …");
  const make = hostileMessages(seeds, seed);
  const dataDir = join(dir, "data");
  const openAdmin = (): Pool => {
    const pool = openAdminPool(findInstallation(loadSettings({ SARABAN_DATA_DIR: dataDir })));
    // Its connections end with the service's database; what asked hears it as well.
    pool.on("error", () => {});
    return pool;
  };
  let admin: Pool;
  const service = await startHostileInstallation({
    dataDir,
    plant,
    scratch,
    say,
    restarted: () => {
      admin = openAdmin();
    },
  });
  admin = openAdmin();
  const memory = watchMemory(service.pid);
  scratch.atEnd(() => memory.stop());

  const record: SentRecord = {
    confirmed: new Map(),
    innocent: [],
    refusedInnocent: 0,
    refused: 0,
    unanswered: 0,
    answeredMs: performance.now(),
    gaveUp: false,
  };
  const allSent = new AbortController();
  const backlog = watchBacklog(() => admin);
  const progress = setInterval(
    () =>
      say(
        `${record.confirmed.size} messages confirmed, ${record.refused} refused, ${memory.maxMb} MB at most`,
      ),
    PROGRESS_MS,
  );
  scratch.atEnd(() => {
    clearInterval(progress);
    backlog.stop();
  });
  const sending = { port: service.port, record, signal };
  const innocent = sendInnocent(sending, { seed: (seed % 80) + 1, until: allSent.signal });
  innocent.catch(() => {}); // told by the await below
  await sendHostile(sending, { messages, make, mayGo: backlog.mayGo });
  allSent.abort();
  await innocent;
  say(
    record.gaveUp
      ? "WRONG: the service takes nothing any more; what it has taken is looked at all the same"
      : "all is sent; waiting until everything has its outcome …",
  );
  const settled = async (): Promise<number | null> => {
    for (let crashes = -1; ; ) {
      try {
        return await waitUntilSettled(admin, settleMs, signal);
      } catch (error) {
        // Once more after each crash; without one it is our fault.
        await pause(AFTER_CRASH_MS, undefined, { signal });
        if (service.crashes() <= Math.max(0, crashes)) throw error;
        crashes = service.crashes();
        await service.ready();
      }
    }
  };
  const settledMs = await settled();
  clearInterval(progress);
  backlog.stop();
  memory.stop();
  const store = await openStore({ dir: join(dataDir, "letters") });
  let told = 0;
  const tell = (fault: string): void => {
    told += 1;
    if (told <= 20) say(`WRONG: ${fault}`);
  };
  const found = await checkKept(record, { admin, store, tell });
  if (told > 20) say(`WRONG: … and ${told - 20} more`);
  await admin.end();
  await service.stop();
  return {
    ...found,
    confirmed: record.confirmed.size,
    refused: record.refused,
    unanswered: record.unanswered,
    innocent: record.innocent.length,
    crashes:
      service.crashes() +
      Number(record.gaveUp) +
      (await uncaughtLines(join(dataDir, "all.log"), { tell, say })),
    maxRssMb: memory.maxMb,
    maxRssSumMb: memory.maxSumMb,
    memoryAtMax: memory.atMax,
    settleSeconds: settledMs === null ? null : Math.round(settledMs / 100) / 10,
  };
}

/** Lets senders go while there is not too much open work; what has failed and waits to be tried again does not count. */
function watchBacklog(admin: () => Pool) {
  let open = 0;
  let stopped = false;
  const look = async (): Promise<void> => {
    const { rows } = await admin().query<{ open: number }>(
      "select count(*)::int as open from saraban.outbox where failures = 0",
    );
    open = rows[0]?.open ?? 0;
  };
  const watching = async (): Promise<void> => {
    while (!stopped) {
      await look().catch(() => {});
      await pause(BACKLOG_CHECK_MS);
    }
  };
  void watching();
  return {
    mayGo: async (): Promise<boolean> => {
      if (open >= MOST_OPEN_JOBS) await pause(BACKLOG_CHECK_MS);
      return open < MOST_OPEN_JOBS;
    },
    stop: () => {
      stopped = true;
    },
  };
}

/** What V8 and node say of what nobody caught, and our own fatal lines; what else was logged, and how often, is said. */
async function uncaughtLines(
  logFile: string,
  { tell, say }: { tell(fault: string): void; say(words: string): void },
): Promise<number> {
  const lines = (await readFile(logFile, "utf8")).split("\n").filter((line) => line !== "");
  const logged = Map.groupBy(lines, (line) => /"msg":"([^"]{1,100})/.exec(line)?.[1] ?? "(not of ours)");
  for (const [message, all] of logged) say(`logged ${all.length} times: ${message}`);
  const bad = lines.filter((line) =>
    line.startsWith("{")
      ? line.includes('"level":"fatal"')
      : /uncaught|unhandled|FATAL ERROR|out of memory/i.test(line),
  );
  for (const line of bad) tell(line.slice(0, 200));
  return bad.length;
}
