/** Seconds from the NTP epoch (1 January 1900) to the Unix epoch (1 January 1970); RFC 5905 §6, figure 4. */
const UNIX_EPOCH_SECONDS = 2_208_988_800n;
const NS_PER_SECOND = 1_000_000_000n;
const ERA_NS = NS_PER_SECOND << 32n;

/**
 * An instant as an NTP timestamp (RFC 5905 §6): 32 bits of seconds, 32 bits of fraction, the era left out. Rounded down
 * to the 0.23 ns of the format. @param epochNs nanoseconds since 1970, any sign
 */
export function ntpFromEpochNs(epochNs: bigint): bigint {
  const ntpNs = epochNs + UNIX_EPOCH_SECONDS * NS_PER_SECOND;
  return BigInt.asUintN(64, floorDivide(ntpNs << 32n, NS_PER_SECOND));
}

/**
 * The instant of an NTP timestamp, in the era that brings it nearest to `nearEpochNs`. The format says nothing of the
 * era (RFC 5905 §6): era 1 begins on 7 February 2036 at 06:28:16 UTC, and a timestamp is then small again.
 * @returns nanoseconds since 1970, within 68 years of `nearEpochNs`, rounded up so that encoding gives it back
 */
export function epochNsFromNtp(timestamp: bigint, nearEpochNs: bigint): bigint {
  const inEraNs = -floorDivide(-(timestamp * NS_PER_SECOND), 1n << 32n);
  const epochNs = inEraNs - UNIX_EPOCH_SECONDS * NS_PER_SECOND;
  const eras = floorDivide(nearEpochNs - epochNs + ERA_NS / 2n, ERA_NS);
  return epochNs + eras * ERA_NS;
}

/** Milliseconds of an NTP short (RFC 5905 §6): 16 bits of seconds, 16 bits of fraction, unsigned. */
export function msFromNtpShort(short: number): number {
  return (short / 65_536) * 1000;
}

/** Rounded up, so that a delay or dispersion is never understated, and held within the format's 0 to 65,536 s. */
export function ntpShortFromMs(ms: number): number {
  // What is whole but for the rounding of doubles stays as it is.
  const units = (ms / 1000) * 65_536 * (1 - 1e-13);
  return Math.min(0xffff_ffff, Math.max(0, Math.ceil(units)));
}

function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor !== 0n && dividend < 0n !== divisor < 0n ? quotient - 1n : quotient;
}
