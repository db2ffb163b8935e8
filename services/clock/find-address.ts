import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

/** Addresses of a host name. @throws when it has none, or nobody tells */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** More addresses of one name than this are not remembered. */
const MAX_ADDRESSES = 16;
/** Names move to other addresses: looked up again after this. */
const RESOLVE_AGAIN_NS = 3_600_000_000_000n;

/** The system's own resolver (hosts file, DNS), IPv4 and IPv6 in its order. */
export const resolveBySystem: Resolve = async (host) => {
  if (isIP(host) !== 0) return [host];
  return (await lookup(host, { all: true })).slice(0, MAX_ADDRESSES).map(({ address }) => address);
};

export interface AddressFinder {
  /** The address in use; null before the first was found. */
  readonly current: string | null;
  /** Why the last look-up failed; "" when it did not. */
  readonly trouble: string;
  /**
   * Looks the name up when that is due, and keeps to the address in use while the name has it.
   * @param another the address in use does not answer: take the next
   * @returns whether the address is another than before
   */
  find(another: boolean): Promise<boolean>;
}

/** @param signal ends the waiting: the system's resolver cannot be interrupted and may take half a minute */
export function findAddressOf(
  host: string,
  parts: {
    readonly resolve: Resolve;
    readonly monotonicNs: () => bigint;
    readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  },
  withinMs: number,
  signal: AbortSignal,
): AddressFinder {
  let current: string | null = null;
  let resolvedNs: bigint | undefined;
  let trouble = "";
  const inTime = async (): Promise<readonly string[]> => {
    const answered = new AbortController();
    const late = parts.pause(withinMs, AbortSignal.any([answered.signal, signal])).then(() => {
      throw new Error(`not resolved within ${withinMs} ms`);
    });
    try {
      return await Promise.race([parts.resolve(host), late]);
    } finally {
      late.catch(() => {});
      answered.abort();
    }
  };
  return {
    get current() {
      return current;
    },
    get trouble() {
      return trouble;
    },
    async find(another) {
      const nowNs = parts.monotonicNs();
      const due = resolvedNs === undefined || nowNs - resolvedNs > RESOLVE_AGAIN_NS;
      if (current !== null && !due && !another) return false;
      try {
        const found = await inTime();
        if (found.length === 0) throw new Error("the name has no address");
        resolvedNs = nowNs;
        trouble = "";
        const place = current === null ? -1 : found.indexOf(current);
        if (place !== -1 && !another) return false;
        const before = current;
        current = found[(place + 1) % found.length] ?? null;
        return current !== before;
      } catch (error) {
        // Without the resolver the address that was found before stays in use.
        trouble = `its name cannot be resolved: ${(error as Error).message.slice(0, 200)}`;
        return false;
      }
    },
  };
}
