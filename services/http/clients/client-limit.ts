const WINDOW_MS = 60_000;

/** How a client stands after one more request. */
export interface ClientQuota {
  /** Requests in a minute. */
  readonly quota: number;
  readonly left: number;
  /** Until the minute is over. */
  readonly seconds: number;
  readonly isOver: boolean;
}

export interface ClientLimit {
  /** Counts one request; null where there is no limit. */
  take(clientId: string): ClientQuota | null;
}

/**
 * Counts each client's requests by the minute that began with its first one. In memory, of this process alone: it bounds
 * what a program that runs wild costs the others, and needs no exact count over all processes.
 * @param perMinute 0: no limit
 * @param nowMs a monotonic clock
 */
export function limitClientRequests(perMinute: number, nowMs: () => number): ClientLimit {
  // As many entries as there are registered clients: nobody else is counted here.
  const windows = new Map<string, { count: number; untilMs: number }>();
  return {
    take(clientId) {
      if (perMinute === 0) return null;
      const atMs = nowMs();
      let window = windows.get(clientId);
      if (window === undefined || window.untilMs <= atMs) {
        window = { count: 0, untilMs: atMs + WINDOW_MS };
        windows.set(clientId, window);
      }
      window.count += 1;
      return {
        quota: perMinute,
        left: Math.max(0, perMinute - window.count),
        seconds: Math.ceil((window.untilMs - atMs) / 1000),
        isOver: window.count > perMinute,
      };
    },
  };
}

/** RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10): what is left, and of how much. */
export function limitHeaders({ quota, left, seconds }: ClientQuota): Record<string, string> {
  return {
    ratelimit: `"requests";r=${left};t=${seconds}`,
    "ratelimit-policy": `"requests";q=${quota};w=${WINDOW_MS / 1000}`,
  };
}
