import { seededRandom } from "../../shared/testing/seeded-random.ts";
import type { Answer, Asked } from "../ask-server.ts";
import type { HostClocks } from "../local-time.ts";
import type { NtpPacket } from "../ntp-packet.ts";
import { ntpFromEpochNs } from "../ntp-time.ts";

/** A simulated server; `undefined` from `answer` means silence. */
export interface VirtualServer {
  offsetMs: number;
  /** Travel times there and back. */
  delayMs: () => readonly [number, number];
  fields: Partial<NtpPacket>;
  silent: boolean;
  asked: number;
}

export interface VirtualWorld {
  /** The truth, ns since 1970; moves only by `run`. */
  trueNs(): bigint;
  readonly clocks: HostClocks;
  /** The local oscillator runs fast by this. */
  driftPpm: number;
  /** Sets the system clock; the monotonic clock does not notice. */
  stepSystem(ms: number): void;
  /** The machine sleeps: true time and system clock go on, the monotonic clock stands. */
  sleep(ms: number): void;
  server(address: string, server?: Partial<VirtualServer>): VirtualServer;
  ask(asked: Asked): Promise<Answer>;
  pause(ms: number, signal: AbortSignal): Promise<void>;
  readonly random: () => number;
  readonly resolve: (host: string) => Promise<readonly string[]>;
  readonly clockId: string;
  /** Lets true time pass, waking whoever waits in order. */
  run(ms: number): Promise<void>;
}

const MS = 1_000_000n;
const STARTS_NS = Date.UTC(2026, 10, 21, 3, 0, 0) * 1e6;

/** True time, local clocks, servers and waiting, all simulated: hours pass in milliseconds, and the truth is known. */
export function virtualWorld(seed = 1): VirtualWorld {
  const random = seededRandom(seed);
  const servers = new Map<string, VirtualServer>();
  const sleepers: { atNs: bigint; wake: () => void }[] = [];
  let trueNs = BigInt(STARTS_NS);
  let monotonicNs = 5_000_000_000n;
  let systemMinusMonotonicNs = trueNs - monotonicNs;
  const passTo = (atNs: bigint): void => {
    const passedNs = atNs - trueNs;
    trueNs = atNs;
    monotonicNs += passedNs + BigInt(Math.round((Number(passedNs) * world.driftPpm) / 1e6));
  };
  const sleepUntil = (atNs: bigint, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const sleeper = { atNs, wake: resolve };
      sleepers.push(sleeper);
      signal?.addEventListener("abort", () => {
        const place = sleepers.indexOf(sleeper);
        if (place !== -1) sleepers.splice(place, 1);
        resolve();
      });
    });
  const pass = (ms: number, signal?: AbortSignal): Promise<void> =>
    sleepUntil(trueNs + BigInt(Math.round(ms * 1e6)), signal);
  const world: VirtualWorld = {
    driftPpm: 0,
    clockId: "virtual",
    random,
    trueNs: () => trueNs,
    clocks: {
      monotonicNs: () => monotonicNs,
      systemMs: () => Number((monotonicNs + systemMinusMonotonicNs) / MS),
    },
    stepSystem(ms) {
      systemMinusMonotonicNs += BigInt(Math.round(ms * 1e6));
    },
    sleep(ms) {
      trueNs += BigInt(ms) * MS;
      systemMinusMonotonicNs += BigInt(ms) * MS;
    },
    server(address, server = {}) {
      const made = {
        offsetMs: 0,
        delayMs: () => [1, 1] as const,
        fields: {},
        silent: false,
        asked: 0,
        ...server,
      };
      servers.set(address, made);
      return made;
    },
    async ask({ address, timeoutMs, signal }) {
      const server = servers.get(address);
      if (server) server.asked += 1;
      if (!server || server.silent) {
        await pass(timeoutMs, signal);
        return { kind: "silent", reason: "no answer", strangers: 0 };
      }
      const sentNs = monotonicNs;
      const [thereMs, backMs] = server.delayMs();
      await pass(thereMs, signal);
      const receive = ntpFromEpochNs(trueNs + BigInt(Math.round(server.offsetMs * 1e6)));
      await pass(backMs, signal);
      const packet = {
        ...HEALTHY,
        reference: receive - (8n << 32n),
        receive,
        transmit: receive,
        ...server.fields,
      };
      return { kind: "answer", packet, sentNs, receivedNs: monotonicNs };
    },
    pause: pass,
    resolve: async (host) => [host],
    async run(ms) {
      const endNs = trueNs + BigInt(Math.round(ms * 1e6));
      await settle();
      for (;;) {
        sleepers.sort((a, b) => (a.atNs < b.atNs ? -1 : a.atNs > b.atNs ? 1 : 0));
        const next = sleepers[0];
        if (!next || next.atNs > endNs) break;
        sleepers.shift();
        if (next.atNs > trueNs) passTo(next.atNs);
        next.wake();
        await settle();
      }
      if (endNs > trueNs) passTo(endNs);
    },
  };
  return world;
}

const HEALTHY: NtpPacket = {
  leap: 0,
  version: 4,
  mode: 4,
  stratum: 1,
  poll: 4,
  precision: -20,
  rootDelayMs: 0,
  rootDispersionMs: 0.1,
  referenceId: 0x47505300,
  reference: 0n,
  origin: 0n,
  receive: 0n,
  transmit: 0n,
};

/** Lets everything that is ready run: promises settle before the next turn of the event loop. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
