/**
 * npm run corpus -- [DIR]
 *
 * Sends each message of a folder of letters by SMTP, and each request of the e-CMS exchange by HTTP, to scratch installations
 * of the real service, waits for what becomes of it and compares outcome, registrations, acknowledgements, facts, attachments,
 * reports, stored octets and, byte for byte, the answers of the exchange with the folder's expected.json.
 *
 * Exit codes: 0 every file is right; 1 one is not; 64 wrong use, or a folder that cannot be used; 130 interrupted.
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { projectDir } from "../services/shared/runtime/settings.ts";
import { type Corpus, CorpusFault, loadCorpus } from "./corpus/expected.ts";
import { planRounds } from "./corpus/plan-rounds.ts";
import { accuracyTable, judgementTable, noteLines } from "./corpus/report.ts";
import { runRequests } from "./corpus/run-ecms.ts";
import { type RoundResult, runRound } from "./corpus/run-round.ts";
import { inScratch } from "./scratch.ts";

const HELP = `Usage: npm run corpus -- [DIR] [OPTION…]

DIR holds mail/, ecms/, directory.json and expected.json in the form of the shared corpus (default: ../shared/corpus).

  --only TEXT   only files whose name contains TEXT, and those that they come after
  --json        only the last line, in JSON, on stdout
  --keep        keep data and logs, also when all is right
`;

/** Installations at once: a start is mostly waiting. */
const AT_ONCE = 2;

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: {
      only: { type: "string" },
      json: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", short: "h" },
    },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (positionals.length > 1) throw new CorpusFault("give one folder");
  const folder = positionals[0] ?? join(projectDir, "../shared/corpus");
  const startedMs = performance.now();
  const say = (words: string): void =>
    void process.stderr.write(
      `${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${words}\n`,
    );
  const corpus = await loadCorpus(folder);
  if (corpus.directory === null) throw new CorpusFault(`there is no ${join(folder, "directory.json")}`);
  if (corpus.notCounted.length > 0)
    say(`not counted: ${corpus.notCounted.length} mails that come after a request`);
  const { results, interrupted } = await runRounds(corpus, { say, keep: values.keep, only: values.only });
  if (interrupted) return 130;
  const files = [...corpus.mails, ...corpus.requests];
  const order = new Map(files.map(({ expected }, index) => [expected.file, index]));
  const judgements = results
    .flatMap((result) => result.judgements)
    .sort((a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0));
  const faults = results.flatMap((result) => result.faults);
  const wrong = judgements.filter(({ differences }) => differences.length > 0).map(({ file }) => file);
  if (!values.json) {
    const text = [
      ...judgementTable(judgements),
      ...faults.map((fault) => `\nWRONG: ${fault}`),
      ...noteLines(judgements),
      "",
      ...accuracyTable(judgements),
      "",
    ];
    process.stdout.write(`${text.join("\n")}\n`);
  }
  const line = {
    corpus: resolve(folder),
    files: judgements.length,
    right: judgements.length - wrong.length,
    wrong: [...wrong, ...faults],
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  return line.wrong.length === 0 ? 0 : 1;
}

async function runRounds(
  { mails, requests, directory }: Corpus,
  { say, keep, only = "" }: { say(words: string): void; keep: boolean; only: string | undefined },
): Promise<{ readonly results: readonly RoundResult[]; readonly interrupted: boolean }> {
  const asked = requests.filter(({ expected }) => expected.file.includes(only));
  const wanted = planRounds(
    mails.filter(({ expected }) => expected.file.includes(only)),
    mails,
  );
  say(
    `${mails.length} messages, ${wanted.length} fresh installations; ${asked.length} requests, one installation`,
  );
  const results: RoundResult[] = [];
  const left = [...wanted.entries()];
  const { interrupted } = await inScratch(
    "saraban-corpus",
    async (scratch) => {
      const work = async (): Promise<void> => {
        for (let next = left.shift(); next; next = left.shift()) {
          const [index, round] = next;
          const dir = join(scratch.dir, `round-${index + 1}`);
          results.push(await runRound(round, { dir, scratch, directory, say }));
          say(`installation ${index + 1} is done: ${round.length} messages`);
        }
      };
      const byEcms = async (): Promise<void> => {
        const place = { dir: join(scratch.dir, "ecms"), scratch, directory: directory ?? [], say };
        results.push(await runRequests(asked, requests, place));
        await work();
      };
      await Promise.all([byEcms(), ...Array.from({ length: AT_ONCE - 1 }, work)]);
      return true;
    },
    keep,
  );
  return { results, interrupted };
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  const { code, message, stack } = error as { code?: string; message: string; stack?: string };
  const usage = error instanceof CorpusFault || (code?.startsWith("ERR_PARSE_ARGS") ?? false);
  process.stderr.write(`corpus: ${usage ? message : (stack ?? message)}\n`);
  return usage ? 64 : 1;
});
