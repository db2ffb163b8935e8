/** What is known of the failed sign-ins under one name (table sign_in_guard). */
export interface Failures {
  readonly failures: number;
  readonly lastFailureAt: Date;
  readonly lockedUntil: Date | null;
}

const FIRST_LOCK_MS = 60_000;
const LONGEST_LOCK_MS = 60 * 60_000;
/** So long without a failure, and they are forgotten. */
const FORGOTTEN_AFTER_MS = 24 * 60 * 60_000;

/**
 * One more try at a moment. It is counted before it is looked at, so that a hundred at once are no more than a hundred one
 * after the other; one that succeeds takes its count back. After the free ones each failure locks for 1, 2, 4 … minutes, an
 * hour at most; while it is locked nothing is counted, so that nobody can be kept out for longer by trying on.
 * @returns null while it is locked
 */
export function oneMoreTry(before: Failures | null, freeTries: number, at: Date): Failures | null {
  const atMs = at.getTime();
  if (before?.lockedUntil != null && before.lockedUntil.getTime() > atMs) return null;
  const isForgotten = before === null || before.lastFailureAt.getTime() + FORGOTTEN_AFTER_MS < atMs;
  const failures = isForgotten ? 1 : before.failures + 1;
  const times = failures - freeTries;
  const lockMs = times < 0 ? 0 : Math.min(FIRST_LOCK_MS * 2 ** Math.min(times, 10), LONGEST_LOCK_MS);
  return { failures, lastFailureAt: at, lockedUntil: lockMs === 0 ? null : new Date(atMs + lockMs) };
}
