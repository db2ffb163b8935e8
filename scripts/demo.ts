/**
 * npm run demo
 *
 * Starts the service on free ports with a database of its own, sends every letter of the shared corpus (or of samples/,
 * where there is no corpus) by SMTP, receives the acknowledgements on a mail server of its own, prints the inbound books
 * and compares everything with expected.json. `npm run corpus` is the same without the books, for machines.
 * `npm run demo -- exchange` is another one: demo/exchange.ts.
 *
 * Exit codes: 0 every message is right; 1 one is not; 64 wrong use, or a folder that cannot be used; 130 interrupted.
 */
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { bookTable } from "../services/shared/letter/book-table.ts";
import { listAgencies, readInboundBook } from "../services/shared/letter/inbound-book.ts";
import { bangkokYear } from "../services/shared/letter/stamp.ts";
import type { Tables } from "../services/shared/letter/tables.ts";
import { type DatabaseAddress, openDatabase } from "../services/shared/runtime/database.ts";
import { openLog } from "../services/shared/runtime/log.ts";
import { projectDir } from "../services/shared/runtime/settings.ts";
import { CorpusFault, chooseLetters, loadCorpus } from "./corpus/expected.ts";
import { planRounds } from "./corpus/plan-rounds.ts";
import { noteLines } from "./corpus/report.ts";
import { type RoundResult, runRound } from "./corpus/run-round.ts";
import { inScratch } from "./scratch.ts";

const HELP = `Usage: npm run demo [-- OPTION…]
       npm run demo -- exchange [OPTION…]   two installations that exchange letters (exchange --help)

  --letters FOLDER   a folder with expected.json (default: ../shared/corpus, else samples)
  --json             one line of JSON on stdout instead of the tables
`;

async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === "exchange") return (await import("./demo/exchange.ts")).run(argv.slice(1));
  const { values } = parseArgs({
    args: [...argv],
    options: {
      letters: { type: "string" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const startedMs = performance.now();
  const folder = chooseLetters(projectDir, values.letters);
  const { mails, directory } = await loadCorpus(folder);
  const rounds = planRounds(mails);
  const say = (words: string): void => {
    process.stderr.write(`${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${words}\n`);
  };
  say(
    `${mails.length} messages of ${relative(process.cwd(), folder) || "."}, ${rounds.length} fresh database(s)`,
  );
  const results: RoundResult[] = [];
  const books: string[] = [];
  const { interrupted } = await inScratch("saraban-demo", async (scratch) => {
    for (const [index, round] of rounds.entries()) {
      say("starting the service with a database of its own …");
      const lookAt = async (address: DatabaseAddress): Promise<void> => {
        if (rounds.length > 1) books.push(`Database ${index + 1}`);
        books.push(...(await printBooks(address)));
      };
      const dir = join(scratch.dir, `round-${index + 1}`);
      results.push(await runRound(round, { dir, scratch, directory, say, lookAt }));
    }
    return isRight(results);
  });
  if (interrupted) return 130;
  if (values.json) printJson(results);
  else printReport(results, books);
  return isRight(results) ? 0 : 1;
}

function isRight(results: readonly RoundResult[]): boolean {
  return results.every(
    ({ faults, judgements }) =>
      faults.length === 0 && judgements.every(({ differences }) => differences.length === 0),
  );
}

async function printBooks(address: DatabaseAddress): Promise<string[]> {
  const database = openDatabase<Tables>(address, "saraban_http", 2, openLog("silent", "demo"));
  try {
    const agencies = await listAgencies(database);
    const acting = { actor: "person:demo", agencies } as const;
    const year = bangkokYear(new Date());
    return await Promise.all(
      agencies.map(async (agencyId) =>
        bookTable(agencyId, year, await readInboundBook(database, acting, agencyId, year)).trimEnd(),
      ),
    );
  } finally {
    await database.destroy();
  }
}

function printReport(results: readonly RoundResult[], books: readonly string[]): void {
  const lines = books.flatMap((book) => ["", book]);
  const judgements = results.flatMap((result) => result.judgements);
  const wrong = judgements.filter(({ differences }) => differences.length > 0);
  if (wrong.length > 0) lines.push("", "WRONG");
  for (const { file, outcome, differences } of wrong)
    lines.push(`  ${file}: ${outcome}`, ...differences.map((difference) => `      ${difference}`));
  for (const fault of results.flatMap(({ faults }) => faults)) lines.push("", `WRONG: ${fault}`);
  lines.push(
    ...noteLines(judgements),
    "",
    `${judgements.length} messages: ${judgements.length - wrong.length} right, ${wrong.length} wrong.`,
  );
  process.stdout.write(`${lines.join("\n")}\n`);
}

function printJson(results: readonly RoundResult[]): void {
  const judgements = results.flatMap((result) => result.judgements);
  const wrong = judgements.filter(({ differences }) => differences.length > 0).map(({ file }) => file);
  const line = {
    demo: "corpus",
    files: judgements.length,
    right: judgements.length - wrong.length,
    wrong: [...wrong, ...results.flatMap(({ faults }) => faults)],
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  const { code, message, stack } = error as { code?: string; message: string; stack?: string };
  const usage = error instanceof CorpusFault || (code?.startsWith("ERR_PARSE_ARGS") ?? false);
  process.stderr.write(`demo: ${usage ? message : (stack ?? message)}\n`);
  return usage ? 64 : 1;
});
