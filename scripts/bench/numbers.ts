import { setTimeout as pause } from "node:timers/promises";
import type { Pool } from "pg";
import { prepareInstallation } from "../../services/installation.ts";
import { deemByCalendar } from "../../services/registry/deem-receipt.ts";
import { drainBook } from "../../services/registry/register-letter.ts";
import { openCalendar } from "../../services/shared/letter/holidays.ts";
import { systemClock } from "../../services/shared/letter/stamp.ts";
import type { Tables } from "../../services/shared/letter/tables.ts";
import { openAdminPool, openDatabase } from "../../services/shared/runtime/database.ts";
import {
  type EmbeddedConnection,
  startEmbeddedPostgres,
} from "../../services/shared/runtime/embedded-postgres.ts";
import { openLog } from "../../services/shared/runtime/log.ts";
import { loadSettings } from "../../services/shared/runtime/settings.ts";
import { type Bench, type BenchRun, median, rounded } from "./bench-run.ts";
import { numbersCheck } from "./check-numbers.ts";
import { openLockedRow, type PeerLetter } from "./locked-row-peer.ts";
import { openArrivals } from "./waiting-letters.ts";

const OURS = "agency-a";
const PEERS = "agency-b";
const CONNECTIONS = 8;
const ROUNDS = 5;
/** PostgreSQL waits so long before each flush, also for a lone transaction: a disk that takes 5 ms a commit. */
const SLOW_COMMIT_US = 5_000;
/** More than a peer registers in a second here; where it does more, its run ends early and its figure is still right. */
const PEER_LETTERS_A_SECOND = 2_500;

/** What is measured, in turn. */
type Side = "ours" | "locked_row" | "locked_row_alone" | "counter_only";

/** One run: makes its letters wait, is then given the start, and checks what came of it. */
type Sides = Readonly<Record<Side, { prepare(): Promise<void>; run(): Promise<number> }>>;

/** Registrations a second into one book; all in turn, so that a machine that slows down slows them all. */
export const bench: Bench = async (run) => {
  const { options, say } = run;
  const letters = options.letters ?? (options.quick ? 3_000 : 15_000);
  const seconds = options.seconds ?? (options.quick ? 1 : 3);
  const rounds = options.quick ? 1 : ROUNDS;
  const { pool, address, parts } = await startBooks(run);
  const sides = await openSides(run, { pool, address, parts, letters, seconds });
  const measure = async (title: string): Promise<Record<Side, number>> => {
    const rates: Partial<Record<Side, number>> = {};
    for (const [name, side] of Object.entries(sides) as [Side, Sides[Side]][]) {
      await side.prepare();
      // What is left over from filling and from the run before is not this side's work.
      await pool.query("vacuum (analyze)");
      await pool.query("checkpoint");
      rates[name] = await side.run();
    }
    const said = Object.entries(rates).map(([name, perS]) => `${name} ${rounded(perS)}/s`);
    say(`${title}: ${said.join(", ")}`);
    return rates as Record<Side, number>;
  };
  await measure("warm-up");
  const figures: Record<string, object> = {};
  for (const [disk, delayUs] of [
    ["fast_disk", 0],
    ["slow_disk", SLOW_COMMIT_US],
  ] as const) {
    await delayCommits(pool, delayUs);
    const commitMs = await commitTime(pool);
    const taken: Record<Side, number>[] = [];
    for (let round = 1; round <= rounds; round++) taken.push(await measure(`${disk} ${round}/${rounds}`));
    figures[disk] = compare(taken, commitMs);
  }
  return {
    bench: "numbers",
    ...figures,
    letters,
    seconds,
    runs: rounds,
    connections: CONNECTIONS,
    batch_size: parts.batchSize,
  };
};

/** A database of our own with the durability of an installation's, and what room registry works with. */
async function startBooks(run: BenchRun) {
  const settings = loadSettings({ SARABAN_DATA_DIR: run.scratchDir });
  const log = openLog("warn", "bench");
  const postgres = await startEmbeddedPostgres({ dataDir: run.scratchDir, log });
  run.atEnd(() => postgres.stop());
  await prepareInstallation(settings, postgres.connection);
  const pool = openAdminPool(postgres.connection);
  run.atEnd(() => pool.end());
  const database = openDatabase<Tables>(
    postgres.connection,
    "saraban_registry",
    settings.database.poolSize,
    log,
  );
  run.atEnd(() => database.destroy());
  await pool.query(`
    create schema bench;
    create table bench.counter (id integer primary key, number bigint not null);
    create table bench.line (number bigint primary key, words text not null);
    insert into bench.counter values (1, 0);
    grant usage on schema bench to saraban_registry;
    grant select, update on bench.counter to saraban_registry;
    grant insert on bench.line to saraban_registry;
    insert into saraban.book (id, agency_id, direction, series)
      select id || '.inbound.ordinary', id, 'inbound', 'ordinary' from saraban.agency`);
  const parts = {
    database,
    now: systemClock(),
    batchSize: settings.registry.batchSize,
    maxFailures: settings.queue.maxFailures,
    reasonToHold: () => null,
    deem: deemByCalendar(openCalendar(settings.holidaysDir), log),
    quarantine: settings.quarantine,
    log,
  };
  return { pool, address: postgres.connection, parts };
}

