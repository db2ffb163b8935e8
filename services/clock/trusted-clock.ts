import type { ClockReport } from "./clock-fix.ts";
import { type ClockMeasurement, type MeasureOptions, measureClock } from "./measure-clock.ts";
import { type TrustedStamp, type TrustLimits, trustedNowFrom } from "./trusted-now.ts";

export interface TrustedClock extends ClockMeasurement {
  /** The official time with the state of the clock. Never falls. Costs about a microsecond. */
  now(): TrustedStamp;
}

/** RFC 5905 §7.2 and §11 where they say something; the rest measured or argued where it is used. */
export const CLOCK_DEFAULTS = {
  minPollSeconds: 16,
  maxPollSeconds: 64,
  timeoutMs: 1_000,
  minimumServers: 2,
  maxRootDistanceMs: 1_000,
  unknownDriftPpm: 100,
  wanderPpm: 15,
  warnMs: 10,
  hardMs: 30,
  maxAgeSeconds: 3_600,
} as const;

/** Measures for this process alone, and tells the time by it. Opening returns at once; the first fix takes a second. */
export function openTrustedClock(
  options: Partial<MeasureOptions & TrustLimits> & Pick<MeasureOptions, "servers">,
): TrustedClock {
  const settled = { ...CLOCK_DEFAULTS, onReport: (_report: ClockReport) => {}, ...options };
  const measurement = measureClock(settled);
  const now = trustedNowFrom(
    () => ({ fix: measurement.fix(), reason: measurement.report().reason }),
    settled,
    options.world?.clocks,
  );
  return { ...measurement, now };
}
