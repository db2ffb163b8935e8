/**
 * npm run bench -- NAME [OPTION]…: measures the service on this machine. Progress and talk go to stderr; the last line
 * of stdout is the result as JSON.
 *
 * Exit codes: 0 measured (whether a bar was met stands in the result); 1 failed, also when a letter was lost; 64 wrong
 * use (EX_USAGE); 130 stopped by a signal.
 */
import { parseArgs } from "node:util";
import { type Bench, type BenchOptions, runBench } from "./bench/bench-run.ts";

/** Name → file that exports `bench`; loaded when it is asked for. */
const BENCHES: Readonly<Record<string, { readonly says: string; readonly file: string }>> = {
  intake: {
    file: "./bench/intake.ts",
    says: `letters a second that the SMTP door accepts durably, beside Postfix on the same machine.
    Ours: the intake process and its PostgreSQL alone; nothing reads or registers meanwhile. Postfix twice: "peer" at
    its ordinary work (accepts, delivers to its discard transport, removes the queue file) and "peer_holding", which
    only accepts and keeps. 20 KB letters, 20 connections, kept and fresh, all in turn, medians. Needs Debian's postfix
    and root; without smtp-source a client of our own and no peer.
    Bar: kept ratio >= 1.5, fresh ratio >= 1.0. [--letters N a run] [--seconds: not used]`,
  },
  pipeline: {
    file: "./bench/pipeline.ts",
    says: `the whole service, from DATA to the acknowledgement in the other agency's mail server: letters a second
    as fast as they can be sent, then the delay from 250 to acknowledgement at 20 letters a second. With the queue in
    PostgreSQL, and in Redis where there is a redis-server.
    Bar: >= 100 letters/s, p95 < 1000 ms. [--letters N as fast as possible] [--seconds S at 20 letters a second]`,
  },
  api: {
    file: "./bench/api.ts",
    says: `the exchange API: letters a second from the request to the receipt with the register number in the inbox of the
    program that sent it, through the whole service; by JSON, by XML and by e-CMS (SOAP), requests of 20 KB and of 2 MB.
    burst: as fast as they are taken on 20 connections; steady: 20 (2) letters a second. answer: until the answer (202, SOAP
    200) is read; registered: until the receipt lies in the inbox. peak_rss_mb: of the service's process. Every receipt is
    then fetched, checked with the published keys and acknowledged; numbers have to run 1, 2, 3 … .
    Bar: >= 150 letters/s by JSON at 20 KB. [--letters N of 20 KB as fast as possible] [--seconds S of each steady run]`,
  },
  search: {
    file: "./bench/search.ts",
    says: `the register's search over 1,000,000 made-up letters of five agencies and four years, in their books and
    indexed by the product's own search service: common, rare, absent, two-letter terms, terms with tone marks, letter
    numbers, long passages, English, a month, page 100. Every total and first page is compared with a plain scan.
    Bar: recall 1, p95 < 50 ms for every kind, p95 at most 3 times that of a tenth of the letters. Takes some 15 to
    20 minutes and 6 GB of TMPDIR. [--letters N] [--seed N]`,
  },
  numbers: {
    file: "./bench/numbers.ts",
    says: `registrations a second into one book, beside 8 connections that each lock the book's row for one letter and
    write the same rows. As the disk is, then with PostgreSQL's commit_delay so that a commit takes 5 ms. Also the same
    peer with one connection, and a bare counter with one narrow row. All in turn, medians; after each run the book is
    checked: no gap, order of arrival, one outcome and one acknowledgement a letter.
    Bar: ratio >= 1.5 as the disk is, >= 10 on the slow one. [--letters N of ours a run] [--seconds S a run of a peer]`,
  },
  clock: {
    file: "./bench/clock.ts",
    says: `error of the trusted time against chronyd on this host, whose true offset is 0; idle, then with each core busy.
    Needs Debian's chrony. Bar: idle median < 0.2 ms, busy p95 < 2 ms, every error within its stated bound. [--seconds S each]`,
  },
};

const HELP = `Usage: npm run bench -- NAME [OPTION]…

${Object.entries(BENCHES)
  .map(([name, { says }]) => `  ${name}\n    ${says}\n`)
  .join("\n")}
  --letters N  --seconds S   size of the measurement, each bench has its own defaults
  --seed N                   of the made-up letters (default 1)
  --quick                    under 30 s, for CI: figures only roughly right

Everything runs on loopback with free ports, in a scratch folder under TMPDIR; that folder should be on the disk that
the figures are about, not in memory: both servers flush each letter to it.
`;

async function main(argv: readonly string[]): Promise<number> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n`);
    return 64;
  }
  if (parsed.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const chosen = BENCHES[parsed.name ?? ""];
  if (!chosen) {
    process.stderr.write(
      parsed.name === undefined ? HELP : `bench: there is no bench ${parsed.name}; see --help\n`,
    );
    return 64;
  }
  const { bench } = (await import(chosen.file)) as { bench: Bench };
  const result = await runBench(bench, parsed.options);
  if (!result) return 130;
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return 0;
}

function parse(argv: readonly string[]): { help: boolean; name: string | undefined; options: BenchOptions } {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      quick: { type: "boolean" },
      letters: { type: "string" },
      seconds: { type: "string" },
      seed: { type: "string" },
    },
  });
  if (positionals.length > 1) throw new Error("one bench at a time");
  return {
    help: values.help ?? false,
    name: positionals[0],
    options: {
      letters: wholeNumber("letters", values.letters, 2_000_000),
      seconds: wholeNumber("seconds", values.seconds, 3_600),
      seed: wholeNumber("seed", values.seed, 1_000_000) ?? 1,
      quick: values.quick ?? false,
    },
  };
}

function wholeNumber(name: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d{1,9}$/.test(text) || value < 1 || value > most) {
    throw new Error(`--${name} wants a whole number from 1 to ${most}`);
  }
  return value;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
});
// After a signal the interrupted measurement may still hold timers.
if (process.exitCode === 130) process.exit();
