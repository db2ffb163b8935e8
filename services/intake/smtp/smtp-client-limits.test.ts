import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ClientDeed, limitClients } from "./smtp-client-limits.ts";

const numbers = { connectionsPerMinute: 3, lettersPerMinute: 60, recipientsPerMinute: 0, errorsPerHour: 2 };

function scene(maxOrigins?: number) {
  const clock = { ms: 1_000 };
  const limits = limitClients(numbers, () => clock.ms, maxOrigins);
  const often = (address: string, deed: ClientDeed, times: number): number =>
    Array.from({ length: times }, () => limits.take(address, deed)).filter(Boolean).length;
  return { clock, limits, often };
}

describe("limits of one client network", () => {
  test("what is allowed in a minute may go at once, then it fills evenly", () => {
    const { clock, limits, often } = scene();
    expect(often("192.0.2.1", "connection", 10)).toBe(3);
    expect(limits.hasLeft("192.0.2.1", "connection")).toBe(false);
    clock.ms += 20_001;
    expect(often("192.0.2.1", "connection", 10)).toBe(1);
    clock.ms += 3_600_000;
    expect(often("192.0.2.1", "connection", 10)).toBe(3);
  });

  test("kinds and networks are counted apart; a /64 is one network; 0 is no limit", () => {
    const { often } = scene();
    expect(often("192.0.2.1", "letter", 100)).toBe(60);
    expect(often("192.0.2.2", "letter", 100)).toBe(60);
    expect(often("192.0.2.1", "error", 100)).toBe(2);
    expect(often("2001:db8::1", "error", 2)).toBe(2);
    expect(often("2001:db8::ffff", "error", 2)).toBe(0);
    expect(often("2001:db8:0:1::1", "error", 2)).toBe(2);
    expect(often("192.0.2.1", "recipient", 10_000)).toBe(10_000);
  });

  test("a flood of networks makes it forget the quietest, and no more than the flood's size", () => {
    const { limits, often } = scene(3);
    expect(often("192.0.2.1", "error", 5)).toBe(2);
    limits.take("192.0.2.2", "error");
    limits.take("192.0.2.3", "error");
    limits.hasLeft("192.0.2.1", "error");
    limits.take("192.0.2.4", "error");
    expect(often("192.0.2.1", "error", 5)).toBe(0);
    expect(often("192.0.2.2", "error", 5)).toBe(2);
  });

  test("never more than the bucket and what has filled since, for any pace", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 300 }), (steps) => {
        const { clock, often } = scene();
        const begunMs = clock.ms;
        let passed = 0;
        for (const step of steps) {
          clock.ms += step;
          passed += often("192.0.2.1", "letter", 3);
        }
        expect(passed).toBeLessThanOrEqual(60 + (clock.ms - begunMs) / 1000 + 1e-6);
      }),
      { seed: 6, numRuns: 100 },
    );
  });
});
