import type { Ears } from "../shared/runtime/ears.ts";
import type { Log } from "../shared/runtime/log.ts";

/** Under load the registry commits hundreds of times a second: one look serves all that came meanwhile. */
const LOOKS_APART_MS = 20;

export interface Waiters<Wanted extends object> {
  /**
   * Resolves when there is an answer, after `waitMs`, when `gone` aborts, or when this room stops: whoever waited looks into
   * the tables for what it is.
   */
  wait(wanted: Wanted, waitMs: number, gone?: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export interface WaiterParts<Wanted extends object> {
  /** Of PostgreSQL's NOTIFY: each word on it may be about one of those that wait. */
  readonly channel: string;
  /** @returns those that need not wait any longer, of all that wait */
  readonly find: (waiting: readonly Wanted[]) => Promise<readonly Wanted[]>;
  /** More requests do not wait at once; what comes beyond is answered right away. */
  readonly most: number;
  /** A limit of one caller's own, which may look at all that wait. */
  readonly mayWait?: (wanted: Wanted, waiting: readonly Wanted[]) => boolean;
  /** What the log says when the tables cannot be read. */
  readonly trouble: string;
}

/**
 * Requests that wait for others' work (Prefer: wait). On each word on the channel, and after the connection was cut, one look into the tables finds those that are done. A request that starts to wait has that look made once more:
 * what was decided before it stood in the list is found then. A wake-up that is lost all the same costs time only.
 */
export function openWaiters<Wanted extends object>(
  { channel, find, most, mayWait = () => true, trouble }: WaiterParts<Wanted>,
  ears: Ears,
  log: Log,
): Waiters<Wanted> {
  const waiting = new Map<() => void, Wanted>();
  let stopped = false;
  let looking: Promise<void> | undefined;
  let lookAgain = false;
  let pause: NodeJS.Timeout | undefined;

  const lookOnce = async (): Promise<void> => {
    const seen = [...waiting];
    const found = new Set(await find(seen.map(([, wanted]) => wanted)));
    for (const [wake, wanted] of seen) if (found.has(wanted)) wake();
  };
  const look = (): void => {
    if (stopped || waiting.size === 0) return;
    if (looking || pause) {
      lookAgain = true; // the look under way may have passed by what this word is about
      return;
    }
    looking = lookOnce()
      .catch((error: unknown) => log.warn({ err: error }, trouble))
      .finally(() => {
        looking = undefined;
        pause = setTimeout(() => {
          pause = undefined;
          if (!lookAgain) return;
          lookAgain = false;
          look();
        }, LOOKS_APART_MS);
      });
  };
  const heard = ears.listen(channel, look);

  return {
    wait(wanted, waitMs, gone) {
      if (stopped || waiting.size >= most || waitMs <= 0 || gone?.aborted) return Promise.resolve();
      if (!mayWait(wanted, [...waiting.values()])) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(wake, waitMs);
        function wake(): void {
          clearTimeout(timer);
          gone?.removeEventListener("abort", wake);
          waiting.delete(wake);
          resolve();
        }
        gone?.addEventListener("abort", wake);
        waiting.set(wake, wanted);
        look();
      });
    },
    async stop() {
      stopped = true;
      for (const wake of [...waiting.keys()]) wake();
      heard.stop();
      await looking;
      // Set anew by a look that was under way until now.
      clearTimeout(pause);
    },
  };
}
