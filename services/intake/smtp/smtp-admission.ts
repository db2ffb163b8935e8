import { isIPv6 } from "node:net";

export interface Admission<Guest extends object> {
  /** False when the house is full, or full of guests of that address. */
  enter(guest: Guest, remoteAddress: string): boolean;
  /** Also for a guest that was not let in. */
  leave(guest: Guest): void;
}

/** Counts who is in, altogether and for each address. */
export function boundGuests<Guest extends object>(limits: {
  readonly maxClients: number;
  readonly maxClientsPerAddress: number;
}): Admission<Guest> {
  const inside = new Map<Guest, string>();
  const ofOrigin = new Map<string, number>();
  return {
    enter(guest, remoteAddress) {
      const origin = originOf(remoteAddress);
      const count = ofOrigin.get(origin) ?? 0;
      if (inside.size >= limits.maxClients || count >= limits.maxClientsPerAddress) return false;
      inside.set(guest, origin);
      ofOrigin.set(origin, count + 1);
      return true;
    },
    leave(guest) {
      const origin = inside.get(guest);
      if (origin === undefined) return;
      inside.delete(guest);
      const count = (ofOrigin.get(origin) ?? 1) - 1;
      if (count > 0) ofOrigin.set(origin, count);
      else ofOrigin.delete(origin);
    },
  };
}

/**
 * An IPv6 site is handed a /64 at least (RFC 6177 §2): one client owns all of its addresses. An IPv4 client of a dual-stack
 * socket is itself; by its /64 all of them would be one, and one of them could use up what all may do.
 */
export function originOf(remoteAddress: string): string {
  if (!isIPv6(remoteAddress)) return remoteAddress;
  const [head = "", tail = ""] = remoteAddress.split("%")[0]?.split("::") ?? [];
  const left = head === "" ? [] : head.split(":");
  const right = tail === "" ? [] : tail.split(":");
  // A dotted quad at the end stands for two groups.
  const rightGroups = right.length + (right.at(-1)?.includes(".") ? 1 : 0);
  const zeros = remoteAddress.includes("::") ? Math.max(0, 8 - left.length - rightGroups) : 0;
  const groups = [...left, ...Array<string>(zeros).fill("0"), ...right];
  const numbers = groups.map((group) => Number.parseInt(group, 16));
  const isMapped = numbers.slice(0, 6).every((group, at) => group === (at === 5 ? 0xffff : 0));
  const quad = groups.at(-1) ?? "";
  if (isMapped && quad.includes(".")) return quad;
  if (isMapped)
    return numbers
      .slice(6)
      .flatMap((group) => [group >> 8, group & 0xff])
      .join(".");
  return numbers
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":");
}