async function openSides(
  run: BenchRun,
  given: {
    readonly pool: Pool;
    readonly address: EmbeddedConnection;
    readonly parts: Parameters<typeof drainBook>[0];
    readonly letters: number;
    readonly seconds: number;
  },
): Promise<Sides> {
  const { pool, parts, letters } = given;
  const forMs = given.seconds * 1000;
  const { seed } = run.options;
  const arrive = openArrivals(pool, OURS, seed);
  const check = numbersCheck(pool, OURS, { inOrderOfArrival: true });
  const peer = await openLockedRow(given.address, PEERS, CONNECTIONS);
  run.atEnd(() => peer.close());
  const arriveAtPeer = openArrivals(pool, PEERS, seed);
  const checkPeer = numbersCheck(pool, PEERS, { inOrderOfArrival: false });
  const waiting: PeerLetter[] = [];
  let unnumbered = 0;
  const lockedRow = (connections: number): Sides[Side] => ({
    async prepare() {
      const missing = Math.max(0, given.seconds * PEER_LETTERS_A_SECOND - waiting.length);
      for (const { id, verdict, arrived } of await arriveAtPeer(missing)) {
        const deemed = parts.deem(new Date(arrived), {});
        if (verdict === "ready")
          waiting.push({ intakeId: id, deemedAt: deemed.at, deemedBasis: deemed.basis });
        else unnumbered += 1; // it numbers what can be numbered, and leaves the rest
      }
    },
    async run() {
      const perS = await peer.register(waiting, connections, forMs);
      await checkPeer(waiting.length + unnumbered);
      return perS;
    },
  });
  return {
    ours: {
      async prepare() {
        await arrive(letters);
      },
      async run() {
        const startMs = performance.now();
        const drained = await drainBook(parts, OURS, `${OURS}.inbound.ordinary`);
        const tookMs = performance.now() - startMs;
        if (drained.letters !== letters) throw new Error(`${drained.letters} of ${letters} were drained`);
        return ((await check(0)) * 1000) / tookMs;
      },
    },
    locked_row: lockedRow(CONNECTIONS),
    locked_row_alone: lockedRow(1),
    counter_only: { async prepare() {}, run: () => peer.count(CONNECTIONS, forMs) },
  };
}

/** Makes every flush of the server's log wait; 0: the disk as it is. */
async function delayCommits(pool: Pool, delayUs: number): Promise<void> {
  await pool.query("alter system set commit_siblings = 0");
  await pool.query(`alter system set commit_delay = ${delayUs}`);
  await pool.query("select pg_reload_conf()");
  const isSo = async (): Promise<boolean> => {
    const { rows } = await pool.query<{ now: number }>(
      "select setting::integer as now from pg_settings where name = 'commit_delay'",
    );
    return rows[0]?.now === delayUs;
  };
  for (const giveUpMs = performance.now() + 10_000; !(await isSo()); await pause(20)) {
    if (performance.now() > giveUpMs) throw new Error("PostgreSQL does not take commit_delay");
  }
}

/** What one small transaction takes, ms. */
async function commitTime(pool: Pool): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < 50; index++) {
    const startMs = performance.now();
    await pool.query("update bench.counter set number = number where id = 1");
    times.push(performance.now() - startMs);
  }
  return median(times);
}

function compare(rounds: readonly Record<Side, number>[], commitMs: number) {
  const perS = (side: Side): number => median(rounds.map((rates) => rates[side]));
  const ours = perS("ours");
  return {
    ours_per_s: rounded(ours),
    locked_row_per_s: rounded(perS("locked_row")),
    ratio: rounded(ours / perS("locked_row"), 2),
    locked_row_alone_per_s: rounded(perS("locked_row_alone")),
    ratio_alone: rounded(ours / perS("locked_row_alone"), 2),
    counter_only_per_s: rounded(perS("counter_only")),
    commit_ms: rounded(commitMs, 2),
  };
}
