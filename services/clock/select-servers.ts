/** A server's clock as the selection sees it, ms against the local clock. */
export interface Candidate {
  readonly name: string;
  readonly offsetMs: number;
  /** The true time lies within offset ± this if the server is truthful. */
  readonly errorBoundMs: number;
  /** Ranks and weighs (RFC 5905 §11.2). */
  readonly rootDistanceMs: number;
  readonly jitterMs: number;
  readonly stratum: number;
}

export type Selection<C extends Candidate> =
  | {
      readonly kind: "agreed";
      /** Best first (RFC 5905 §11.2.2 order); the first is the reference that stamps name. */
      readonly survivors: readonly C[];
      readonly falsetickers: readonly C[];
      /** Truthful, but too far from the others to add anything. */
      readonly outliers: readonly C[];
      readonly offsetMs: number;
      /** Holds as long as most of the candidates are truthful. */
      readonly errorBoundMs: number;
      readonly jitterMs: number;
    }
  | { readonly kind: "none"; readonly reason: string };

/** Outliers are cast off until this many are left (NMIN, RFC 5905 §11.2.2, A.1.1). */
const KEEP_AT_LEAST = 3;
/** A root distance that counts as much as one stratum in the order of servers (MAXDIST, RFC 5905 §7.2). */
const MS_PER_STRATUM = 1_000;

/**
 * Selection (RFC 5905 §11.2.1), clustering (§11.2.2) and combining (§11.2.3).
 *
 * The selection is Marzullo's: the range of time that more than half of the candidates agree on. The RFC's variant also
 * wants the midpoints inside; then a good server nearby and an equally truthful one far away would count as two that
 * disagree. The bound reaches to the far edge of the agreed range, so it holds whichever minority lies, and by however
 * much. Of two servers that disagree neither is believed.
 * @param least candidates needed at all
 */
export function selectServers<C extends Candidate>(candidates: readonly C[], least = 1): Selection<C> {
  if (candidates.length < least) {
    return {
      kind: "none",
      reason:
        candidates.length === 0
          ? "no server gives a usable time"
          : `only ${candidates.length} of at least ${least} servers give a usable time`,
    };
  }
  const majority = Math.floor(candidates.length / 2) + 1;
  const agreed = agreedRange(candidates, majority);
  if (!agreed) return { kind: "none", reason: `${candidates.length} servers disagree: no majority` };
  const truechimers = candidates.filter((candidate) => overlaps(candidate, agreed)).sort(byRank);
  const survivors = withoutOutliers(truechimers);
  const offsetMs = Math.min(agreed.highMs, Math.max(agreed.lowMs, weightedOffset(survivors)));
  return {
    kind: "agreed",
    survivors,
    falsetickers: candidates.filter((candidate) => !truechimers.includes(candidate)),
    outliers: truechimers.filter((candidate) => !survivors.includes(candidate)),
    offsetMs,
    errorBoundMs: Math.max(agreed.highMs - offsetMs, offsetMs - agreed.lowMs),
    jitterMs: survivors[0]?.jitterMs ?? 0,
  };
}

interface Range {
  readonly lowMs: number;
  readonly highMs: number;
}

/** From the first to the last moment that `majority` candidates' intervals hold; undefined when none is held by so many. */
function agreedRange(candidates: readonly Candidate[], majority: number): Range | undefined {
  const lows = candidates.map((candidate) => candidate.offsetMs - candidate.errorBoundMs).sort(ascending);
  const highs = candidates.map((candidate) => candidate.offsetMs + candidate.errorBoundMs).sort(ascending);
  // As many intervals hold a moment as have begun, less those that have ended. It can only rise to the majority where
  // one begins, and only fall from it where one ends.
  const held = (atMs: number): number =>
    lows.filter((low) => low <= atMs).length - highs.filter((high) => high < atMs).length;
  const lowMs = lows.find((low) => held(low) >= majority);
  const highMs = highs.findLast((high) => held(high) >= majority);
  return lowMs === undefined || highMs === undefined ? undefined : { lowMs, highMs };
}

function overlaps(candidate: Candidate, range: Range): boolean {
  return (
    candidate.offsetMs - candidate.errorBoundMs <= range.highMs &&
    candidate.offsetMs + candidate.errorBoundMs >= range.lowMs
  );
}

/** Casts off the one that is furthest from the others while that is further than any of them wavers (RFC 5905 §11.2.2). */
function withoutOutliers<C extends Candidate>(truechimers: readonly C[]): readonly C[] {
  let left = truechimers;
  while (left.length > KEEP_AT_LEAST) {
    const spreads = left.map((one) => rootMeanSquare(left.map((other) => other.offsetMs - one.offsetMs)));
    const widest = Math.max(...spreads);
    if (widest <= Math.min(...left.map(({ jitterMs }) => jitterMs))) break;
    const worst = spreads.lastIndexOf(widest);
    left = left.filter((_, index) => index !== worst);
  }
  return left;
}

/** Weighted by the reciprocal of the root distance (RFC 5905 §11.2.3). */
function weightedOffset(survivors: readonly Candidate[]): number {
  let weights = 0;
  let sum = 0;
  for (const { offsetMs, rootDistanceMs } of survivors) {
    const weight = 1 / Math.max(rootDistanceMs, 1e-6);
    weights += weight;
    sum += weight * offsetMs;
  }
  return sum / weights;
}

function byRank(a: Candidate, b: Candidate): number {
  const rank = ({ stratum, rootDistanceMs }: Candidate): number => stratum * MS_PER_STRATUM + rootDistanceMs;
  return rank(a) - rank(b);
}

function rootMeanSquare(differences: readonly number[]): number {
  const squares = differences.reduce((sum, difference) => sum + difference ** 2, 0);
  return Math.sqrt(squares / Math.max(1, differences.length - 1));
}

function ascending(a: number, b: number): number {
  return a - b;
}
