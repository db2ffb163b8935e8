import { originOf } from "./smtp-admission.ts";

/** What one client network may do; 0: as much as it likes. */
export interface ClientLimitNumbers {
  readonly connectionsPerMinute: number;
  readonly lettersPerMinute: number;
  readonly recipientsPerMinute: number;
  /** Commands and recipients that were refused, on all of its connections. */
  readonly errorsPerHour: number;
}

export type ClientDeed = "connection" | "letter" | "recipient" | "error";

export interface ClientLimits {
  /** Counts one deed. False when the network has none left of that kind; then nothing is counted. */
  take(address: string, deed: ClientDeed): boolean;
  /** Whether one more would be let pass; counts nothing. */
  hasLeft(address: string, deed: ClientDeed): boolean;
}

const deeds: readonly ClientDeed[] = ["connection", "letter", "recipient", "error"];
const MINUTE_MS = 60_000;

/** So many networks are remembered; the one that was quiet longest makes room. About 10 MB when full. */
const MAX_ORIGINS = 50_000;

interface Purse {
  readonly left: Float64Array;
  filledAtMs: number;
}

/**
 * Token buckets for each client network (an IPv4 address, an IPv6 /64): a bucket holds what is allowed in its period, all
 * of it may go at once, and it fills evenly. A flood from ever new networks costs a bounded amount of memory, and can do
 * no more than make this forget what others did.
 *
 * @param nowMs a monotonic clock
 */
export function limitClients(
  numbers: ClientLimitNumbers,
  nowMs: () => number = () => performance.now(),
  maxOrigins = MAX_ORIGINS,
): ClientLimits {
  const holds = [
    numbers.connectionsPerMinute,
    numbers.lettersPerMinute,
    numbers.recipientsPerMinute,
    numbers.errorsPerHour,
  ];
  const perMs = holds.map((hold, at) => hold / (deeds[at] === "error" ? 60 * MINUTE_MS : MINUTE_MS));
  // A Map keeps the order of insertion: what is taken out and put in again whenever it is used stands last.
  const purses = new Map<string, Purse>();

  const purseOf = (address: string): Purse => {
    const origin = originOf(address);
    const atMs = nowMs();
    let purse = purses.get(origin);
    if (purse === undefined) {
      if (purses.size >= maxOrigins) purses.delete(purses.keys().next().value as string);
      purse = { left: Float64Array.from(holds), filledAtMs: atMs };
    } else {
      purses.delete(origin);
      for (let at = 0; at < holds.length; at++) {
        const filled = (purse.left[at] as number) + (atMs - purse.filledAtMs) * (perMs[at] as number);
        purse.left[at] = Math.min(holds[at] as number, filled);
      }
      purse.filledAtMs = atMs;
    }
    purses.set(origin, purse);
    return purse;
  };

  return {
    take(address, deed) {
      const at = deeds.indexOf(deed);
      if (holds[at] === 0) return true;
      const { left } = purseOf(address);
      if ((left[at] as number) < 1) return false;
      (left[at] as number)--;
      return true;
    },
    hasLeft(address, deed) {
      const at = deeds.indexOf(deed);
      return holds[at] === 0 || (purseOf(address).left[at] as number) >= 1;
    },
  };
}
