import { msFromNtpShort, ntpShortFromMs } from "./ntp-time.ts";

/** Modes of RFC 5905 figure 10 that matter here: what we send and the one answer to it. */
export const CLIENT_MODE = 3;
export const SERVER_MODE = 4;
export const NTP_VERSION = 4;
/** Leap indicator 3 (RFC 5905 figure 9): the server's clock is not synchronised. */
export const LEAP_UNKNOWN = 3;
/** RFC 5905 figure 11: 16 means unsynchronised, above is reserved. */
export const UNSYNCHRONISED_STRATUM = 16;

/** The header without extension fields and message authentication code (RFC 5905 §7.3, figure 8). */
export const HEADER_BYTES = 48;
/** The largest packet that is looked at; extension fields behind the header are not used, only borne. */
export const MAX_PACKET_BYTES = 1_024;

/** The header of an NTP packet. Timestamps are NTP timestamps (64 bits, era left out), 0n for "not known". */
export interface NtpPacket {
  readonly leap: number;
  readonly version: number;
  readonly mode: number;
  readonly stratum: number;
  /** log2 of seconds. */
  readonly poll: number;
  /** log2 of seconds: what the clock can tell apart, for example -26. */
  readonly precision: number;
  readonly rootDelayMs: number;
  readonly rootDispersionMs: number;
  /** 32 bits: ASCII at stratum 0 (kiss code) and 1 (kind of clock), else the address of the server's own reference. */
  readonly referenceId: number;
  readonly reference: bigint;
  readonly origin: bigint;
  readonly receive: bigint;
  readonly transmit: bigint;
}

/**
 * A client's request that says nothing about the client: every field zero but version, mode and the transmit timestamp,
 * which is a random number and not a time (draft-ietf-ntp-data-minimization). The server returns it as origin timestamp
 * (RFC 5905 §8), so whoever did not see the request cannot answer it, and learns nothing of our clock if he did.
 */
export function encodeRequest(nonce: bigint): Buffer {
  return encodePacket({
    leap: 0,
    version: NTP_VERSION,
    mode: CLIENT_MODE,
    stratum: 0,
    poll: 0,
    precision: 0,
    rootDelayMs: 0,
    rootDispersionMs: 0,
    referenceId: 0,
    reference: 0n,
    origin: 0n,
    receive: 0n,
    transmit: nonce,
  });
}

/** RFC 5905 §7.3, figure 8. Fields are cut to their width. */
export function encodePacket(packet: NtpPacket): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeUInt8(((packet.leap & 3) << 6) | ((packet.version & 7) << 3) | (packet.mode & 7), 0);
  bytes.writeUInt8(packet.stratum & 0xff, 1);
  bytes.writeInt8((packet.poll << 24) >> 24, 2);
  bytes.writeInt8((packet.precision << 24) >> 24, 3);
  bytes.writeUInt32BE(ntpShortFromMs(packet.rootDelayMs), 4);
  bytes.writeUInt32BE(ntpShortFromMs(packet.rootDispersionMs), 8);
  bytes.writeUInt32BE(packet.referenceId >>> 0, 12);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, packet.reference), 16);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, packet.origin), 24);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, packet.receive), 32);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, packet.transmit), 40);
  return bytes;
}

/** @returns undefined when the bytes are too few or too many to be an NTP packet; what the fields say is not judged */
export function decodePacket(bytes: Buffer): NtpPacket | undefined {
  if (bytes.length < HEADER_BYTES || bytes.length > MAX_PACKET_BYTES) return undefined;
  const first = bytes.readUInt8(0);
  return {
    leap: first >> 6,
    version: (first >> 3) & 7,
    mode: first & 7,
    stratum: bytes.readUInt8(1),
    poll: bytes.readInt8(2),
    precision: bytes.readInt8(3),
    rootDelayMs: msFromNtpShort(bytes.readUInt32BE(4)),
    rootDispersionMs: msFromNtpShort(bytes.readUInt32BE(8)),
    referenceId: bytes.readUInt32BE(12),
    reference: bytes.readBigUInt64BE(16),
    origin: bytes.readBigUInt64BE(24),
    receive: bytes.readBigUInt64BE(32),
    transmit: bytes.readBigUInt64BE(40),
  };
}

/**
 * The reference id in words (RFC 5905 §7.3): letters at stratum 0 and 1 ("GPS", "RATE"), else four numbers with dots: an
 * IPv4 address or the first octets of a digest. Only letters and numbers come out, whatever the server sent.
 */
export function referenceText(stratum: number, referenceId: number): string {
  const octets = [24, 16, 8, 0].map((shift) => (referenceId >>> shift) & 0xff);
  const letters = String.fromCharCode(...octets).replace(/\0+$/, "");
  return stratum <= 1 && /^[A-Za-z0-9-]{1,4}$/.test(letters) ? letters : octets.join(".");
}
