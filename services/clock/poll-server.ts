import type { AskServer } from "./ask-server.ts";
import { type Drift, type Filtered, openClockFilter } from "./clock-filter.ts";
import { findAddressOf, type Resolve } from "./find-address.ts";
import { judgeAnswer } from "./judge-answer.ts";
import type { HostClocks } from "./local-time.ts";
import { MANY_MISSES, openPace, type PollIntervals } from "./poll-pace.ts";
import { serverName, type TimeServer } from "./time-server.ts";

/** The world that the polling of servers needs; tests give a virtual one. */
export interface PollParts {
  readonly clocks: HostClocks;
  readonly ask: AskServer;
  readonly resolve: Resolve;
  /** Resolves after that time, or at once when the signal is aborted; never rejects. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** From 0 to below 1, as Math.random. */
  readonly random: () => number;
  /** The local clock is the monotonic clock plus this, ns since 1970. */
  readonly localBaseNs: bigint;
}

export interface PolledServer {
  readonly name: string;
  /** Whether it has had its chance to answer since it began or was told to start again. */
  tried(): boolean;
  read(nowNs: bigint, drift: Drift): PollReading;
  /** Forgets its samples and asks anew: the local clock is not what it was. */
  startAgain(): void;
  stop(): Promise<void>;
}

export interface PollReading {
  /** IP address and port, as one text. */
  readonly address: string | null;
  readonly state: "answers" | "silent" | "rejected" | "limited" | "denied" | "waiting";
  readonly reason: string;
  readonly reach: number;
  readonly pollSeconds: number;
  readonly strangers: number;
  /** Undefined when nothing usable has come in the last eight polls, or the last answer said that the server is not fit. */
  readonly filtered: Filtered | undefined;
}

/** A burst fills the filter (BCOUNT, RFC 5905 A.1.1); 2 s apart, as servers that limit rates expect (BTIME). */
const BURST_SAMPLES = 8;
const SPACING_MS = 2_000;
/** However often the local clock is disturbed, a server is not burdened with more bursts than this. */
const BETWEEN_BURSTS_NS = 120_000_000_000n;
const RESOLVE_WITHIN_MS = 5_000;

/** Asks one server for ever (RFC 5905 §13). @param onPolled after each question, answered or not */
export function pollServer(
  server: TimeServer,
  parts: PollParts,
  intervals: PollIntervals,
  onPolled: () => void,
): PolledServer {
  const { clocks, pause } = parts;
  const filter = openClockFilter();
  const pace = openPace(intervals);
  const stopping = new AbortController();
  const { signal } = stopping;
  const addresses = findAddressOf(
    server.host,
    { ...parts, monotonicNs: clocks.monotonicNs },
    RESOLVE_WITHIN_MS,
    signal,
  );
  let resting = new AbortController();
  let state: PollReading["state"] = "waiting";
  let reason = "";
  let strangers = 0;
  let tried = false;
  /** Counts the new beginnings: an answer to a question from before one is of no use after it. */
  let beginning = 0;
  let lastBurstNs: bigint | undefined;

  /** @returns whether it may be asked again soon: a lost packet does not end a burst, a refusal does */
  const askOnce = async (address: string): Promise<boolean> => {
    const askedIn = beginning;
    const answer = await parts.ask({ address, port: server.port, timeoutMs: intervals.timeoutMs, signal });
    if (askedIn !== beginning || signal.aborted) return true;
    if (answer.kind === "silent") {
      strangers += answer.strangers;
      [state, reason] = ["silent", answer.reason];
      return true;
    }
    const verdict = judgeAnswer(answer, parts.localBaseNs);
    if (verdict.kind === "sample") {
      filter.add(verdict.sample);
      pace.answered();
      [state, reason] = pace.limited ? ["limited", "asked less often, as it wished (RATE)"] : ["answers", ""];
      return true;
    }
    reason = verdict.kind === "kiss" ? `kiss-o'-death ${verdict.code}` : verdict.reason;
    if (verdict.kind === "kiss" && verdict.code === "RATE") {
      state = "limited";
      pace.rateExceeded();
    } else if (verdict.kind === "kiss" && (verdict.code === "DENY" || verdict.code === "RSTR")) {
      // RFC 5905 §7.4: the association is given up, and nothing more is sent to this server.
      state = "denied";
    } else state = "rejected";
    return false;
  };

  const pollOnce = async (): Promise<void> => {
    const startedIn = beginning;
    const nowNs = clocks.monotonicNs();
    const burst =
      !pace.limited && (lastBurstNs === undefined || (!tried && nowNs - lastBurstNs > BETWEEN_BURSTS_NS));
    if (burst) lastBurstNs = nowNs;
    pace.begin();
    const another = pace.missesInRow > 0 && pace.missesInRow % MANY_MISSES === 0;
    if (await addresses.find(another)) filter.clear();
    for (let left = burst ? BURST_SAMPLES : 1; left > 0 && !signal.aborted; left--) {
      let again = false;
      if (addresses.current === null) [state, reason] = ["silent", addresses.trouble];
      else again = await askOnce(addresses.current);
      if (signal.aborted || startedIn !== beginning) break;
      tried = true;
      onPolled();
      if (!again || left === 1) break;
      await pause(SPACING_MS, resting.signal);
    }
    pace.end();
  };

  const run = async (): Promise<void> => {
    for (;;) {
      const startedIn = beginning;
      await pollOnce();
      if (signal.aborted || state === "denied") return;
      // Spread by a tenth, so that clients that started together do not stay together (RFC 5905 §13).
      const restMs = pace.pollSeconds * (950 + 100 * parts.random());
      await pause(startedIn === beginning ? restMs : SPACING_MS, resting.signal);
      if (signal.aborted) return;
    }
  };
  const running = run();

  return {
    name: serverName(server),
    tried: () => tried || state === "denied",
    read: (nowNs, drift) => ({
      address: addresses.current && serverName({ host: addresses.current, port: server.port }),
      state,
      reason,
      reach: pace.reach,
      pollSeconds: pace.pollSeconds,
      strangers,
      // RFC 5905 A.5.5.3, unfit(): not reachable, or by its own last word not synchronised.
      filtered:
        pace.reach === 0 || state === "rejected" || state === "denied"
          ? undefined
          : filter.read(nowNs, drift),
    }),
    startAgain() {
      beginning += 1;
      filter.clear();
      pace.quicken();
      tried = false;
      resting.abort();
      resting = new AbortController();
    },
    async stop() {
      stopping.abort();
      resting.abort();
      await running;
    },
  };
}
