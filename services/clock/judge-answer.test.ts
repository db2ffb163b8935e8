import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeAnswer } from "./judge-answer.ts";
import type { NtpPacket } from "./ntp-packet.ts";
import { ntpFromEpochNs } from "./ntp-time.ts";

const BASE_NS = BigInt(Date.UTC(2026, 10, 21)) * 1_000_000n;
const MS = 1_000_000n;

/** A truthful exchange: `thereMs` on the way, `heldMs` at the server, `backMs` on the way back. */
function exchange(
  times: { thereMs: number; heldMs: number; backMs: number; offsetMs?: number },
  fields: Partial<NtpPacket> = {},
) {
  const { thereMs, heldMs, backMs, offsetMs = 0 } = times;
  const ns = (ms: number): bigint => BigInt(Math.round(ms * 1e6));
  const sentNs = 77n * MS;
  const arrived = BASE_NS + sentNs + ns(thereMs) + ns(offsetMs);
  const packet: NtpPacket = {
    leap: 0,
    version: 4,
    mode: 4,
    stratum: 2,
    poll: 6,
    precision: -23,
    rootDelayMs: 1,
    rootDispersionMs: 2,
    referenceId: 0xc0000201,
    reference: ntpFromEpochNs(arrived - 9_000n * MS),
    origin: 1n,
    receive: ntpFromEpochNs(arrived),
    transmit: ntpFromEpochNs(arrived + ns(heldMs)),
    ...fields,
  };
  return { packet, sentNs, receivedNs: sentNs + ns(thereMs) + ns(heldMs) + ns(backMs) };
}

test("whatever the ways take, the offset is wrong by no more than half the delay and the dispersion", () => {
  const ms = fc.double({ min: 0, max: 900, noNaN: true });
  const offset = fc.double({ min: -1e10, max: 1e10, noNaN: true });
  fc.assert(
    fc.property(ms, ms, ms, offset, (thereMs, heldMs, backMs, offsetMs) => {
      const verdict = judgeAnswer(exchange({ thereMs, heldMs, backMs, offsetMs }), BASE_NS);
      if (verdict.kind !== "sample") throw new Error(JSON.stringify(verdict));
      const { sample } = verdict;
      expect(Math.abs(sample.offsetMs - offsetMs)).toBeLessThanOrEqual(
        sample.delayMs / 2 + sample.dispersionMs,
      );
      expect(sample.delayMs).toBeCloseTo(Math.max(0.001, thereMs + backMs), 3);
    }),
    { seed: 4 },
  );
});

test("the answer of a server in the next era is as good", () => {
  const late = BigInt(Date.UTC(2036, 1, 7, 6, 28, 15, 999)) * MS;
  const { packet, ...times } = exchange({ thereMs: 1, heldMs: 1, backMs: 1 });
  const arrived = late + times.sentNs + MS;
  const fields = {
    reference: ntpFromEpochNs(arrived - MS),
    receive: ntpFromEpochNs(arrived),
    transmit: ntpFromEpochNs(arrived + MS),
  };
  const verdict = judgeAnswer({ packet: { ...packet, ...fields }, ...times }, late);
  if (verdict.kind !== "sample") throw new Error(JSON.stringify(verdict));
  expect(verdict.sample.offsetMs).toBeCloseTo(0, 5);
});

describe("an answer that gives no time", () => {
  const times = { thereMs: 1, heldMs: 1, backMs: 1 };
  const cases: readonly [string, Partial<NtpPacket>, RegExp][] = [
    ["another client", { mode: 3 }, /mode 3/],
    ["broadcast", { mode: 5 }, /mode 5/],
    ["version 1", { version: 1 }, /version 1/],
    ["version 7", { version: 7 }, /version 7/],
    ["not synchronised", { leap: 3 }, /not synchronised/],
    ["stratum 16", { stratum: 16 }, /stratum 16/],
    ["reserved stratum", { stratum: 200 }, /stratum 200/],
    ["no transmit timestamp", { transmit: 0n }, /zero/],
    ["no receive timestamp", { receive: 0n }, /zero/],
    ["a clock of whole minutes", { precision: 6 }, /whole seconds/],
    ["root distance", { rootDelayMs: 20_000, rootDispersionMs: 7_000 }, /root distance/],
    [
      "answered before it was asked",
      { receive: ntpFromEpochNs(BASE_NS + 90_000n * MS) },
      /before it was asked/,
    ],
    ["held for longer than it took", { receive: ntpFromEpochNs(BASE_NS - 90_000n * MS) }, /held/],
    ["set in its own future", { reference: ntpFromEpochNs(BASE_NS + 90_000n * MS) }, /set after/],
  ];
  test.each(cases)("%s", (_name, fields, reason) => {
    const verdict = judgeAnswer(exchange(times, fields), BASE_NS);
    expect(verdict).toEqual({ kind: "rejected", reason: expect.stringMatching(reason) as string });
  });

  test("kiss-o'-death, whatever else it says", () => {
    const kiss = { stratum: 0, referenceId: 0x52415445, leap: 3, transmit: 0n, receive: 0n };
    expect(judgeAnswer(exchange(times, kiss), BASE_NS)).toEqual({ kind: "kiss", code: "RATE" });
  });

  test("a kiss in the wrong mode is none", () => {
    expect(judgeAnswer(exchange(times, { stratum: 0, mode: 5 }), BASE_NS).kind).toBe("rejected");
  });
});
