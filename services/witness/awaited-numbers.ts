/** Numbers that were not there when those behind them became leaves: their events may still come, or never will. */
export interface AwaitedNumbers {
  readonly list: readonly number[];
  /** The numbers between `last` and those found after it. @param xmax no transaction from this one on had begun */
  notice(last: number, found: readonly number[], xmax: bigint, nowMs: number): void;
  /** At the start: of how long they have been missing nothing is known. */
  add(numbers: readonly number[], xmax: bigint, nowMs: number): void;
  remove(numbers: readonly number[]): void;
  /** Forgets what cannot come any more. @param xmin every transaction before this one has ended */
  forget(xmin: bigint, nowMs: number): void;
}

/**
 * Between taking a number and getting its transaction's id a statement is at work, so for a moment nobody can tell that
 * it will be there: longer than any of ours may take (statement_timeout), ten times over.
 */
const FORGET_AFTER_MS = 600_000;
/** A sequence that was set forward leaves a hole of any size; who is at work has one of the last numbers. */
const MOST_OF_A_HOLE = 1000;
const MOST = 10_000;

export function openAwaitedNumbers(): AwaitedNumbers {
  const awaited = new Map<number, { readonly xmax: bigint; readonly sinceMs: number }>();
  const add = (seq: number, xmax: bigint, sinceMs: number): void => {
    if (awaited.has(seq)) return;
    awaited.set(seq, { xmax, sinceMs });
    const [oldest] = awaited.keys();
    if (awaited.size > MOST && oldest !== undefined) awaited.delete(oldest);
  };
  return {
    get list() {
      return [...awaited.keys()];
    },
    notice(last, found, xmax, nowMs) {
      let before = last;
      for (const seq of found) {
        for (let hole = Math.max(before + 1, seq - MOST_OF_A_HOLE); hole < seq; hole++)
          add(hole, xmax, nowMs);
        before = Math.max(before, seq);
      }
    },
    add(numbers, xmax, nowMs) {
      for (const seq of numbers) add(seq, xmax, nowMs);
    },
    remove(numbers) {
      for (const seq of numbers) awaited.delete(seq);
    },
    forget(xmin, nowMs) {
      for (const [seq, { xmax, sinceMs }] of awaited)
        if (xmin >= xmax && nowMs - sinceMs > FORGET_AFTER_MS) awaited.delete(seq);
    },
  };
}
