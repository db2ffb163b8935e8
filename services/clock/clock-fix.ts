/**
 * What the reference time was at one moment of the monotonic clock, and how far that can be trusted from then on.
 * With it any process of the same boot can tell the time without asking anybody (trusted-now.ts).
 */
export interface ClockFix {
  /** The monotonic clock that the fix is of (monotonicClockId); of no use to a process with another one. */
  readonly clockId: string;
  readonly atNs: bigint;
  /** Reference time at that moment, ns since 1970. */
  readonly epochNs: bigint;
  /** The true error is not more, as long as most of the servers are truthful. */
  readonly errorBoundMs: number;
  /** Reference minus local clock since then; added to the time. */
  readonly driftPpm: number;
  /** The error bound grows by this. */
  readonly growthPpm: number;
  /** When the newest answer of a believed server came in. */
  readonly answeredNs: bigint;
  /** System clock minus monotonic clock then: when it is another now, somebody has set the clock or the machine slept. */
  readonly systemMinusMonotonicNs: bigint;
  readonly jitterMs: number;
  /** Of the best server. */
  readonly stratum: number;
  /** The best server and what it is set by, for example "time1.nimt.or.th (PPS)". */
  readonly reference: string;
  /** The servers that were believed, best first. */
  readonly servers: readonly string[];
}

/** How one server stood when the fix was made; the evidence behind it. */
export interface ServerReport {
  readonly name: string;
  readonly address: string | null;
  /**
   * used; outlier: truthful, adds nothing; falseticker: contradicts most others; distant: its root distance is too large;
   * same: another name of a server that is already counted; silent; rejected: answers cannot be used;
   * limited: it asked for fewer questions (RATE) and has said nothing usable lately; denied: it asked not to be asked
   * (DENY, RSTR); unagreed: usable, but the servers did not agree; waiting: not asked yet.
   */
  readonly state:
    | "used"
    | "outlier"
    | "falseticker"
    | "distant"
    | "same"
    | "silent"
    | "rejected"
    | "limited"
    | "denied"
    | "unagreed"
    | "waiting";
  /** In words, when there is something to say. */
  readonly reason: string;
  /** Which of the last eight polls were answered, newest lowest (RFC 5905 §13, p.reach). */
  readonly reach: number;
  readonly pollSeconds: number;
  /** Packets that came from this address without our nonce: spoofed, repeated or late. */
  readonly strangers: number;
  /** Server's clock minus system clock; null before the first sample, as all that follows. */
  readonly offsetMs: number | null;
  readonly delayMs: number | null;
  readonly dispersionMs: number | null;
  readonly jitterMs: number | null;
  readonly rootDelayMs: number | null;
  readonly rootDispersionMs: number | null;
  readonly rootDistanceMs: number | null;
  readonly errorBoundMs: number | null;
  readonly stratum: number | null;
  readonly leap: number | null;
  readonly referenceId: string | null;
}

/** The result of one round; kept for auditors. */
export interface ClockReport {
  readonly clockId: string;
  readonly atNs: bigint;
  /** What holds now: made in this round, or an earlier one that goes on (holdover); undefined before the first. */
  readonly fix: ClockFix | undefined;
  /** Whether the servers agreed in this round; else `reason` says why not. */
  readonly agreed: boolean;
  readonly reason: string;
  readonly servers: readonly ServerReport[];
}
