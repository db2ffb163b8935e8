import {
  LEAP_UNKNOWN,
  type NtpPacket,
  referenceText,
  SERVER_MODE,
  UNSYNCHRONISED_STRATUM,
} from "./ntp-packet.ts";
import { epochNsFromNtp } from "./ntp-time.ts";

/** One offset of one server, from one exchange of two packets. */
export interface Sample {
  /** Monotonic clock when the answer came in; the offset holds for this moment. */
  readonly atNs: bigint;
  /** Server's clock minus local clock, ms. */
  readonly offsetMs: number;
  /** Round trip less the server's own time, ms: the offset is wrong by no more than half of it (RFC 5905 §8). */
  readonly delayMs: number;
  /** What both clocks can tell apart and may drift while the packets travel, ms. */
  readonly dispersionMs: number;
  readonly stratum: number;
  readonly leap: number;
  readonly reference: string;
  readonly rootDelayMs: number;
  readonly rootDispersionMs: number;
}

/** A packet that bore our nonce, with our own times of it, read from the monotonic clock. */
export interface Exchange {
  readonly packet: NtpPacket;
  readonly sentNs: bigint;
  readonly receivedNs: bigint;
}

export type Verdict =
  | { readonly kind: "sample"; readonly sample: Sample }
  /** Kiss-o'-death (RFC 5905 §7.4): the code, for example "RATE", "DENY", "RSTR". */
  | { readonly kind: "kiss"; readonly code: string }
  | { readonly kind: "rejected"; readonly reason: string };

/** What process.hrtime tells apart here, generously. */
const OWN_PRECISION_MS = 0.001;
/** No oscillator that can be disciplined is worse (MAXFREQ, RFC 5905 A.1.1). */
const MAX_FREQUENCY_PPM = 500;
/** The packets travel for a second or two: what the local clock drifts meanwhile, before its drift is known. */
const TRAVEL_DRIFT_PPM = 100;
/** Beyond this a distance is no distance (MAXDISP, RFC 5905 §7.2). */
const MAX_ROOT_DISTANCE_MS = 16_000;

/**
 * Judges an answer by the packet sanity tests of RFC 5905 §8 and A.5.1.1, and makes a sample of it. That the origin
 * timestamp is our nonce has been seen before: a packet without it is no answer at all.
 * @param localBaseNs the local clock is the monotonic clock plus this, ns since 1970; never moved while samples live
 */
export function judgeAnswer({ packet, sentNs, receivedNs }: Exchange, localBaseNs: bigint): Verdict {
  const reason = faultOf(packet);
  if (reason !== undefined) return { kind: "rejected", reason };
  if (packet.stratum === 0) return { kind: "kiss", code: referenceText(0, packet.referenceId) };
  const originNs = localBaseNs + sentNs;
  const destinationNs = localBaseNs + receivedNs;
  const arrivalNs = epochNsFromNtp(packet.receive, originNs);
  const departureNs = epochNsFromNtp(packet.transmit, originNs);
  const travelNs = receivedNs - sentNs;
  const heldNs = departureNs - arrivalNs;
  const slackMs =
    OWN_PRECISION_MS + 2 ** packet.precision * 1000 + (msOf(travelNs) * MAX_FREQUENCY_PPM) / 1e6;
  if (heldNs < 0n) return { kind: "rejected", reason: "it answered before it was asked" };
  if (msOf(heldNs - travelNs) > slackMs) {
    return {
      kind: "rejected",
      reason: "it says that it held the request longer than the whole exchange took",
    };
  }
  return {
    kind: "sample",
    sample: {
      atNs: receivedNs,
      // RFC 5905 §8: θ = ((T2 - T1) + (T3 - T4)) / 2, δ = (T4 - T1) - (T3 - T2), not below the local precision.
      offsetMs: msOf(arrivalNs - originNs + (departureNs - destinationNs)) / 2,
      delayMs: Math.max(OWN_PRECISION_MS, msOf(travelNs - heldNs)),
      dispersionMs:
        OWN_PRECISION_MS + 2 ** packet.precision * 1000 + (msOf(travelNs) * TRAVEL_DRIFT_PPM) / 1e6,
      stratum: packet.stratum,
      leap: packet.leap,
      reference: referenceText(packet.stratum, packet.referenceId),
      rootDelayMs: packet.rootDelayMs,
      rootDispersionMs: packet.rootDispersionMs,
    },
  };
}

function faultOf(packet: NtpPacket): string | undefined {
  if (packet.mode !== SERVER_MODE) return `mode ${packet.mode} instead of 4 (server)`;
  if (packet.version < 3 || packet.version > 4) return `version ${packet.version}`;
  // A kiss-o'-death carries no usable time: its leap indicator and its timestamps are not looked at.
  if (packet.stratum === 0) return undefined;
  if (packet.leap === LEAP_UNKNOWN) return "its clock is not synchronised (leap indicator 3)";
  if (packet.stratum >= UNSYNCHRONISED_STRATUM) return `stratum ${packet.stratum}`;
  if (packet.receive === 0n || packet.transmit === 0n) return "a timestamp is zero";
  if (packet.precision > 0) return "its clock counts whole seconds";
  if (packet.rootDelayMs / 2 + packet.rootDispersionMs >= MAX_ROOT_DISTANCE_MS) {
    return "its root distance is 16 s or more";
  }
  // Eras aside: the difference of two timestamps that are near is right modulo 2^64 (RFC 5905 §6).
  if (packet.reference !== 0n && BigInt.asIntN(64, packet.transmit - packet.reference) < 0n) {
    return "it was set after it answered";
  }
  return undefined;
}

function msOf(ns: bigint): number {
  return Number(ns) / 1e6;
}
