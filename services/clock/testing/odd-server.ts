import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { seededRandom } from "../../shared/testing/seeded-random.ts";
import { decodePacket, encodePacket, type NtpPacket } from "../ntp-packet.ts";
import { ntpFromEpochNs } from "../ntp-time.ts";

/** What an odd server does to an answer; every field may be changed while it runs. */
export interface Oddity {
  /** Its clock is wrong by this. */
  offsetMs?: number;
  /** And by this more with each second since it began: as a local clock that drifts the other way. */
  driftPpm?: number;
  /** Fields that are written over the right ones, for example { mode: 5 } or { stratum: 0, referenceId: RATE }. */
  fields?: Partial<NtpPacket>;
  /** Answers with another origin timestamp than it was asked with, as somebody who guesses. */
  wrongOrigin?: boolean;
  /** Sends that many forged answers (wrong origin, an hour off) before the right one. */
  forgeries?: number;
  /** Sends its earlier answer instead of a new one. */
  replay?: boolean;
  /** Sends each answer that often. */
  copies?: number;
  /** Answers from another port than it was asked at. */
  fromElsewhere?: boolean;
  silent?: boolean;
  /** Part of the requests that get lost, 0 to 1. */
  loss?: number;
  /** Waits up to so long before it notes the arrival, and again up to so long before an answer goes out. */
  jitterMs?: number;
  /** Bytes that are sent instead of an answer. */
  bytes?: Buffer;
}

export interface OddServer {
  readonly port: number;
  readonly oddity: Oddity;
  /** Requests that have come, lost ones included. */
  readonly asked: () => number;
  stop(): Promise<void>;
}

export const RATE = 0x52415445;
export const DENY = 0x44454e59;
export const RSTR = 0x52535452;

/**
 * An NTP server on loopback that serves the system clock, or misbehaves as told. Its dice are seeded: the same seed
 * loses the same packets and waits the same times.
 */
export async function startOddServer(oddity: Oddity = {}, seed = 1): Promise<OddServer> {
  const socket = createSocket("udp4");
  const elsewhere = createSocket("udp4");
  const roll = seededRandom(seed);
  const beganNs = process.hrtime.bigint();
  const timers = new Set<NodeJS.Timeout>();
  let asked = 0;
  let earlier: Buffer | undefined;
  const later = (ms: number, work: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, ms);
    timers.add(timer);
  };
  const clock = (): bigint => {
    const nowNs = process.hrtime.bigint();
    const runsNs = Number(nowNs - beganNs) * ((oddity.driftPpm ?? 0) / 1e6);
    return ntpFromEpochNs(nowNs + systemBaseNs + BigInt(Math.round((oddity.offsetMs ?? 0) * 1e6 + runsNs)));
  };
  const send = (from: Socket, bytes: Buffer, to: RemoteInfo): void => from.send(bytes, to.port, to.address);
  socket.on("message", (bytes, to) => {
    asked += 1;
    const request = decodePacket(bytes);
    if (!request || oddity.silent || roll() < (oddity.loss ?? 0)) return;
    if (oddity.bytes) return send(socket, oddity.bytes, to);
    const waitMs = (): number => roll() * (oddity.jitterMs ?? 0);
    const answer = (): void => {
      const receive = clock();
      const reply = (): void => {
        for (let left = oddity.forgeries ?? 0; left > 0; left--) {
          const forged = { ...plain(receive), transmit: receive, origin: BigInt(left) };
          send(socket, encodePacket({ ...forged, receive: receive + (3_600n << 32n) }), to);
        }
        const packet = {
          ...plain(receive),
          origin: oddity.wrongOrigin ? request.transmit ^ 1n : request.transmit,
          transmit: clock(),
          ...oddity.fields,
        };
        const fresh = encodePacket(packet);
        const out = oddity.replay && earlier ? earlier : fresh;
        earlier ??= fresh;
        for (let copies = oddity.copies ?? 1; copies > 0; copies--) {
          send(oddity.fromElsewhere ? elsewhere : socket, out, to);
        }
      };
      if (oddity.jitterMs) later(waitMs(), reply);
      else reply();
    };
    if (oddity.jitterMs) later(waitMs(), answer);
    else answer();
  });
  socket.bind(0, "127.0.0.1");
  elsewhere.bind(0, "127.0.0.1");
  await Promise.all([once(socket, "listening"), once(elsewhere, "listening")]);
  return {
    port: socket.address().port,
    oddity,
    asked: () => asked,
    async stop() {
      for (const timer of timers) clearTimeout(timer);
      const closed = [socket, elsewhere].map((one) => once(one, "close"));
      socket.close();
      elsewhere.close();
      await Promise.all(closed);
    },
  };
}

/** A healthy stratum 1 server's header. */
function plain(receive: bigint): NtpPacket {
  return {
    leap: 0,
    version: 4,
    mode: 4,
    stratum: 1,
    poll: 4,
    precision: -20,
    rootDelayMs: 0,
    rootDispersionMs: 0.5,
    referenceId: 0x47505300,
    reference: receive - (8n << 32n),
    origin: 0n,
    receive,
    transmit: 0n,
  };
}

/** The system clock in nanoseconds on the monotonic clock, as well as whole milliseconds tell. */
const systemBaseNs = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();
