import type { ClockReport } from "./clock-fix.ts";

export interface SampleKeeper {
  keep(report: ClockReport): void;
  /** Null while all that was measured is kept, else what is wrong. */
  trouble(): string | null;
  /** Tries once more to keep what is left. */
  stop(): Promise<void>;
}

/** About two hours of four servers; what is measured beyond it while the database is away is lost as evidence. */
const MOST_WAITING = 1_000;

/**
 * Keeps every report in its order, one at a time. Measuring never waits for the database: reports queue up here while it
 * is away, and the oldest are dropped when there are too many.
 */
export function openSampleKeeper(
  insert: (report: ClockReport) => Promise<void>,
  onError: (error: unknown, waiting: number) => void,
): SampleKeeper {
  const waiting: ClockReport[] = [];
  let dropped = 0;
  let failing = false;
  let working: Promise<void> | undefined;
  const work = async (): Promise<void> => {
    for (let next = waiting[0]; next; next = waiting[0]) {
      try {
        await insert(next);
        failing = false;
        // While it was written the queue may have been cut at the front.
        if (waiting[0] === next) waiting.shift();
      } catch (error) {
        failing = true;
        onError(error, waiting.length);
        return; // the next report tries again
      }
    }
  };
  const start = (): Promise<void> => {
    working ??= work().finally(() => {
      working = undefined;
    });
    return working;
  };
  return {
    keep(report) {
      waiting.push(report);
      if (waiting.length > MOST_WAITING) {
        waiting.shift();
        dropped += 1;
      }
      void start();
    },
    trouble() {
      if (!failing) return null;
      const lost = dropped > 0 ? `, ${dropped} lost since the start` : "";
      return `measurements cannot be kept: ${waiting.length} wait${lost}`;
    },
    async stop() {
      await working;
      await start();
    },
  };
}
