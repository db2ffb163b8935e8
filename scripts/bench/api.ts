import { join } from "node:path";
import { peakMemoryMb, resetPeakMemory, treeCpuMs } from "../../services/shared/testing/process-usage.ts";
import {
  type ProgramForm,
  type ProgramLetter,
  programLetter,
} from "../../services/shared/testing/program-letters.ts";
import { startServiceProcess } from "../../services/shared/testing/service-process.ts";
import { type Bench, type BenchRun, percentile, rounded } from "./bench-run.ts";
import { checkReceipts } from "./check-receipts.ts";
import type { HandedIn } from "./hand-in-letters.ts";
import { type Offices, registerOffices } from "./program-offices.ts";

const FORMS = ["json", "xml", "soap"] as const;
const SIZES = { "20_kb": 20 * 1024, "2_mb": 2 * 1024 * 1024 } as const;
type Size = keyof typeof SIZES;

/** As many as a ministry's own node has open at once. */
const CONNECTIONS = 20;
/** Unmeasured: what is compiled, planned and connected at the first letter is not what a day's letters meet. */
const WARM_UP_LETTERS = 200;
const BAR_PER_S = 150;

interface Plan {
  readonly size: Size;
  /** As fast as they are taken. */
  readonly letters: number;
  readonly steadyPerS: number;
  readonly seconds: number;
}

/**
 * From the request to the receipt with the register number in the inbox of the program that handed the letter in, through every
 * room of `saraban all`.
 */
export const bench: Bench = async (run) => {
  const { options, say } = run;
  const letters = options.letters ?? (options.quick ? 150 : 1_500);
  const seconds = options.seconds ?? (options.quick ? 2 : 20);
  const plans: readonly Plan[] = [
    { size: "20_kb", letters, steadyPerS: 20, seconds },
    { size: "2_mb", letters: Math.max(5, Math.round(letters / 25)), steadyPerS: 2, seconds },
  ];
  const service = await startServiceProcess("all", {
    dataDir: join(run.scratchDir, "saraban"),
    environment: {
      // One receipt for each letter, however slow the machine: what is counted is register numbers.
      SARABAN_NOTIFICATION_ARRIVAL_AFTER_SECONDS: "3600",
    },
  });
  run.atEnd(() => service.stop());
  const offices = await registerOffices(join(run.scratchDir, "saraban"), service.httpUrl, CONNECTIONS);
  run.atEnd(() => offices.close());

  const series = seriesOf(options.seed);
  const started = [...(await offices.handIn(series("json", SIZES["20_kb"], WARM_UP_LETTERS))).ids];
  const figures: Record<(typeof FORMS)[number], Record<string, object>> = { json: {}, xml: {}, soap: {} };
  let barPerS = 0;
  for (const plan of plans) {
    for (const form of FORMS) {
      const { ids, measured } = await measure(run, offices, service.pid, form, plan, series);
      started.push(...ids);
      figures[form][plan.size] = measured;
      if (form === "json" && plan.size === "20_kb") barPerS = measured.letters_per_s;
    }
  }
  await checkReceipts(offices, started);
  say(`${started.length} letters have the numbers 1 to ${started.length}, and a genuine receipt each`);
  return {
    bench: "api",
    ...figures,
    bar_per_s: BAR_PER_S,
    bar_met: barPerS >= BAR_PER_S,
    letters_checked: started.length,
    connections: CONNECTIONS,
    plans,
  };
};

/** Series of their own: a letter that repeats another's number would go to an officer instead of the book. */
function seriesOf(seed: number) {
  let used = seed * 20;
  return (form: ProgramForm, sizeBytes: number, count: number): ProgramLetter[] => {
    used += 1;
    return Array.from({ length: count }, (_, index) => programLetter(index, { form, seed: used, sizeBytes }));
  };
}

interface Measured {
  readonly letters_per_s: number;
  /** Of the service, its database and its PDF readers, in the burst; holds on a busy machine, too. */
  readonly cpu_ms_a_letter: number;
  readonly burst: object;
  readonly steady: object;
  readonly peak_rss_mb: number;
}

async function measure(
  run: BenchRun,
  offices: Offices,
  pid: number,
  form: (typeof FORMS)[number],
  { size, letters, steadyPerS, seconds }: Plan,
  series: ReturnType<typeof seriesOf>,
): Promise<{ readonly ids: readonly string[]; readonly measured: Measured }> {
  const sizeBytes = SIZES[size];
  // The letters are made before the measurement; those of one phase at a time lie in memory.
  const fast = series(form, sizeBytes, letters);
  resetPeakMemory(pid);
  const cpuBeforeMs = treeCpuMs(pid);
  const burst = await offices.handIn(fast);
  const cpuMs = treeCpuMs(pid) - cpuBeforeMs;
  const lettersPerS = letters / (burst.lastSeenMs / 1000);
  const steady = await offices.handIn(series(form, sizeBytes, steadyPerS * seconds), steadyPerS);
  const measured = {
    letters_per_s: rounded(lettersPerS, 1),
    cpu_ms_a_letter: rounded(cpuMs / letters, 1),
    burst: figuresOf(burst),
    steady: figuresOf(steady),
    peak_rss_mb: peakMemoryMb(pid),
  };
  run.say(`${form} ${size}: ${JSON.stringify(measured)}`);
  return { ids: [...burst.ids, ...steady.ids], measured };
}

/** answer: until the whole answer (202, or SOAP's 200) is read; registered: until the receipt with the number lies in the inbox. */
function figuresOf({ answerMs, registeredMs }: HandedIn): object {
  const at = (values: readonly number[]) => ({
    p50: rounded(percentile(values, 50)),
    p95: rounded(percentile(values, 95)),
    p99: rounded(percentile(values, 99)),
  });
  return { answer_ms: at(answerMs), registered_ms: at(registeredMs) };
}
