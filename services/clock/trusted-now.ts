import type { ClockState } from "../shared/letter/stamp.ts";
import type { ClockFix } from "./clock-fix.ts";
import { type HostClocks, hostClocks, watchSystemClock } from "./local-time.ts";

/** A Stamp (services/shared/letter/stamp.ts) with microseconds. */
export interface TrustedStamp {
  /** Whole milliseconds, rounded down, so that an instant never falls into the next year. */
  readonly at: Date;
  /** The same before rounding, ms since 1970 with a fraction of about a microsecond. */
  readonly epochMs: number;
  readonly clock: ClockState;
}

export interface TrustLimits {
  /** Above this the state is "warning" (log rule: 10 ms). */
  readonly warnMs: number;
  /** Above this it is "non-compliant" (Annex 6 §2.2.4: 30 ms). */
  readonly hardMs: number;
  /** Without an answer for longer the state is "unsynchronised". */
  readonly maxAgeSeconds: number;
}

/** What `at` loses by rounding down. */
const ROUNDING_MS = 1;

/**
 * The one source of official times: reference time by the newest fix, carried on by the monotonic clock.
 *
 * Never falls within the process: where a new fix says that the last answer was too late, the time stands until it is
 * true again, and its bound says so. A system clock that is set does not move it; but as a machine that slept looks the
 * same from inside, the bound grows by the step until a fix from after it is there. Before the first fix it is the
 * system clock, marked as unsynchronised.
 * @param fixOf the newest fix of this process's own monotonic clock, and when there is none, why
 */
export function trustedNowFrom(
  fixOf: () => { readonly fix: ClockFix | undefined; readonly reason: string },
  limits: TrustLimits,
  clocks: HostClocks = hostClocks,
): () => TrustedStamp {
  const system = watchSystemClock(clocks);
  system.settle();
  let lastMs = 0;
  return () => {
    const { fix, reason } = fixOf();
    const nowNs = clocks.monotonicNs();
    const reading = system.read();
    if (!fix) {
      lastMs = Math.max(lastMs, Number(nowNs + reading.minusMonotonicNs) / 1e6);
      return stamp(lastMs, { state: "unsynchronised", reason });
    }
    const elapsedMs = Math.max(0, Number(nowNs - fix.atNs) / 1e6);
    const trueMs = msOf(fix.epochNs) + Number(nowNs - fix.atNs) / 1e6 + (elapsedMs * fix.driftPpm) / 1e6;
    lastMs = Math.max(lastMs, trueMs);
    const steppedNs = reading.minusMonotonicNs - fix.systemMinusMonotonicNs;
    // Up to half a millisecond is how well the system clock can be read in the first moments.
    const stepMs = Math.max(0, Math.abs(Number(steppedNs)) - Number(reading.widthNs) - 1e6) / 1e6;
    const errorBoundMs =
      fix.errorBoundMs + (elapsedMs * fix.growthPpm) / 1e6 + (lastMs - trueMs) + stepMs + ROUNDING_MS;
    const measured = {
      offsetMs: rounded(lastMs - Number(nowNs + reading.minusMonotonicNs) / 1e6),
      errorBoundMs: rounded(errorBoundMs),
      ageSeconds: Math.max(0, Math.round(Number(nowNs - fix.answeredNs) / 1e9)),
      stratum: fix.stratum,
      reference: fix.reference,
      servers: fix.servers,
    };
    if (measured.ageSeconds > limits.maxAgeSeconds) {
      const why = reason || "the reference servers do not answer";
      return stamp(lastMs, { state: "unsynchronised", reason: why, ...measured });
    }
    if (errorBoundMs > limits.hardMs) return stamp(lastMs, { state: "non-compliant", ...measured });
    return stamp(lastMs, { state: errorBoundMs > limits.warnMs ? "warning" : "synchronised", ...measured });
  };
}

function stamp(epochMs: number, clock: ClockState): TrustedStamp {
  return { at: new Date(Math.floor(epochMs)), epochMs, clock };
}

/** Whole milliseconds apart from their fraction: one double for all the nanoseconds would lose some. */
function msOf(ns: bigint): number {
  return Number(ns / 1_000_000n) + Number(ns % 1_000_000n) / 1e6;
}

/** To the microsecond, upwards: a bound is not rounded down. */
function rounded(ms: number): number {
  return Math.ceil(ms * 1000) / 1000;
}
