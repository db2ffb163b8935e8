/** Addresses remembered; the one that was quiet longest makes room. */
const MOST_CLIENTS = 20_000;
const MINUTE_MS = 60_000;

export interface ClientLimit {
  /** Counts one request. @returns seconds until there is room for one more; 0 when this one has it */
  take(address: string): number;
}

/**
 * Token buckets for what anybody may ask without a token: each client network has so many requests a minute, all of which
 * may come at once. A flood from ever new addresses costs a bounded amount of memory, and can do no more than make this
 * forget what others did.
 * @param nowMs a monotonic clock
 */
export function limitClients(
  perMinute: number,
  nowMs: () => number = () => performance.now(),
  mostClients = MOST_CLIENTS,
): ClientLimit {
  const buckets = new Map<string, { left: number; filledAtMs: number }>();
  return {
    take(address) {
      const network = networkOf(address);
      const atMs = nowMs();
      const before = buckets.get(network);
      // Taken out and put in again, so that the map's order is that of the last use.
      buckets.delete(network);
      const [quietest] = buckets.keys();
      if (buckets.size >= mostClients && quietest !== undefined) buckets.delete(quietest);
      const filled = before ? before.left + ((atMs - before.filledAtMs) * perMinute) / MINUTE_MS : perMinute;
      const left = Math.min(perMinute, filled);
      buckets.set(network, { left: left >= 1 ? left - 1 : left, filledAtMs: atMs });
      return left >= 1 ? 0 : Math.ceil(((1 - left) * MINUTE_MS) / perMinute / 1000);
    },
  };
}

/** An IPv4 address, or the /64 of an IPv6 address, which one client has to itself (RFC 6177). */
export function networkOf(address: string): string {
  const plain = address
    .slice(0, 64)
    .toLowerCase()
    .replace(/^::ffff:(?=[\d.]+$)/, "");
  if (!plain.includes(":")) return plain;
  const [before = "", after] = plain.split("::");
  const groups = before === "" ? [] : before.split(":");
  if (after !== undefined) {
    const behind = after === "" ? [] : after.split(":");
    while (groups.length + behind.length < 8) groups.push("0");
    groups.push(...behind);
  }
  return groups.slice(0, 4).join(":");
}
