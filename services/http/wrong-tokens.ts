/** So many wrong tokens from one address in a minute are answered one by one; then the address is told to wait. */
const MOST_IN_A_WINDOW = 10;
const WINDOW_MS = 60_000;
/** More addresses than this are not remembered: the oldest gives way. */
const MOST_ADDRESSES = 10_000;

export interface WrongTokens {
  /** Counts one more. @returns seconds until the address may try again; 0 while it has not tried too often */
  count(address: string): number;
}

/**
 * Counts wrong tokens by the address they come from. No guess at 256 random bits gets anywhere, so this is no protection
 * of the tokens: it bounds what a client with an old token writes to the log, and tells it to stop. A valid token is never
 * refused for it: behind one proxy all clerks have one address.
 */
export function countWrongTokens(nowMs: () => number): WrongTokens {
  const windows = new Map<string, { count: number; untilMs: number }>();
  return {
    count(address) {
      const at = nowMs();
      let window = windows.get(address);
      if (window === undefined || window.untilMs <= at) {
        windows.delete(address); // so that the map's order is that of the windows' beginnings
        const [oldest] = windows.keys();
        if (windows.size >= MOST_ADDRESSES && oldest !== undefined) windows.delete(oldest);
        window = { count: 0, untilMs: at + WINDOW_MS };
        windows.set(address, window);
      }
      window.count += 1;
      return window.count > MOST_IN_A_WINDOW ? Math.ceil((window.untilMs - at) / 1000) : 0;
    },
  };
}
