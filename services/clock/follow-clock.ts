import type { ClockFix } from "./clock-fix.ts";

export interface ClockFollower {
  fix(): { readonly fix: ClockFix | undefined; readonly reason: string };
  /** Looks now. Never rejects. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Follows the fixes that the clock service of this host keeps, so that all processes of a host tell the same time and the
 * reference servers see one client. A fix is of use to every process that reads the same monotonic clock, and only to
 * those; it needs no fresh reading to stay true, its bound grows by itself. So a database that is away for a while costs
 * nothing but accuracy, and the state says so when it is too old.
 * @param read the newest fix of this clockId, undefined when there is none
 * @param everyMs how often it is looked for
 */
export function followClock(
  clockId: string,
  read: (clockId: string) => Promise<ClockFix | undefined>,
  everyMs: number,
  onError: (error: unknown) => void,
): ClockFollower {
  let fix: ClockFix | undefined;
  let reason = "the clock has not been looked for yet";
  let looking: Promise<void> | undefined;
  const lookOnce = async (): Promise<void> => {
    try {
      const found = await read(clockId);
      // A clock service that starts again keeps its first fix some seconds later: until then the earlier one goes on.
      if (found && found.clockId === clockId && (!fix || found.atNs > fix.atNs)) fix = found;
      reason = fix ? "" : "no clock service measures on this host, or its servers have not agreed yet";
    } catch (error) {
      reason = "the measurements cannot be read";
      onError(error);
    }
  };
  const look = (): Promise<void> => {
    looking ??= lookOnce().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const lookLater = (): void => {
    if (stopped) return;
    // Until there is a fix at all, every stamp is unsynchronised: that is worth a look more often.
    timer = setTimeout(() => void look().then(lookLater), fix ? everyMs : everyMs / 8);
  };
  lookLater();
  return {
    fix: () => ({ fix, reason }),
    look,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await looking;
    },
  };
}
