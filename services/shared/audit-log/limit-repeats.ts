/** So many of one kind are told one by one in a minute; those beyond are counted, and told as a number when it is over. */
const MOST_OF_A_KIND = 5;
/** And so many of all kinds together: whoever takes a new address for each try still writes no more. */
const MOST_IN_ALL = 300;
const WINDOW_MS = 60_000;
/** Kinds that are counted at the same time; beyond them one number is kept for all. */
const MOST_KINDS = 2_000;

/** What was not told one by one. */
export interface Repeated<Kind> {
  /** The last of them; null: of too many kinds to keep them apart. */
  readonly last: Kind | null;
  readonly times: number;
}

/**
 * Bounds what strangers can have us write down. Nothing is left out: what is not told by itself is in a number.
 */
export interface RepeatLimit<Kind> {
  /** @returns whether this one is told by itself */
  take(key: string, kind: Kind): boolean;
  /** Those of windows that are over. @param all of windows that are not, too: at the end */
  due(all?: boolean): Repeated<Kind>[];
}

export function limitRepeats<Kind>(nowMs: () => number): RepeatLimit<Kind> {
  const windows = new Map<string, { count: number; untold: number; last: Kind; readonly untilMs: number }>();
  let inAll = 0;
  let allUntilMs = 0;
  let beyond = 0;
  return {
    take(key, kind) {
      const at = nowMs();
      if (at >= allUntilMs) {
        inAll = 0;
        allUntilMs = at + WINDOW_MS;
      }
      const known = windows.get(key);
      const window =
        known !== undefined && (known.untold > 0 || at < known.untilMs)
          ? known
          : { count: 0, untold: 0, last: kind, untilMs: at + WINDOW_MS };
      if (window !== known) {
        windows.delete(key);
        if (windows.size >= MOST_KINDS && !forgetOne(at)) {
          if (inAll < MOST_IN_ALL) {
            inAll += 1;
            return true;
          }
          beyond += 1;
          return false;
        }
        windows.set(key, window);
      }
      window.count += 1;
      window.last = kind;
      if (at < window.untilMs && window.count <= MOST_OF_A_KIND && inAll < MOST_IN_ALL) {
        inAll += 1;
        return true;
      }
      window.untold += 1;
      return false;
    },
    due(all = false) {
      const at = nowMs();
      const repeated: Repeated<Kind>[] = [];
      for (const [key, { untold, last, untilMs }] of windows) {
        if (!all && at < untilMs) continue;
        windows.delete(key);
        if (untold > 0) repeated.push({ last, times: untold });
      }
      // In the same minute beyond which single ones are counted as well, numbers have a bound too.
      const kept = repeated.slice(0, MOST_IN_ALL);
      for (const { times } of repeated.slice(MOST_IN_ALL)) beyond += times;
      if (beyond > 0 && (all || at >= allUntilMs)) {
        kept.push({ last: null, times: beyond });
        beyond = 0;
      }
      return kept;
    },
  };

  /** The one that began first, if it is over and has nothing to tell; windows stand in the order of their beginnings. */
  function forgetOne(at: number): boolean {
    for (const [key, { untold, untilMs }] of windows)
      return untold === 0 && at >= untilMs && windows.delete(key);
    return false;
  }
}
