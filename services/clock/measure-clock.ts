import { setTimeout as pauseFor } from "node:timers/promises";
import { type AskServer, askOverUdp } from "./ask-server.ts";
import type { ClockFix, ClockReport } from "./clock-fix.ts";
import { estimateDrift } from "./estimate-drift.ts";
import { type Resolve, resolveBySystem } from "./find-address.ts";
import { judgeServers } from "./judge-servers.ts";
import { type HostClocks, hostClocks, monotonicClockId, watchSystemClock } from "./local-time.ts";
import { pollServer } from "./poll-server.ts";
import { serverName, type TimeServer } from "./time-server.ts";

export interface MeasureOptions {
  readonly servers: readonly TimeServer[];
  /** 16 s (MINPOLL, RFC 5905 §7.2) is meant for servers of one's own; public ones want 64 s. */
  readonly minPollSeconds: number;
  readonly maxPollSeconds: number;
  readonly timeoutMs: number;
  /** As many servers must agree; more than are configured means all. */
  readonly minimumServers: number;
  /** A server further away is not used (MAXDIST, RFC 5905 §7.2: 1 s). */
  readonly maxRootDistanceMs: number;
  /** What the local clock may drift before that is known, and wander when it is. */
  readonly unknownDriftPpm: number;
  readonly wanderPpm: number;
  /** After each answer or missing answer; must not throw. */
  readonly onReport: (report: ClockReport) => void;
  /** For tests. */
  readonly world?: Partial<World>;
}

interface World {
  readonly clocks: HostClocks;
  readonly ask: AskServer;
  readonly resolve: Resolve;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random: () => number;
  readonly clockId: string;
}

export interface ClockMeasurement {
  /** The newest fix; undefined until most servers have agreed for the first time. */
  fix(): ClockFix | undefined;
  /** How everything stands now. */
  report(): ClockReport;
  /** Asks all servers again at once, as after a step of the system clock. */
  measureAgain(): void;
  stop(): Promise<void>;
}

/** Contradictions below this may come from what is not modelled: interrupts, queues of the kernel, a server's own reading. */
const WAVERS_ABOVE_MS = 0.25;
/** How often a step of the system clock is looked for. */
const WATCH_EVERY_MS = 1_000;

const pauseUntil = async (ms: number, signal: AbortSignal): Promise<void> => {
  await pauseFor(ms, undefined, { signal }).catch(() => {});
};

/**
 * Measures this host's clock against reference servers until stopped: asks them (poll-server.ts), selects the truthful
 * ones and combines them (select-servers.ts), and keeps the result with its error bound as a fix, which the time is told
 * from (trusted-now.ts). It never touches the system clock.
 *
 * All offsets are against the monotonic clock, so a system clock that is set, even between a question and its answer,
 * spoils nothing. Because a machine that slept looks the same from inside, every step makes it forget its samples and
 * measure again. A fix is made only when every server has had its chance to answer: the one that answers first is not
 * believed for its speed.
 */
