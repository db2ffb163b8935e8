/**
 * npm run demo -- exchange
 *
 * Two installations of this service on one machine, each the other's partner and each one's outgoing mail the other's
 * incoming: letters go both ways by SMTP, drafted, signed off and sent over HTTP, are registered there, and answered with
 * signed receipts. Then one is asked back and given back, and one is rejected. Afterwards everything is compared.
 *
 * The last line on stdout is JSON. Exit codes: 0 nothing is wrong; 1 something is; 64 wrong use; 130 interrupted.
 */
import { parseArgs } from "node:util";
import { samplePdf } from "../../services/shared/testing/sample-pdf.ts";
import { seededRandom } from "../../services/shared/testing/seeded-random.ts";
import { inScratch } from "../scratch.ts";
import { checkExchange, type ExchangeFindings } from "./check-exchange.ts";
import {
  findArrival,
  recallLetter,
  rejectLetter,
  type SentLetter,
  sendTo,
  waitForNews,
  writeLetters,
} from "./exchange-letters.ts";
import { type Installation, startPair } from "./installations.ts";

const HELP = `Usage: npm run demo -- exchange [OPTION…]

  --letters COUNT    letters, half of them each way (default 200)
  --seed NUMBER      what the letters are drawn from (default 1)
  --keep             keeps both installations' data and logs
`;

/** A second a letter and a minute besides: a slow machine with other things to do. */
const WITHIN_MS = { perLetter: 1_000, more: 60_000 };

export async function run(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      letters: { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", short: "h" },
    },
  });
  const [letters, seed] = [Number(values.letters), Number(values.seed)];
  const isUsable = Number.isInteger(letters) && letters >= 2 && letters <= 10_000 && Number.isInteger(seed);
  if (values.help || !isUsable) {
    process.stdout.write(HELP);
    return values.help ? 0 : 64;
  }
  const startedMs = performance.now();
  const seconds = (): number => Math.round((performance.now() - startedMs) / 100) / 10;
  const say = (words: string): void => {
    process.stderr.write(`${seconds().toFixed(1).padStart(6)} s  ${words}\n`);
  };
  let findings: ExchangeFindings | undefined;
  const { good, interrupted } = await inScratch(
    "saraban-exchange",
    async ({ dir, signal, atEnd }) => {
      say("starting two installations, each with a database of its own …");
      const pair = await startPair(dir, atEnd);
      findings = await exchange(pair, { letters, seed, signal, say });
      for (const fault of findings.failures) say(`WRONG: ${fault}`);
      return findings.failures.length === 0;
    },
    values.keep,
  );
  if (interrupted || !findings) return 130;
  const { registered, verified, failures } = findings;
  const line = {
    demo: "exchange",
    letters,
    registered,
    verified,
    failures: failures.length,
    seconds: seconds(),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  return good ? 0 : 1;
}

/** Letters both ways, a recall and a rejection, and what is wrong afterwards. */
export async function exchange(
  pair: readonly [Installation, Installation],
  {
    letters: count,
    seed,
    signal,
    say,
  }: {
    readonly letters: number;
    readonly seed: number;
    readonly signal: AbortSignal;
    say(words: string): void;
  },
): Promise<ExchangeFindings> {
  const failures: string[] = [];
  const progress = everySome(count, say);
  const letters = await writeLetters(pair, count, seed, progress("letters are signed off and sent"));
  const withinMs = count * WITHIN_MS.perLetter + WITHIN_MS.more;
  const heard = await waitForNews(
    letters,
    "registered",
    withinMs,
    signal,
    progress("receipts have come back"),
  );
  if (!heard) failures.push(`not every letter's receipt has come back after ${withinMs / 1000} s`);

  const [first] = letters as [SentLetter, ...SentLetter[]];
  const arrival = await findArrival(first);
  say("one letter is asked back, and given back …");
  const isBack = arrival?.number != null && (await recallLetter(first, arrival, signal));
  if (!isBack) failures.push(`letter ${first.id} was asked back, and no answer has come`);

  say("one letter waits for a clerk, who rejects it …");
  const rejected = await sendRejected(pair, seed);
  if (!(await rejectLetter(rejected, signal)))
    failures.push(`letter ${rejected.id}: its rejection has not come`);

  say("comparing the books, and checking both registers …");
  const findings = await checkExchange(pair, { letters, recalled: first, rejected }, signal);
  return { ...findings, failures: [...failures, ...findings.failures] };
}

async function sendRejected(
  [from, to]: readonly [Installation, Installation],
  seed: number,
): Promise<SentLetter> {
  const random = seededRandom(seed + 1);
  const agency = to.agencies[1];
  if (!agency) throw new Error("the second installation has no second office");
  const subject = "ขอส่งเรื่องที่ไม่อยู่ในอำนาจหน้าที่";
  const pdf = samplePdf(4_000, (length) => Buffer.alloc(length, Math.floor(random() * 256)));
  return { id: await sendTo(from, agency, subject, pdf), from, to, subject };
}

/** Says something each tenth of the way. */
function everySome(count: number, say: (words: string) => void): (what: string) => (done: number) => void {
  return (what) => {
    let said = 0;
    return (done) => {
      const tenth = Math.floor((done * 10) / count);
      if (tenth <= said) return;
      said = tenth;
      say(`${done} of ${count} ${what}`);
    };
  };
}
