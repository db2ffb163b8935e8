import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { projectDir } from "../../services/shared/runtime/settings.ts";
import { CorpusFault, chooseLetters, loadCorpus } from "../corpus/expected.ts";
import type { RunDrill } from "../drill.ts";
import { inScratch } from "../scratch.ts";
import type { Seed } from "./hostile-mutations.ts";
import { type HostileOptions, type HostileResult, runHostileDrill } from "./hostile-run.ts";
import { plants } from "./plants.ts";

/** Of the service with all its processes, without PostgreSQL; pages that they share are counted once. */
const MAX_RSS_MB = 400;
const PLANTS = ["lose-an-octet"];

const HELP = `Usage: npm run drill -- hostile [OPTION…]

Sends spoilt and malicious messages to a scratch installation: octets, header fields and structure of the corpus's
letters changed at random, nesting, huge headers, thousands of parts, giant lines, archives and PDFs made to burst.
Meanwhile another client sends ordinary letters. Then it looks whether the service ended, whether each message with a 250 is
kept as it was sent, whether everything has its outcome, what memory the service took (at most ${MAX_RSS_MB} MB) and whether
the ordinary letters are all registered.

  --messages N       messages sent (default 20000)
  --seed N           of everything that is random (default: a new one, told in the result)
  --letters FOLDER   messages to be changed (default: ../shared/corpus, else samples)
  --settle SECONDS   all must have its outcome so long after the last message (default 300)
  --keep             keep logs and data, also when all is well
  --plant BUG        with a bug planted, to see that the drill finds it:
${PLANTS.map((name) => `                       ${name}: ${plants[name]?.says}`).join("\n")}
`;

/** `npm run drill -- hostile` */
export const run: RunDrill = async (args) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      messages: { type: "string", default: "20000" },
      seed: { type: "string" },
      letters: { type: "string" },
      settle: { type: "string", default: "300" },
      plant: { type: "string" },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const messages = Number(values.messages);
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
  const settle = Number(values.settle);
  const folder = chooseLetters(projectDir, values.letters);
  const fault =
    !Number.isInteger(messages) || messages < 1
      ? "--messages is a number from 1 on"
      : !Number.isInteger(seed) || seed < 0
        ? "--seed is a whole number"
        : !(settle > 0)
          ? "--settle is a number of seconds"
          : values.plant !== undefined && !PLANTS.includes(values.plant)
            ? `--plant is one of ${PLANTS.join(", ")}`
            : existsSync(join(folder, "expected.json"))
              ? undefined
              : `there is no ${join(folder, "expected.json")}`;
  if (fault !== undefined) {
    process.stderr.write(`drill hostile: ${fault}\n`);
    return 64;
  }
  const seeds = await loadSeeds(folder);
  if (seeds === undefined) return 64;
  const options = { messages, seed, seeds, settleMs: settle * 1000, plant: values.plant };
  return runOnce(options, values.keep);
};

async function loadSeeds(folder: string): Promise<Seed[] | undefined> {
  try {
    const { mails } = await loadCorpus(folder);
    return mails.map(({ expected: { envelope }, octets }) => ({ ...envelope, octets }));
  } catch (error) {
    if (!(error instanceof CorpusFault)) throw error;
    process.stderr.write(`drill hostile: ${error.message}\n`);
    return undefined;
  }
}

async function runOnce(options: HostileOptions, keep: boolean): Promise<number> {
  const startedMs = performance.now();
  const seconds = (): number => Math.round((performance.now() - startedMs) / 100) / 10;
  const say = (words: string): void =>
    void process.stderr.write(`${seconds().toFixed(1).padStart(6)} s  ${words}\n`);
  say(`${options.messages} messages made of ${options.seeds.length}, seed ${options.seed}`);
  let result: HostileResult | undefined;
  const { good, interrupted } = await inScratch(
    "saraban-drill",
    async (scratch) => {
      result = await runHostileDrill(options, scratch, say);
      say(`memory at its highest, MB: ${result.memoryAtMax.join(", ")}`);
      return isGood(result);
    },
    keep,
  );
  if (interrupted || !result) return 130;
  process.stdout.write(`${JSON.stringify(resultLine(result, options, good, seconds()))}\n`);
  return good ? 0 : 1;
}

function isGood(result: HostileResult): boolean {
  return (
    result.crashes === 0 &&
    result.mismatches === 0 &&
    result.stuck === 0 &&
    result.settleSeconds !== null &&
    result.maxRssMb < MAX_RSS_MB &&
    result.innocent > 0 &&
    result.innocentLost === 0
  );
}

function resultLine(result: HostileResult, options: HostileOptions, good: boolean, seconds: number) {
  return {
    drill: "hostile",
    messages: options.messages,
    crashes: result.crashes,
    mismatches: result.mismatches,
    max_rss_mb: result.maxRssMb,
    innocent_lost: result.innocentLost,
    good,
    ...(options.plant === undefined ? {} : { planted: options.plant }),
    seed: options.seed,
    seconds,
    max_rss_sum_mb: result.maxRssSumMb,
    confirmed: result.confirmed,
    refused: result.refused,
    unanswered: result.unanswered,
    stuck: result.stuck,
    innocent: result.innocent,
    innocent_p95_ms: result.innocentP95Ms,
    settle_seconds: result.settleSeconds,
    outcomes: result.outcomes,
  };
}
