export interface PollIntervals {
  readonly minPollSeconds: number;
  readonly maxPollSeconds: number;
  readonly timeoutMs: number;
}

/** How often one server is asked, and how it has answered lately. */
export interface PollPace {
  readonly pollSeconds: number;
  /** RFC 5905 §13, p.reach: the last eight polls, newest lowest; a bit is set when an answer could be used. */
  readonly reach: number;
  /** True after RATE, until the server has answered many times at the slower pace. */
  readonly limited: boolean;
  readonly missesInRow: number;
  begin(): void;
  answered(): void;
  /** Kiss-o'-death RATE (RFC 5905 §7.4): less often at once, and again with each further one. */
  rateExceeded(): void;
  /** After a poll is over: makes the next interval of how it went. */
  end(): void;
  /** The interval starts from its least again, that which RATE has raised included. */
  quicken(): void;
  /** Another address is asked from now on: its answers will be counted afresh. */
  forgetMisses(): void;
}

/** MAXPOLL, RFC 5905 §7.2: 2^17 s. */
const MAX_POLL_SECONDS = 131_072;
/** Good polls in a row after which the interval doubles, up to the longest that is set. */
const GOOD_BEFORE_SLOWER = 4;
/** Good polls in a row after which a server that said RATE is asked twice as often again. */
const GOOD_BEFORE_FASTER = 8;
/** Misses in a row after which the interval doubles and another address of the name is tried. */
export const MANY_MISSES = 4;

export function openPace({ minPollSeconds, maxPollSeconds }: PollIntervals): PollPace {
  let pollSeconds = minPollSeconds;
  let floorSeconds = minPollSeconds;
  let reach = 0;
  let goodInRow = 0;
  let missesInRow = 0;
  return {
    get pollSeconds() {
      return pollSeconds;
    },
    get reach() {
      return reach;
    },
    get limited() {
      return floorSeconds > minPollSeconds;
    },
    get missesInRow() {
      return missesInRow;
    },
    begin() {
      reach = (reach << 1) & 0xff;
    },
    answered() {
      reach |= 1;
    },
    rateExceeded() {
      floorSeconds = Math.min(MAX_POLL_SECONDS, Math.max(pollSeconds, floorSeconds) * 2);
      goodInRow = 0;
    },
    end() {
      const good = (reach & 1) === 1;
      goodInRow = good ? goodInRow + 1 : 0;
      missesInRow = good ? 0 : missesInRow + 1;
      if (floorSeconds > minPollSeconds) {
        if (goodInRow >= GOOD_BEFORE_FASTER) {
          goodInRow = 0;
          floorSeconds = Math.max(minPollSeconds, floorSeconds / 2);
        }
        pollSeconds = floorSeconds;
      } else if (goodInRow >= GOOD_BEFORE_SLOWER) {
        goodInRow = 0;
        pollSeconds = Math.min(maxPollSeconds, pollSeconds * 2);
      } else if (missesInRow > 0 && missesInRow % MANY_MISSES === 0) {
        pollSeconds = Math.min(maxPollSeconds, pollSeconds * 2);
      }
    },
    quicken() {
      pollSeconds = floorSeconds;
      goodInRow = 0;
    },
    forgetMisses() {
      missesInRow = 0;
    },
  };
}
