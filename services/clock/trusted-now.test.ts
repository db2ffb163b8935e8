import fc from "fast-check";
import { expect, test } from "vitest";
import type { ClockFix } from "./clock-fix.ts";
import { type HostClocks, monotonicClockId, watchSystemClock } from "./local-time.ts";
import { trustedNowFrom } from "./trusted-now.ts";

const LIMITS = { warnMs: 10, hardMs: 30, maxAgeSeconds: 600 };
const EPOCH_NS = BigInt(Date.UTC(2026, 11, 31, 16, 59, 59)) * 1_000_000n;

/** Clocks that stand until they are moved. */
function hands() {
  let monotonicNs = 10n ** 12n;
  let systemNs = EPOCH_NS;
  const clocks: HostClocks = {
    monotonicNs: () => monotonicNs,
    systemMs: () => Number(systemNs / 1_000_000n),
  };
  return {
    clocks,
    pass(ms: number) {
      monotonicNs += BigInt(Math.round(ms * 1e6));
      systemNs += BigInt(Math.round(ms * 1e6));
    },
    step(ms: number) {
      systemNs += BigInt(Math.round(ms * 1e6));
    },
    fix(more: Partial<ClockFix> & { offsetMs?: number } = {}): ClockFix {
      const { offsetMs = 0, ...fields } = more;
      return {
        clockId: "hands",
        atNs: monotonicNs,
        epochNs: systemNs + BigInt(Math.round(offsetMs * 1e6)),
        errorBoundMs: 2,
        driftPpm: 0,
        growthPpm: 20,
        answeredNs: monotonicNs,
        systemMinusMonotonicNs: systemNs - monotonicNs,
        jitterMs: 0.1,
        stratum: 1,
        reference: "time1.nimt.or.th (PPS)",
        servers: ["time1.nimt.or.th"],
        ...fields,
      };
    },
  };
}

test("the time is the fix's, carried on by the monotonic clock with the drift; its bound grows", () => {
  const hand = hands();
  const fix = hand.fix({ offsetMs: 250, driftPpm: 10 });
  const now = trustedNowFrom(() => ({ fix, reason: "" }), LIMITS, hand.clocks);
  hand.pass(100_000);
  const { at, epochMs, clock } = now();
  expect(epochMs).toBeCloseTo(Number(EPOCH_NS / 1_000_000n) + 250 + 100_000 + 1, 3);
  expect(at.getTime()).toBe(Math.floor(epochMs));
  expect(clock.state).toBe("synchronised");
  // The fix's own 2 ms, 20 ppm of 100 s, 1 ms because `at` is rounded down.
  expect(clock.errorBoundMs).toBeCloseTo(2 + 2 + 1, 2);
  expect(clock.ageSeconds).toBe(100);
});

test("the state goes by the bound, and by the age of the newest answer", () => {
  const hand = hands();
  const state = (errorBoundMs: number, answeredMs = 0) => {
    const fix = hand.fix({ errorBoundMs });
    const answeredNs = fix.answeredNs - BigInt(answeredMs) * 1_000_000n;
    return trustedNowFrom(() => ({ fix: { ...fix, answeredNs }, reason: "" }), LIMITS, hand.clocks)().clock
      .state;
  };
  expect([state(8.9), state(9.1), state(28.9), state(29.1)]).toEqual([
    "synchronised",
    "warning",
    "warning",
    "non-compliant",
  ]);
  expect([state(1, 600_000), state(1, 601_000)]).toEqual(["synchronised", "unsynchronised"]);
});

test("a system clock that is set moves nothing but the bound, and the next fix makes it small again", () => {
  const hand = hands();
  let fix = hand.fix();
  const now = trustedNowFrom(() => ({ fix, reason: "" }), LIMITS, hand.clocks);
  const before = now();
  hand.pass(1_000);
  hand.step(-3_600_000);
  const after = now();
  expect(after.epochMs - before.epochMs).toBeCloseTo(1_000, 3);
  expect(after.clock).toMatchObject({ state: "non-compliant" });
  expect(after.clock.errorBoundMs).toBeGreaterThan(3_599_990);
  fix = hand.fix({ offsetMs: 3_600_000 });
  expect(now().clock.state).toBe("synchronised");
});

