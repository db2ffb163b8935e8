/** What is asked of every destination alike. */
export interface DestinationLimits {
  /** Messages under way to one destination at once. */
  readonly atOnce: number;
  /** Messages that may be begun in any 60 seconds; 0 for no limit. */
  readonly perMinute: number;
  /** How many may try at once, altogether, whether a destination is back that did not answer the last time. */
  readonly probes: number;
  readonly longestAwayMs: number;
}

/** A place at a destination; whoever has one gives it back once. */
export interface Place {
  readonly state: "free";
  /** @param away why the destination did not answer; null when it did, whatever it said of the message */
  leave(away: string | null): void;
}

export interface NoPlace {
  readonly state: "wait";
  readonly waitMs: number;
  readonly why: string;
}

export interface Destinations {
  enter(name: string): Place | NoPlace;
  /** It has been seen to answer. */
  isBack(name: string): void;
}

interface Destination {
  under: number;
  /** When messages were begun, ms, the last `perMinute` of them. */
  begun: number[];
  /** When a place was lent the last time. */
  lentAt: number;
  /** Times in a row that it did not answer. */
  failures: number;
  awayUntil: number;
  words: string;
  /** Up to when those who have been put off have each been given a time of their own. */
  line: number;
  /** A moving mean of how long one message takes, ms. */
  tookMs: number;
}

const FIRST_AWAY_MS = 30_000;
const MINUTE_MS = 60_000;
const SHORTEST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5 * 60_000;
/** While one tries whether it is back, the others need not look more often. */
const DURING_PROBE_MS = 15_000;
/** Who waits comes back a little too early rather than leave a place empty. */
const EAGERNESS = 0.7;
/** Who waits for a dead server, or one that lets nobody in, comes back at this distance: 20 looks a second, however many wait. */
const AWAY_GAP_MS = 50;
/** Recipients' domains are others' choice: what is remembered of them is bounded. */
const MOST_REMEMBERED = 10_000;

/**
 * Keeps a place for each message under way, by destination, so that one dead or slow server holds up nobody else: who finds
 * no place is sent away at once, with a time to come back that grows with the number of those who wait. A destination that
 * did not answer is left alone for 30 s, then twice as long each time; then one tries, and the others wait for what it finds.
 * All of it is forgotten with the process, which costs one try each.
 * @param now a monotonic clock in ms
 */
export function openDestinations(limits: DestinationLimits, now = () => performance.now()): Destinations {
  const known = new Map<string, Destination>();
  let probing = 0;

  return {
    enter(name) {
      const at = now();
      const destination = remember(known, name, at);
      const isProbe = destination.failures > 0;
      const full = isProbe ? destination.under > 0 || probing >= limits.probes : isFull(destination, limits);
      if (isProbe && at < destination.awayUntil)
        return putOff(
          destination,
          at,
          destination.awayUntil,
          AWAY_GAP_MS,
          `does not answer: ${destination.words}`,
        );
      if (isProbe && full)
        return putOff(
          destination,
          at,
          at + DURING_PROBE_MS,
          AWAY_GAP_MS,
          `did not answer: ${destination.words}`,
        );
      const gap = Math.max(
        (destination.tookMs / limits.atOnce) * EAGERNESS,
        limits.perMinute > 0 ? MINUTE_MS / limits.perMinute : 0,
        // Of one that has not finished a message yet nothing is known but that nobody was let in for so long.
        Math.min(AWAY_GAP_MS, at - destination.lentAt),
      );
      if (full) return putOff(destination, at, at, gap, "others are under way there");
      const freeAt = freeInRate(destination, limits.perMinute, at);
      if (freeAt > at) return putOff(destination, at, freeAt, gap, "has had its messages of this minute");
      destination.under++;
      destination.lentAt = at;
      if (isProbe) probing++;
      if (limits.perMinute > 0) destination.begun = [...destination.begun, at].slice(-limits.perMinute);
      return {
        state: "free",
        leave(away) {
          destination.under--;
          if (isProbe) probing--;
          const endedAt = now();
          if (away === null) {
            destination.failures = 0;
            destination.tookMs = destination.tookMs * 0.8 + (endedAt - at) * 0.2;
          } else if (endedAt >= destination.awayUntil) {
            // Of several that were under way together the first has told it.
            const awayMs = Math.min(
              limits.longestAwayMs,
              FIRST_AWAY_MS * 2 ** Math.min(destination.failures, 20),
            );
            destination.failures++;
            destination.awayUntil = endedAt + awayMs;
            destination.words = away;
          }
        },
      };
    },
    isBack(name) {
      const destination = known.get(name);
      if (!destination) return;
      destination.failures = 0;
      destination.awayUntil = 0;
    },
  };
}

function isFull({ under }: Destination, { atOnce }: DestinationLimits): boolean {
  return under >= atOnce;
}

/** When the next message may be begun. */
function freeInRate({ begun }: Destination, perMinute: number, at: number): number {
  const oldest = begun[0];
  return perMinute === 0 || begun.length < perMinute || oldest === undefined ? at : oldest + MINUTE_MS;
}

/** The next free time in the line of those who wait: each looks once where all would look at every turn. */
function putOff(destination: Destination, at: number, from: number, gapMs: number, why: string): NoPlace {
  const mine = Math.max(destination.line, from, at + SHORTEST_WAIT_MS);
  const latest = Math.max(from, at) + LONGEST_WAIT_MS;
  destination.line = Math.min(mine + gapMs, latest);
  return { state: "wait", waitMs: Math.min(mine, latest) - at, why };
}

function remember(known: Map<string, Destination>, name: string, at: number): Destination {
  const found = known.get(name);
  if (found) return found;
  if (known.size >= MOST_REMEMBERED) {
    for (const [other, { under, awayUntil, begun }] of known) {
      const isResting = under === 0 && awayUntil < at && (begun.at(-1) ?? -MINUTE_MS) < at - MINUTE_MS;
      if (isResting || known.size > 2 * MOST_REMEMBERED) known.delete(other);
    }
  }
  const made = { under: 0, begun: [], lentAt: at, failures: 0, awayUntil: 0, words: "", line: 0, tookMs: 0 };
  known.set(name, made);
  return made;
}
