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
const DOMAIN = "agency-a.example.go.th";
const KINDS = ["kept", "fresh"] as const;
/** Caches, prepared plans and compiled code are there before the first figure is taken, on all sides. */
const WARM_UP_LETTERS = 400;
const ROUNDS = 5;

/** A server under measurement. */
interface Server {
  readonly name: "ours" | "peer" | "peer_holding";
  readonly port: number;
  /** Letters it has had since its start, counted where they lie; called between the runs, and waits until it rests. */
  count(): Promise<number>;
}

/** Durable accept rate over SMTP; all in turn (ABCABC…), so that a machine that slows down slows them all. */
export const bench: Bench = async (run) => {
  const { options, say } = run;
  const letters = options.letters ?? (options.quick ? 500 : 5_000);
  const rounds = options.quick ? 1 : ROUNDS;
  const ours = await startOurs(run);
  const { peers, version } = await startPeers(run);
  const figures: Record<string, object> = {};
  for (const connection of KINDS) {
    const rates: Record<string, number[]> = { ours: [], peer: [], peer_holding: [] };
    for (let round = 0; round <= rounds; round++) {
      const said: string[] = [];
      for (const server of [ours, ...peers]) {
        const perS = await measure(server, round === 0 ? WARM_UP_LETTERS : letters, connection);
        if (round > 0) rates[server.name]?.push(perS);
        said.push(`${server.name} ${rounded(perS)}/s`);
      }
      say(`${connection} ${round === 0 ? "warm-up" : `${round}/${rounds}`}: ${said.join(", ")}`);
    }
    figures[connection] = compare(rates);
  }
  const size = { messages: letters, runs: rounds, letter_bytes: LETTER_BYTES, connections: CONNECTIONS };
  return { bench: "intake", ...figures, ...size, peer: version };
};

/** Postfix at its ordinary work, and Postfix that only accepts; none when it cannot be had. */
async function startPeers(run: BenchRun): Promise<{ peers: Server[]; version: string | null }> {
  const peers: Server[] = [];
  let version: string | null = null;
  for (const [name, kind] of [
    ["peer", "deliver"],
    ["peer_holding", "hold"],
  ] as const) {
    const postfix = findProgram("smtp-source")
      ? await startPostfix(join(run.scratchDir, `postfix-${kind}`), DOMAIN, kind)
      : undefined;
    if (!postfix) {
      run.say("no Postfix with smtp-source here, or not root: measured without a peer");
      break;
    }
    run.atEnd(() => postfix.stop());
    version = `Postfix ${postfix.version}`;
    peers.push({ name, port: postfix.port, count: () => postfix.settle() });
  }
  return { peers, version };
}

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
  return {
    name: "ours",
    port: intake.smtpPort,
    async count() {
      // As the one who made the tables sees it: row-level security does not bind that one.
      const { rows } = await pool.query<{ count: number }>(
        "select count(*)::int as count from saraban.intake",
      );
      return rows[0]?.count ?? 0;
    },
  };
}

async function measure(server: Server, letters: number, connection: Load["connection"]): Promise<number> {
  const before = await server.count();
  const rate = await loadDoor({
    port: server.port,
    letters,
    connections: CONNECTIONS,
    sizeBytes: LETTER_BYTES,
    connection,
    from: "saraban@opdc.example.go.th",
    to: `saraban@${DOMAIN}`,
  });
  const there = (await server.count()) - before;
  if (there !== letters)
    throw new Error(`${server.name}: ${letters} letters got their 250, ${there} are there`);
  return rate;
}

/** ratio: to Postfix at its ordinary work; ratio_holding: to Postfix that only accepts. */
function compare(rates: Readonly<Record<string, readonly number[]>>) {
  const ours = median(rates["ours"] ?? []);
  const perS = (name: string): number | null => (rates[name]?.length ? rounded(median(rates[name])) : null);
  const ratio = (name: string): number | null =>
    rates[name]?.length ? rounded(ours / median(rates[name]), 2) : null;
  return {
    ours_per_s: rounded(ours),
    peer_per_s: perS("peer"),
    ratio: ratio("peer"),
    peer_holding_per_s: perS("peer_holding"),
    ratio_holding: ratio("peer_holding"),
  };
}
