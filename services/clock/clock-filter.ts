import type { Sample } from "./judge-answer.ts";

/** Samples kept of each server (NSTAGE, RFC 5905 §10, A.1.1). */
const STAGES = 8;

/** How the local clock is taken to drift; old samples are carried forward with it. */
export interface Drift {
  /** Reference minus local clock, parts per million: what is known of the oscillator. */
  readonly ppm: number;
  /** What `ppm` may be wrong by: an error bound grows at this rate. */
  readonly uncertaintyPpm: number;
}

/** A server's clock against the local clock at one moment. */
export interface Filtered {
  /** When the newest sample came in; the one that was chosen may be older. */
  readonly newestNs: bigint;
  readonly sample: Sample;
  readonly offsetMs: number;
  readonly delayMs: number;
  readonly dispersionMs: number;
  readonly jitterMs: number;
  /** The true offset lies within this if the server and those above it are truthful, ms. */
  readonly errorBoundMs: number;
  /** The part of it that is there because the samples contradict each other beyond what their delays explain. */
  readonly contradictionMs: number;
  /** Λ of RFC 5905 §11.2: what is to be expected rather than what is certain; ranks and weighs servers. */
  readonly rootDistanceMs: number;
}

export interface ClockFilter {
  add(sample: Sample): void;
  /** The best that is known of the server at `nowNs`; undefined before the first sample. */
  read(nowNs: bigint, drift: Drift): Filtered | undefined;
  /** Forgets everything: the samples say nothing any more of the clock as it is now. */
  clear(): void;
}

/**
 * The clock filter of RFC 5905 §10: of the last eight samples the one that travelled fastest tells most, because what a
 * packet waits on one side of its way spoils the offset by half of it.
 *
 * Three things differ from the RFC's sketch (A.5.2), because here a stated bound must hold in every case:
 * - the order is by half the delay plus the dispersion with its growth until now, not by delay alone, so that a fast
 *   sample of an hour ago gives way to a fresh one;
 * - the dispersion is not less than the chosen sample's own (the RFC's sum counts it half), and empty stages do not count
 *   as 16 s each, which would only be a way of waiting for four samples;
 * - the error bound has no share of the jitter, since half the delay covers what packets may have waited. In its place
 *   stands by how much samples contradict each other beyond their delays: then it is the server's clock that wavers.
 */
export function openClockFilter(): ClockFilter {
  let stages: Sample[] = [];
  return {
    add(sample) {
      stages = [sample, ...stages].slice(0, STAGES);
    },
    clear() {
      stages = [];
    },
    read(nowNs, drift) {
      const sorted = stages
        .map((sample) => carryForward(sample, nowNs, drift))
        .sort((a, b) => reachOf(a) - reachOf(b));
      const [best] = sorted;
      const [newest] = stages;
      if (!best || !newest) return undefined;
      const jitterMs = jitterOf(sorted.map(({ offsetMs }) => offsetMs));
      const dispersionMs = Math.max(
        best.dispersionMs,
        dispersionOf(sorted.map((stage) => stage.dispersionMs)),
      );
      const { rootDelayMs, rootDispersionMs } = best.sample;
      const contradictionMs = contradictionOf(sorted);
      const upstreamMs = rootDelayMs / 2 + rootDispersionMs;
      return {
        ...best,
        newestNs: newest.atNs,
        dispersionMs,
        jitterMs,
        errorBoundMs: upstreamMs + reachOf(best) + contradictionMs,
        contradictionMs,
        // RFC 5905 A.5.5.2: LAMBDA = (rootdelay + delay) / 2 + rootdisp + disp + PHI * age + jitter.
        rootDistanceMs: upstreamMs + best.delayMs / 2 + dispersionMs + jitterMs,
      };
    },
  };
}

interface Stage {
  readonly sample: Sample;
  readonly offsetMs: number;
  readonly delayMs: number;
  readonly dispersionMs: number;
}

/** How far the server's clock may be from the sample's offset. */
function reachOf({ delayMs, dispersionMs }: Stage): number {
  return delayMs / 2 + dispersionMs;
}

/** The widest gap between what the best sample and another allow; 0 while they agree. */
function contradictionOf(sorted: readonly Stage[]): number {
  const [best] = sorted;
  if (!best) return 0;
  const gaps = sorted.map(
    (stage) => Math.abs(stage.offsetMs - best.offsetMs) - reachOf(stage) - reachOf(best),
  );
  return Math.max(0, ...gaps.slice(1));
}

function carryForward(sample: Sample, nowNs: bigint, drift: Drift): Stage {
  const ageMs = Number(nowNs - sample.atNs) / 1e6;
  return {
    sample,
    offsetMs: sample.offsetMs + (ageMs * drift.ppm) / 1e6,
    delayMs: sample.delayMs,
    dispersionMs: sample.dispersionMs + (ageMs * drift.uncertaintyPpm) / 1e6,
  };
}

/** Root mean square of the differences from the best (RFC 5905 §10, ψ). */
function jitterOf([best = 0, ...others]: readonly number[]): number {
  if (others.length === 0) return 0;
  const squares = others.reduce((sum, offset) => sum + (offset - best) ** 2, 0);
  return Math.sqrt(squares / others.length);
}

/** Half of the best, a quarter of the next, and so on (RFC 5905 §10, ε), over the stages that are filled. */
function dispersionOf(sorted: readonly number[]): number {
  return sorted.reduce((sum, dispersion, index) => sum + dispersion / 2 ** (index + 1), 0);
}
