import { setTimeout as pause } from "node:timers/promises";

/**
 * The drill's own time, in ms from its start. It stands still while a fault is overdue (a service that takes long to come
 * back before it can be killed again), so that letters never run out before the faults do.
 */
export interface Pace {
  /** Resolves when the drill's time has come to `ms`. */
  reach(ms: number, signal: AbortSignal): Promise<void>;
  /** The drill's time does not go beyond `ms` until the next call. */
  holdAt(ms: number): void;
}

const LOOK_EVERY_MS = 100;

export function startPace(clock: () => number = () => performance.now()): Pace {
  const startedMs = clock();
  let stoodMs = 0;
  let limitMs = Number.POSITIVE_INFINITY;
  const nowMs = (): number => Math.min(clock() - startedMs - stoodMs, limitMs);
  return {
    async reach(ms, signal) {
      for (;;) {
        const leftMs = ms - nowMs();
        if (leftMs <= 0) return;
        await pause(Math.min(leftMs, LOOK_EVERY_MS), undefined, { signal });
      }
    },
    holdAt(ms) {
      stoodMs += Math.max(0, clock() - startedMs - stoodMs - limitMs);
      limitMs = ms;
    },
  };
}
