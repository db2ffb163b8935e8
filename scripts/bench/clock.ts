import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import type { ClockFix } from "../../services/clock/clock-fix.ts";
import { hostClocks, type SystemClock, watchSystemClock } from "../../services/clock/local-time.ts";
import { findChronyd, startChronyd } from "../../services/clock/testing/chronyd.ts";
import { openTrustedClock } from "../../services/clock/trusted-clock.ts";
import { type Bench, type BenchRun, median, percentile, rounded } from "./bench-run.ts";

const SECONDS = 60;
const QUICK_SECONDS = 10;
const LOOK_EVERY_MS = 20;
/** The opening burst: eight questions, 2 s apart. */
const WARM_UP_MS = 15_000;

interface Errors {
  readonly errorsMs: number[];
  readonly boundsMs: number[];
  /** Samples whose true error was more than the bound that was stated with it, warm-up included. */
  uncovered: number;
}

/**
 * How far the estimated offset is from the truth. chronyd -x serves this host's own clock, so the true offset is 0, and
 * what the trusted clock says beyond the system clock is its error. Asked with the defaults of the product, fifty times a
 * second for a minute after the opening burst; first with the machine idle, then with a busy process for each core.
 */
export const bench: Bench = async (run) => {
  const chronyd = findChronyd();
  if (!chronyd) throw new Error("chronyd is not installed (Debian: chrony)");
  const server = await startChronyd(chronyd);
  run.atEnd(() => server.stop());
  const seconds = run.options.seconds ?? (run.options.quick ? QUICK_SECONDS : SECONDS);
  const warmUpMs = run.options.quick ? 3_000 : WARM_UP_MS;
  const idle = await measure(server.port, seconds, warmUpMs);
  tell(run, "idle", idle);
  const release = occupyCores(run);
  const busy = await measure(server.port, seconds, warmUpMs);
  await release();
  tell(run, "busy", busy);
  return {
    bench: "clock",
    idle_median_ms: rounded(median(idle.errorsMs), 3),
    busy_p95_ms: rounded(percentile(busy.errorsMs, 95), 3),
    bound_covers: idle.uncovered + busy.uncovered === 0,
    idle_p95_ms: rounded(percentile(idle.errorsMs, 95), 3),
    busy_median_ms: rounded(median(busy.errorsMs), 3),
    idle_bound_median_ms: rounded(median(idle.boundsMs), 3),
    busy_bound_median_ms: rounded(median(busy.boundsMs), 3),
    samples: idle.errorsMs.length + busy.errorsMs.length,
    seconds_each: seconds,
    warm_up_s: warmUpMs / 1000,
    peer: "chronyd",
  };
};

/** A fresh clock each time, as after a start of the service. */
async function measure(port: number, seconds: number, warmUpMs: number): Promise<Errors> {
  const system = watchSystemClock(hostClocks);
  system.settle();
  const clock = openTrustedClock({ servers: [{ host: "127.0.0.1", port }] });
  const found: Errors = { errorsMs: [], boundsMs: [], uncovered: 0 };
  const startedMs = performance.now();
  try {
    for (;;) {
      await pause(LOOK_EVERY_MS);
      const runsMs = performance.now() - startedMs;
      if (runsMs > warmUpMs + seconds * 1000) return found;
      const fix = clock.fix();
      if (!fix) {
        if (runsMs > warmUpMs) throw new Error(`no fix within ${warmUpMs} ms: ${clock.report().reason}`);
        continue;
      }
      const { errorMs, boundMs, readingMs } = look(fix, system);
      if (errorMs > boundMs + readingMs) found.uncovered += 1;
      if (runsMs < warmUpMs) continue;
      found.errorsMs.push(errorMs);
      found.boundsMs.push(boundMs);
    }
  } finally {
    await clock.stop();
  }
}

/** The fix against the system clock; `readingMs`: how well that one is known, a few microseconds. */
function look(fix: ClockFix, system: SystemClock): { errorMs: number; boundMs: number; readingMs: number } {
  const { minusMonotonicNs, widthNs } = system.read();
  const elapsedMs = Number(hostClocks.monotonicNs() - fix.atNs) / 1e6;
  const offsetMs = Number(fix.epochNs - fix.atNs - minusMonotonicNs) / 1e6 + (elapsedMs * fix.driftPpm) / 1e6;
  return {
    errorMs: Math.abs(offsetMs),
    boundMs: fix.errorBoundMs + (elapsedMs * fix.growthPpm) / 1e6,
    readingMs: Number(widthNs) / 2e6,
  };
}

/** One process for each core that does nothing but count. */
function occupyCores(run: BenchRun): () => Promise<void> {
  const counters = Array.from({ length: availableParallelism() }, () => {
    const child = spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" });
    return { child, gone: new Promise((resolve) => child.once("exit", resolve)) };
  });
  const release = async (): Promise<void> => {
    for (const { child } of counters) child.kill("SIGKILL");
    await Promise.all(counters.map(({ gone }) => gone));
  };
  run.atEnd(release);
  return release;
}

function tell(run: BenchRun, name: string, { errorsMs, boundsMs, uncovered }: Errors): void {
  const figure = (value: number): string => `${value.toFixed(3)} ms`;
  run.say(
    `${name}: error median ${figure(median(errorsMs))}, p95 ${figure(percentile(errorsMs, 95))}, worst ${figure(Math.max(...errorsMs))}; bound median ${figure(median(boundsMs))}, not covered ${uncovered}`,
  );
}
