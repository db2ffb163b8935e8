import { parseArgs } from "node:util";
import type { RunDrill } from "../drill.ts";
import { inScratch } from "../scratch.ts";
import { type KillOptions, type KillResult, runKillDrill } from "./kill-run.ts";
import { plants } from "./plants.ts";
import { defaultQueue, type QueueKind } from "./queue-server.ts";

const HELP = `Usage: npm run drill -- kill [OPTION…]

Runs every service as a process of its own, sends letters as other offices' mail servers do, and meanwhile kills the
services in turn (kill -9), kills PostgreSQL, empties the queue, freezes the registry for 20 s, cuts connections of
senders and refuses acknowledgements. Then it looks whether anything was lost.

  --letters N        letters sent (default 2000)
  --kills N          services killed, at least 6 (default 30)
  --seed N           of everything that is random (default: a new one, told in the result)
  --queue KIND       redis, postgres or both (default: redis where redis-server is installed, else postgres)
  --settle SECONDS   all must be settled so long after the last letter (default 120)
  --keep             keep logs and data, also when all is well
  --plant BUG        with a bug planted, to see that the drill finds it:
${Object.entries(plants)
  .map(([name, { says }]) => `                       ${name}: ${says}`)
  .join("\n")}
`;

/** What must be 0. */
const MUST_BE_ZERO = [
  "lost",
  "refused",
  "unregistered",
  "unacknowledged",
  "gaps",
  "doubles",
  "fallingTimes",
  "outcomes",
  "contradictions",
  "openJobs",
  "failedJobs",
  "undeliveredNotices",
  "logLeaks",
] as const satisfies (keyof KillResult)[];

/** `npm run drill -- kill` */
export const run: RunDrill = async (args) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      letters: { type: "string", default: "2000" },
      kills: { type: "string", default: "30" },
      seed: { type: "string" },
      queue: { type: "string" },
      settle: { type: "string", default: "120" },
      plant: { type: "string" },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [letters, kills, settle] = [values.letters, values.kills, values.settle].map(Number) as [
    number,
    number,
    number,
  ];
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
  const kinds = queueKinds(values.queue);
  const plant = values.plant === undefined ? undefined : plants[values.plant];
  const fault =
    !Number.isInteger(letters) || letters < 50 || letters > 90_000
      ? "--letters is a number from 50 to 90000"
      : !Number.isInteger(kills) || kills < 6
        ? "--kills is a number from 6 on"
        : !Number.isInteger(seed) || seed < 0
          ? "--seed is a whole number"
          : !(settle > 0)
            ? "--settle is a number of seconds"
            : kinds.length === 0
              ? "--queue is redis, postgres or both"
              : values.plant !== undefined && !plant
                ? `--plant is one of ${Object.keys(plants).join(", ")}`
                : undefined;
  if (fault !== undefined) {
    process.stderr.write(`drill kill: ${fault}\n`);
    return 64;
  }
  let allGood = true;
  for (const queue of kinds) {
    const planted = plant && values.plant !== undefined ? { ...plant, name: values.plant } : undefined;
    const code = await runOnce(
      { letters, kills, seed, queue, settleMs: settle * 1000, plant: planted },
      values.keep,
    );
    if (code === 130) return 130;
    allGood &&= code === 0;
  }
  return allGood ? 0 : 1;
};

function queueKinds(queue: string | undefined): QueueKind[] {
  if (queue === undefined) return [defaultQueue()];
  if (queue === "both") return ["redis", "postgres"];
  return queue === "redis" || queue === "postgres" ? [queue] : [];
}

async function runOnce(options: KillOptions, keep: boolean): Promise<number> {
  const startedMs = performance.now();
  const seconds = (): number => Math.round((performance.now() - startedMs) / 100) / 10;
  const say = (words: string): void =>
    void process.stderr.write(`${seconds().toFixed(1).padStart(6)} s  ${words}\n`);
  say(`${options.letters} letters, ${options.kills} kills, queue in ${options.queue}, seed ${options.seed}`);
  let result: KillResult | undefined;
  const { good, interrupted } = await inScratch(
    "saraban-drill",
    async (scratch) => {
      result = await runKillDrill(options, scratch, say);
      return isGood(result, options);
    },
    keep,
  );
  if (interrupted || !result) return 130;
  process.stdout.write(`${JSON.stringify(resultLine(result, options, good, seconds()))}\n`);
  return good ? 0 : 1;
}

function isGood(result: KillResult, { letters, kills }: KillOptions): boolean {
  return (
    MUST_BE_ZERO.every((name) => result[name] === 0) &&
    result.settleSeconds !== null &&
    result.accepted === letters &&
    result.registered === result.accepted &&
    result.kills >= kills
  );
}

function resultLine(result: KillResult, options: KillOptions, good: boolean, seconds: number) {
  const { faults, duplicateReceipts, duplicateArrivals, ...rest } = result;
  return {
    drill: "kill",
    good,
    ...(options.plant ? { planted: options.plant.name } : {}),
    queue: options.queue,
    seed: options.seed,
    letters: options.letters,
    seconds,
    ...rest,
    duplicate_receipts: duplicateReceipts,
    duplicate_arrivals: duplicateArrivals,
    // Rule of three: with none lost of n, the share that may be lost is below 3/n at 95 % confidence.
    ...(result.lost === 0 && result.accepted > 0 ? { loss_below_95: 3 / result.accepted } : {}),
    killed: faults.kills,
    database_crashes: faults.databaseCrashes,
    database_away_ms: Math.round(faults.databaseAwayMs),
    queue_wipes: faults.queueWipes,
    frozen_ms: Math.round(faults.frozenMs),
    frozen_in_transaction: faults.frozenInTransaction,
  };
}
