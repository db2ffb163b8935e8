import { join } from "node:path";
import { hasRedis, startRedis } from "../../services/shared/testing/redis.ts";
import { sampleLetter } from "../../services/shared/testing/sample-letters.ts";
import { type ServiceProcess, startServiceProcess } from "../../services/shared/testing/service-process.ts";
import { openSmtpSink, type SmtpSink } from "../../services/shared/testing/smtp-sink.ts";
import { type Bench, type BenchRun, percentile, rounded } from "./bench-run.ts";
import { sendLetters } from "./send-letters.ts";

const LETTER_BYTES = 20 * 1024;
const CONNECTIONS = 20;
const STEADY_PER_S = 20;
/** Unmeasured: what is compiled, planned and connected at the first letter is not what a day's letters meet. */
const WARM_UP_LETTERS = 200;
/** The slowest machine that makes sense gets this; then the bench fails instead of waiting for ever. */
const ACKNOWLEDGED_WITHIN_MS = 120_000;

/** From DATA to the acknowledgement in the other agency's mail server, through every room and the queue. */
export const bench: Bench = async (run) => {
  const { options, say } = run;
  const size = {
    letters: options.letters ?? (options.quick ? 300 : 1_500),
    seconds: options.seconds ?? (options.quick ? 3 : 30),
  };
  const postgres = await measure(run, "postgres", size);
  if (!hasRedis()) say("no redis-server here: measured on PostgreSQL only");
  const redis = hasRedis() ? await measure(run, "redis", size) : null;
  return {
    bench: "pipeline",
    postgres,
    redis,
    ...size,
    letter_bytes: LETTER_BYTES,
    steady_per_s: STEADY_PER_S,
  };
};

async function measure(
  run: BenchRun,
  queue: "postgres" | "redis",
  { letters, seconds }: { letters: number; seconds: number },
) {
  const { service, sink } = await startAll(run, queue);
  const { seed } = run.options;
  // Series of their own: a letter that repeats another's number would go to an officer instead of the book.
  const series = (offset: number, count: number) =>
    Array.from({ length: count }, (_, index) =>
      sampleLetter(index, { seed: seed * 3 + offset, sizeBytes: LETTER_BYTES }),
    );
  const send = (offset: number, count: number, perSecond?: number) =>
    sendLetters({
      port: service.smtpPort,
      letters: series(offset, count),
      connections: CONNECTIONS,
      perSecond,
    });

  const warmUp = await send(0, WARM_UP_LETTERS);
  await acknowledged(sink, WARM_UP_LETTERS);
  const burst = await send(1, letters);
  await acknowledged(sink, WARM_UP_LETTERS + letters);
  const burstArrivals = arrivals(sink, burst);
  const lettersPerS =
    letters / ((Math.max(...burstArrivals) - Math.min(...burst.map(({ dataMs }) => dataMs))) / 1000);
  run.say(`${queue}: ${rounded(lettersPerS, 1)} letters/s from DATA to acknowledgement`);

  const steady = await send(2, STEADY_PER_S * seconds, STEADY_PER_S);
  await acknowledged(sink, WARM_UP_LETTERS + letters + steady.length);
  const delays = arrivals(sink, steady).map(
    (arrivedMs, index) => arrivedMs - (steady[index]?.acceptedMs ?? Number.NaN),
  );
  const figures = {
    letters_per_s: rounded(lettersPerS, 1),
    p50_ms: rounded(percentile(delays, 50)),
    p95_ms: rounded(percentile(delays, 95)),
    p99_ms: rounded(percentile(delays, 99)),
  };
  run.say(
    `${queue}: 250 to acknowledgement p50 ${figures.p50_ms}, p95 ${figures.p95_ms}, p99 ${figures.p99_ms} ms`,
  );
  await refuseGaps(sink, warmUp.length + burst.length + steady.length);
  await service.stop();
  await sink.close();
  return figures;
}

async function startAll(
  run: BenchRun,
  queue: "postgres" | "redis",
): Promise<{ service: ServiceProcess; sink: SmtpSink }> {
  const sink = await openSmtpSink();
  run.atEnd(() => sink.close());
  const environment: Record<string, string> = {
    SARABAN_SMARTHOST_URL: sink.url,
    // One message for each letter, however slow the machine: what is counted is acknowledgements.
    SARABAN_NOTIFICATION_ARRIVAL_AFTER_SECONDS: "3600",
  };
  if (queue === "redis") {
    const redis = await startRedis();
    run.atEnd(() => redis.stop());
    environment["REDIS_URL"] = redis.url;
  }
  const service = await startServiceProcess("all", { dataDir: join(run.scratchDir, queue), environment });
  run.atEnd(() => service.stop());
  return { service, sink };
}

async function acknowledged(sink: SmtpSink, count: number): Promise<void> {
  await sink.waitFor(() => sink.received.length >= count, ACKNOWLEDGED_WITHIN_MS);
}

/** When each letter's acknowledgement came. @throws Error when one has none, or two */
function arrivals(sink: SmtpSink, letters: readonly { readonly messageId: string }[]): number[] {
  return letters.map(({ messageId }) => {
    const [reply, ...more] = sink.repliesTo(messageId);
    if (!reply || more.length > 0)
      throw new Error(`${messageId} has ${reply ? 1 + more.length : 0} acknowledgements`);
    return reply.arrivedMs;
  });
}

/** The figures count only if the work was done: the receipts name the numbers 1 … count, each once. */
async function refuseGaps(sink: SmtpSink, count: number): Promise<void> {
  const numbers = new Set<number>();
  for (const message of sink.received) {
    const { json } = await message.read();
    numbers.add((json as { register: { number: number } }).register.number);
  }
  if (numbers.size !== count || Math.max(...numbers) !== count) {
    throw new Error(`${count} letters have ${numbers.size} register numbers up to ${Math.max(...numbers)}`);
  }
}
