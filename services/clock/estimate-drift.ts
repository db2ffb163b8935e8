import type { Drift } from "./clock-filter.ts";

export interface DriftLimits {
  /** A clock whose drift is not known is off by no more: crystals of servers keep within 100 ppm. */
  readonly unknownPpm: number;
  /** What a known drift may change by within the memory, from temperature for instance (TOLERANCE, RFC 5905 §7.2: 15 ppm). */
  readonly wanderPpm: number;
}

export interface DriftEstimate {
  /** Takes an agreed offset with its bound. @returns false when it contradicts what was known: all of that is forgotten */
  add(atNs: bigint, offsetMs: number, errorBoundMs: number): boolean;
  read(): Drift;
  /** The clock was disturbed (set, asleep): what was known of it before says nothing about after. */
  forget(): void;
  /** The clock runs otherwise than was assumed: from now on up to the worst is taken as possible. */
  distrust(): void;
}

interface Point {
  readonly atNs: bigint;
  readonly offsetMs: number;
  readonly errorBoundMs: number;
}

/** One point a minute over the last hour: enough for a few ppm even over the internet, little to keep. */
const SPACING_NS = 60_000_000_000n;
const MAX_POINTS = 60;
/** Neither a crystal nor the kernel's own slewing is worse (MAXFREQ, RFC 5905 A.1.1). */
const WORST_PPM = 500;
/** Within this a pair of points says nothing that matters. */
const LEAST_SPAN_MS = 8_000;

/**
 * What the local oscillator does, from the agreed offsets alone: if the offset lay within its bounds at two moments, the
 * drift between them lies within the slopes that these bounds allow; all pairs with the newest point must allow it.
 * While that range reaches to both sides of zero, zero is taken: a drift that is not proved would only add noise.
 */
export function estimateDrift(limits: DriftLimits): DriftEstimate {
  let points: Point[] = [];
  let widestPpm = limits.unknownPpm;
  let lowPpm = -widestPpm;
  let highPpm = widestPpm;
  const forget = (): void => {
    points = [];
    lowPpm = -widestPpm;
    highPpm = widestPpm;
  };
  const distrust = (): void => {
    widestPpm = Math.max(widestPpm, WORST_PPM);
    forget();
  };
  const recompute = (newest: Point): boolean => {
    let low = -widestPpm;
    let high = widestPpm;
    for (const point of points) {
      const spanMs = Number(newest.atNs - point.atNs) / 1e6;
      if (spanMs < LEAST_SPAN_MS) continue;
      const changeMs = newest.offsetMs - point.offsetMs;
      const slackMs = newest.errorBoundMs + point.errorBoundMs;
      // The drift wanders meanwhile: an old point binds the present drift only so far.
      low = Math.max(low, ((changeMs - slackMs) / spanMs) * 1e6 - limits.wanderPpm);
      high = Math.min(high, ((changeMs + slackMs) / spanMs) * 1e6 + limits.wanderPpm);
    }
    if (low > high) return false;
    lowPpm = low;
    highPpm = high;
    return true;
  };
  return {
    add(atNs, offsetMs, errorBoundMs) {
      const newest = { atNs, offsetMs, errorBoundMs };
      const fits = recompute(newest);
      // Somebody slews this clock, or its crystal is worse than assumed.
      if (!fits) distrust();
      const last = points.at(-1);
      if (!last || atNs - last.atNs >= SPACING_NS) points = [...points, newest].slice(-MAX_POINTS);
      else if (errorBoundMs < last.errorBoundMs) points = [...points.slice(0, -1), newest];
      return fits;
    },
    read() {
      const ppm = lowPpm <= 0 && highPpm >= 0 ? 0 : (lowPpm + highPpm) / 2;
      return { ppm, uncertaintyPpm: Math.max(highPpm - ppm, ppm - lowPpm) };
    },
    forget,
    distrust,
  };
}