export function measureClock(options: MeasureOptions): ClockMeasurement {
  const world: World = {
    clocks: hostClocks,
    ask: askOverUdp(options.world?.clocks ?? hostClocks),
    resolve: resolveBySystem,
    pause: pauseUntil,
    random: Math.random,
    clockId: options.world?.clockId ?? monotonicClockId(),
    ...options.world,
  };
  const { clocks } = world;
  const system = watchSystemClock(clocks);
  const localBaseNs = system.settle().minusMonotonicNs;
  const drift = estimateDrift({ unknownPpm: options.unknownDriftPpm, wanderPpm: options.wanderPpm });
  const least = Math.min(options.minimumServers, Math.max(1, options.servers.length));
  const stopping = new AbortController();
  let stepsSeenMs = 0;
  let fix: ClockFix | undefined;
  let last: ClockReport | undefined;

  const watchSteps = (): void => {
    const { steppedMs } = system.read();
    if (steppedMs === stepsSeenMs) return;
    stepsSeenMs = steppedMs;
    startAgain();
  };
  const startAgain = (): void => {
    drift.forget();
    for (const server of polled) server.startAgain();
  };

  const evaluate = (): ClockReport => {
    watchSteps();
    const nowNs = clocks.monotonicNs();
    const { minusMonotonicNs } = system.read();
    const judged = judgeServers(
      polled.map((server) => ({ name: server.name, ...server.read(nowNs, drift.read()) })),
      {
        least,
        maxRootDistanceMs: options.maxRootDistanceMs,
        localMinusSystemMs: Number(localBaseNs - minusMonotonicNs) / 1e6,
      },
    );
    const waiting = polled.filter((server) => !server.tried()).map(({ name }) => name);
    const { selection } = judged;
    let reason = selection.kind === "none" ? selection.reason : "";
    if (polled.length === 0) reason = "no reference clock is configured";
    if (waiting.length > 0) reason = `waiting for ${waiting.join(", ")}`;
    const agreed = selection.kind === "agreed" && waiting.length === 0;
    const [best] = judged.survivors;
    if (agreed && best) {
      const { offsetMs } = selection;
      let { errorBoundMs } = selection;
      const wavering = judged.survivors.filter(({ filtered }) => filtered.contradictionMs > WAVERS_ABOVE_MS);
      const disturbed = wavering.length * 2 > judged.survivors.length;
      if (disturbed) drift.distrust();
      if (disturbed || !drift.add(nowNs, offsetMs, errorBoundMs)) {
        // Most servers seem to waver, or the time is not where it can be: it is the local clock that ran otherwise than was
        // thought possible (slewed, or a worse crystal). What was measured before is void, and until it is measured again
        // the bound reaches back to where the time was.
        errorBoundMs += fix ? Math.abs(offsetMs - offsetOf(fix, nowNs, localBaseNs)) : 0;
        for (const server of polled) server.startAgain();
      }
      const { ppm, uncertaintyPpm } = drift.read();
      fix = {
        clockId: world.clockId,
        atNs: nowNs,
        epochNs: nowNs + localBaseNs + BigInt(Math.round(offsetMs * 1e6)),
        errorBoundMs,
        driftPpm: ppm,
        growthPpm: uncertaintyPpm,
        answeredNs: newestOf(judged.survivors.map(({ filtered }) => filtered.newestNs)),
        systemMinusMonotonicNs: minusMonotonicNs,
        jitterMs: selection.jitterMs,
        stratum: best.filtered.sample.stratum,
        reference: `${best.name} (${best.filtered.sample.reference})`,
        servers: judged.survivors.map(({ name }) => name),
      };
    }
    last = { clockId: world.clockId, atNs: nowNs, fix, agreed, reason, servers: judged.reports };
    return last;
  };

  const onPolled = (): void => options.onReport(evaluate());
  const parts = { ...world, localBaseNs };
  const polled = withoutRepeats(options.servers).map((server) =>
    pollServer(server, parts, options, onPolled),
  );
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      await world.pause(WATCH_EVERY_MS, stopping.signal);
      watchSteps();
    }
  })();

  return {
    fix: () => fix,
    report: () => last ?? evaluate(),
    measureAgain: startAgain,
    async stop() {
      stopping.abort();
      await Promise.all([watching, ...polled.map((server) => server.stop())]);
    },
  };
}

/** What the fix says of the local clock at a later moment, ms. */
function offsetOf(fix: ClockFix, nowNs: bigint, localBaseNs: bigint): number {
  const atFixMs = Number(fix.epochNs - fix.atNs - localBaseNs) / 1e6;
  return atFixMs + (Number(nowNs - fix.atNs) / 1e6) * (fix.driftPpm / 1e6);
}

function newestOf([first = 0n, ...others]: readonly bigint[]): bigint {
  let newest = first;
  for (const atNs of others) if (atNs > newest) newest = atNs;
  return newest;
}

function withoutRepeats(servers: readonly TimeServer[]): TimeServer[] {
  return [...new Map(servers.map((server) => [serverName(server).toLowerCase(), server])).values()];
}