test("a fix that says it was later already: the time stands until it is true again, and its bound says so", () => {
  const hand = hands();
  let fix = hand.fix({ offsetMs: 5_000 });
  const now = trustedNowFrom(() => ({ fix, reason: "" }), LIMITS, hand.clocks);
  const first = now();
  fix = hand.fix();
  const second = now();
  expect(second.epochMs).toBe(first.epochMs);
  expect(second.clock).toMatchObject({ state: "non-compliant" });
  expect(second.clock.errorBoundMs).toBeGreaterThan(5_000);
  hand.pass(5_001);
  expect(now().epochMs - first.epochMs).toBeCloseTo(1, 3);
  expect(now().clock.state).toBe("synchronised");
});

test("before the first fix: the system clock, marked", () => {
  const hand = hands();
  const now = trustedNowFrom(() => ({ fix: undefined, reason: "not yet" }), LIMITS, hand.clocks);
  expect(Math.abs(now().epochMs - Number(EPOCH_NS / 1_000_000n))).toBeLessThanOrEqual(1);
  expect(now().clock).toEqual({ state: "unsynchronised", reason: "not yet" });
});

test("whatever fixes and steps come, the time never falls, and the bound covers a truthful fix", () => {
  const moves = fc.array(
    fc.record({
      passMs: fc.nat(100_000),
      stepMs: fc.oneof(fc.constant(0), fc.integer({ min: -1e8, max: 1e8 })),
      newFix: fc.boolean(),
      fixErrorMs: fc.double({ min: -2, max: 2, noNaN: true }),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(moves, (list) => {
      const hand = hands();
      let truthMs = Number(EPOCH_NS) / 1e6;
      let stepsMs = 0;
      let fix: ClockFix | undefined;
      const now = trustedNowFrom(() => ({ fix, reason: "none" }), LIMITS, hand.clocks);
      let before = now();
      for (const { passMs, stepMs, newFix, fixErrorMs } of list) {
        hand.pass(passMs);
        truthMs += passMs;
        hand.step(stepMs);
        stepsMs += stepMs;
        if (newFix) fix = hand.fix({ offsetMs: fixErrorMs - stepsMs });
        const next = now();
        expect(next.epochMs).toBeGreaterThanOrEqual(before.epochMs);
        expect(next.at.getTime()).toBeGreaterThanOrEqual(before.at.getTime());
        if (next.clock.errorBoundMs !== undefined) {
          expect(Math.abs(next.epochMs - truthMs)).toBeLessThanOrEqual(next.clock.errorBoundMs);
          expect(Math.abs(next.at.getTime() - truthMs)).toBeLessThanOrEqual(next.clock.errorBoundMs);
        }
        before = next;
      }
    }),
    { seed: 4 },
  );
});

test("readings in whole milliseconds leave microseconds; a reading that does not fit is a step", () => {
  let monotonicNs = 0n;
  let systemNs = 500_123_456n;
  const system = watchSystemClock({
    monotonicNs: () => monotonicNs,
    systemMs: () => Number(systemNs / 1_000_000n),
  });
  for (let reads = 0; reads < 500; reads++) {
    system.read();
    monotonicNs += 1_003_000n;
    systemNs += 1_003_000n;
  }
  const reading = system.read();
  expect(reading.widthNs).toBeLessThan(4_000n);
  expect(Math.abs(Number(reading.minusMonotonicNs - 500_123_456n))).toBeLessThan(4_000);
  systemNs -= 250_000_000n;
  expect(Math.abs(system.read().steppedMs - 250)).toBeLessThan(2);
});

test("a time namespace with another monotonic clock has another name", () => {
  const files: Record<string, string> = { "/proc/sys/kernel/random/boot_id": "b007\n" };
  const read = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new Error("ENOENT");
    return text;
  };
  expect(monotonicClockId(read)).toBe("b007");
  files["/proc/self/timens_offsets"] = "monotonic           0         0\nboottime            0         0\n";
  expect(monotonicClockId(read)).toBe("b007");
  files["/proc/self/timens_offsets"] = "monotonic      -86400         5\nboottime            0         0\n";
  expect(monotonicClockId(read)).toBe("b007+-86400.5");
});
