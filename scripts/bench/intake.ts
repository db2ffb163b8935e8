import { join } from "node:path";
import { prepareInstallation } from "../../services/installation.ts";
import { openAdminPool } from "../../services/shared/runtime/database.ts";
import { startEmbeddedPostgres } from "../../services/shared/runtime/embedded-postgres.ts";
import { openLog } from "../../services/shared/runtime/log.ts";
import { loadSettings } from "../../services/shared/runtime/settings.ts";
import { startServiceProcess } from "../../services/shared/testing/service-process.ts";
import { type Bench, type BenchRun, findProgram, median, rounded } from "./bench-run.ts";
import { startPostfix } from "./postfix-peer.ts";
import { type Load, loadDoor } from "./smtp-load.ts";

const LETTER_BYTES = 20 * 1024;
const CONNECTIONS = 20;
const KINDS = ["kept", "fresh"] as const;
/** Caches, prepared plans and compiled code are there before the first figure is taken, on both sides. */
const WARM_UP_LETTERS = 400;
const ROUNDS = 5;

interface Server {
  readonly port: number;
  /** Letters it holds, counted where they lie, not from what it said. */
  count(): Promise<number>;
  /** Between the runs, outside of the time taken. */
  afterRun(): Promise<void>;
}

type Rates = Record<(typeof KINDS)[number], number[]>;

/** Durable accept rate over SMTP; ours and Postfix in turn (ABAB…), so that a machine that slows down slows both. */
export const bench: Bench = async (run) => {
  const { options, say } = run;
  const letters = options.letters ?? (options.quick ? 600 : 3_000);
  const rounds = options.quick ? 1 : ROUNDS;
  const ours = await startOurs(run);
  const postfix = findProgram("smtp-source") && (await startPostfix(join(run.scratchDir, "postfix"), "agency-a.example.go.th"));
  if (postfix) run.atEnd(() => postfix.stop());
  else say("no Postfix with smtp-source here, or not root: measured without a peer");
  const peer: Server | undefined = postfix && {
    port: postfix.port,
    count: () => postfix.countHeld(),
    afterRun: () => postfix.clearHeld(),
  };
  const rates: { ours: Rates; peer: Rates } = { ours: { kept: [], fresh: [] }, peer: { kept: [], fresh: [] } };
  for (const connection of KINDS) {
    await measure(ours, WARM_UP_LETTERS, connection);
    if (peer) await measure(peer, WARM_UP_LETTERS, connection);
    for (let round = 1; round <= rounds; round++) {
      const oursPerS = await measure(ours, letters, connection);
      rates.ours[connection].push(oursPerS);
      const peerPerS = peer ? await measure(peer, letters, connection) : Number.NaN;
      if (peer) rates.peer[connection].push(peerPerS);
      say(`${connection} ${round}/${rounds}: ours ${rounded(oursPerS)}/s${peer ? `, Postfix ${rounded(peerPerS)}/s` : ""}`);
    }
  }
  const figures = Object.fromEntries(KINDS.map((kind) => [kind, compare(rates.ours[kind], rates.peer[kind])]));
  return {
    bench: "intake",
    ...figures,
    messages: letters,
    runs: rounds,
    letter_bytes: LETTER_BYTES,
    connections: CONNECTIONS,
    peer: postfix ? `Postfix ${postfix.version}` : null,
  };
};

/** The intake service as a process of its own on a fresh embedded PostgreSQL; no other service runs. */
async function startOurs(run: BenchRun): Promise<Server> {
  const dataDir = join(run.scratchDir, "saraban");
  const settings = loadSettings({ SARABAN_DATA_DIR: dataDir });
  const postgres = await startEmbeddedPostgres({ dataDir, log: openLog("warn", "bench") });
  run.atEnd(() => postgres.stop());
  await prepareInstallation(settings, postgres.connection);
  const intake = await startServiceProcess("intake", { dataDir });
  run.atEnd(() => intake.stop());
  const pool = openAdminPool(postgres.connection);
  run.atEnd(() => pool.end());
  let before = 0;
  const total = async (): Promise<number> => {
    // What saraban_intake wrote, as the one who made the tables sees it: row-level security does not bind that one.
    const { rows } = await pool.query<{ count: number }>("select count(*)::int as count from saraban.intake");
    return rows[0]?.count ?? 0;
  };
  return {
    port: intake.smtpPort,
    count: async () => (await total()) - before,
    afterRun: async () => {
      before = await total();
    },
  };
}

async function measure(server: Server, letters: number, connection: Load["connection"]): Promise<number> {
  const rate = await loadDoor({
    port: server.port,
    letters,
    connections: CONNECTIONS,
    sizeBytes: LETTER_BYTES,
    connection,
    from: "saraban@opdc.example.go.th",
    to: "saraban@agency-a.example.go.th",
  });
  const kept = await server.count();
  if (kept !== letters) throw new Error(`${letters} letters got their 250, ${kept} are there`);
  await server.afterRun();
  return rate;
}

function compare(ours: readonly number[], peer: readonly number[]) {
  const oursPerS = median(ours);
  const peerPerS = peer.length > 0 ? median(peer) : null;
  return {
    ours_per_s: rounded(oursPerS),
    peer_per_s: peerPerS === null ? null : rounded(peerPerS),
    ratio: peerPerS === null ? null : rounded(oursPerS / peerPerS, 2),
  };
}
