import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** The two clocks that a process has; parameters, so that tests can step, slew and stop them. */
export interface HostClocks {
  /** Nanoseconds of the monotonic clock (CLOCK_MONOTONIC): never set, the same for every process since boot. */
  monotonicNs(): bigint;
  /** Whole milliseconds since 1970 of the system clock, rounded down; may be set at any moment. */
  systemMs(): number;
}

export const hostClocks: HostClocks = { monotonicNs: () => process.hrtime.bigint(), systemMs: Date.now };

/** What is known of the system clock against the monotonic clock. */
export interface SystemReading {
  /** System clock minus monotonic clock, ns; exact to half of `widthNs`. */
  readonly minusMonotonicNs: bigint;
  readonly widthNs: bigint;
  /** How far the system clock was seen to be set since this began, added up without sign, ms. */
  readonly steppedMs: number;
}

export interface SystemClock {
  read(): SystemReading;
  /** Reads until the difference is known to 5 µs: about 1 ms, 10 ms at most (a busy machine). */
  settle(): SystemReading;
}

const MS = 1_000_000n;
const SETTLED_NS = 5_000n;
/** About 10 ms of reading. */
const SETTLE_READS = 20_000;

/**
 * Watches the system clock against the monotonic clock. Node reads it in whole milliseconds, but each reading says that
 * the true value lies in a range, and the ranges of all readings since the last step overlap: they soon leave only
 * microseconds. A reading that no longer fits is a step (settimeofday, a suspended machine, an administrator). Slewing
 * moves both clocks alike on Linux and is not seen here; the next samples of the servers show it.
 */
export function watchSystemClock(clocks: HostClocks): SystemClock {
  let low: bigint | undefined;
  let high = 0n;
  let steppedMs = 0;
  const read = (): SystemReading => {
    const beforeNs = clocks.monotonicNs();
    const systemNs = BigInt(clocks.systemMs()) * MS;
    const afterNs = clocks.monotonicNs();
    const least = systemNs - afterNs;
    const most = systemNs + MS - beforeNs;
    if (low === undefined) {
      low = least;
      high = most;
    } else if (least > high || most < low) {
      steppedMs += Number(least > high ? most - low : high - least) / 1e6;
      low = least;
      high = most;
    } else {
      if (least > low) low = least;
      if (most < high) high = most;
    }
    return { minusMonotonicNs: (low + high) / 2n, widthNs: high - low, steppedMs };
  };
  return {
    read,
    settle() {
      let reading = read();
      for (let reads = 0; reads < SETTLE_READS && reading.widthNs > SETTLED_NS; reads++) reading = read();
      return reading;
    },
  };
}

/**
 * Names the monotonic clock that this process reads: processes with the same answer may share measurements. On Linux
 * the boot of the machine (containers on it included) and, where a time namespace moves the clock, by how much.
 * Elsewhere only the process itself.
 */
export function monotonicClockId(
  readText: (path: string) => string = (path) => readFileSync(path, "utf8"),
): string {
  try {
    const boot = readText("/proc/sys/kernel/random/boot_id").trim();
    return boot + timeNamespaceOffset(readText);
  } catch {
    return `${hostname()}:${process.pid}`;
  }
}

function timeNamespaceOffset(readText: (path: string) => string): string {
  let text = "";
  try {
    text = readText("/proc/self/timens_offsets");
  } catch {
    return ""; // a kernel without time namespaces
  }
  const [, seconds = "0", ns = "0"] = /^monotonic\s+(-?\d+)\s+(\d+)/m.exec(text) ?? [];
  return seconds === "0" && ns === "0" ? "" : `+${seconds}.${ns}`;
}
