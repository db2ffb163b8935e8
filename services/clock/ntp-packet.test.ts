import fc from "fast-check";
import { expect, test } from "vitest";
import { decodePacket, encodePacket, encodeRequest, referenceText } from "./ntp-packet.ts";
import { epochNsFromNtp, msFromNtpShort, ntpFromEpochNs, ntpShortFromMs } from "./ntp-time.ts";

const word64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const shortMs = fc.nat({ max: 0x7fff_ffff }).map(msFromNtpShort);

test("a packet is the same after encoding and decoding", () => {
  const packets = fc.record({
    leap: fc.nat(3),
    version: fc.nat(7),
    mode: fc.nat(7),
    stratum: fc.nat(255),
    poll: fc.integer({ min: -128, max: 127 }),
    precision: fc.integer({ min: -128, max: 127 }),
    rootDelayMs: shortMs,
    rootDispersionMs: shortMs,
    referenceId: fc.nat(0xffff_ffff),
    reference: word64,
    origin: word64,
    receive: word64,
    transmit: word64,
  });
  fc.assert(
    fc.property(packets, (packet) => {
      expect(decodePacket(encodePacket(packet))).toEqual(packet);
    }),
    { seed: 4 },
  );
});

test("any bytes decode to a packet or to nothing, and encode to the same header again", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1_200 }), (octets) => {
      const bytes = Buffer.from(octets);
      const packet = decodePacket(bytes);
      if (bytes.length < 48 || bytes.length > 1_024) expect(packet).toBeUndefined();
      else if (packet) expect(encodePacket(packet)).toEqual(bytes.subarray(0, 48));
    }),
    { seed: 4 },
  );
});

test("a server's answer as it was seen on the wire", () => {
  const packet = decodePacket(
    Buffer.from(
      "240100e6000000000000000a7f7f0101ee9b2a0000000000112233445566778883aa7e80000000008000000080000000",
      "hex",
    ),
  );
  expect(packet).toMatchObject({ leap: 0, version: 4, mode: 4, stratum: 1, poll: 0, precision: -26 });
  expect(packet?.rootDispersionMs).toBeCloseTo(0.1526, 4);
  expect(packet?.origin).toBe(0x1122334455667788n);
  // 2,208,988,800 s: the Unix epoch (RFC 5905 figure 4).
  expect(epochNsFromNtp(packet?.receive ?? 1n, 0n)).toBe(0n);
});

test("a request tells nothing but mode, version and the nonce", () => {
  const bytes = encodeRequest(0xa1b2c3d4e5f60718n);
  expect(bytes.toString("hex")).toBe(`23${"00".repeat(39)}a1b2c3d4e5f60718`);
});

test("an instant within 68 years of the pivot survives the format, whatever the era", () => {
  const years68 = 68n * 365n * 86_400n * 1_000_000_000n;
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 19n), max: 10n ** 20n }),
      fc.bigInt({ min: -years68, max: years68 }),
      (pivotNs, distanceNs) => {
        const epochNs = pivotNs + distanceNs;
        expect(epochNsFromNtp(ntpFromEpochNs(epochNs), pivotNs)).toBe(epochNs);
      },
    ),
    { seed: 4 },
  );
});

test("era 1: the first second after 2036-02-07T06:28:15 is timestamp 0", () => {
  const turn = BigInt(Date.UTC(2036, 1, 7, 6, 28, 16)) * 1_000_000n;
  expect(ntpFromEpochNs(turn)).toBe(0n);
  expect(ntpFromEpochNs(turn - 1n) >> 32n).toBe(0xffff_ffffn);
  expect(epochNsFromNtp(0n, turn - 86_400_000_000_000n)).toBe(turn);
  expect(epochNsFromNtp(0xffff_ffff_0000_0000n, turn + 86_400_000_000_000n)).toBe(turn - 1_000_000_000n);
});

test("the short format never understates a delay or dispersion", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-9, max: 65_535_000, noNaN: true }), (ms) => {
      const back = msFromNtpShort(ntpShortFromMs(ms));
      expect(back).toBeGreaterThanOrEqual(ms * (1 - 1e-12));
      expect(back - ms).toBeLessThan(0.016);
    }),
    { seed: 4 },
  );
});

test("a reference id is printable, whatever the server sent", () => {
  expect(referenceText(1, 0x47505300)).toBe("GPS");
  expect(referenceText(0, 0x52415445)).toBe("RATE");
  expect(referenceText(1, 0x1b5b4a0a)).toBe("27.91.74.10");
  expect(referenceText(1, 0)).toBe("0.0.0.0");
  expect(referenceText(2, 0xc0000201)).toBe("192.0.2.1");
});
