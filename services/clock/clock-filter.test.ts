import fc from "fast-check";
import { expect, test } from "vitest";
import { openClockFilter } from "./clock-filter.ts";
import { estimateDrift } from "./estimate-drift.ts";
import type { Sample } from "./judge-answer.ts";

const SECOND = 1_000_000_000n;
const STILL = { ppm: 0, uncertaintyPpm: 15 };

function sample(atSeconds: number, offsetMs: number, delayMs: number, more: Partial<Sample> = {}): Sample {
  return {
    atNs: BigInt(Math.round(atSeconds * 1e9)),
    offsetMs,
    delayMs,
    dispersionMs: 0.001,
    stratum: 1,
    leap: 0,
    reference: "GPS",
    rootDelayMs: 0,
    rootDispersionMs: 0,
    ...more,
  };
}

test("the sample that travelled fastest is believed", () => {
  const filter = openClockFilter();
  filter.add(sample(1, 40, 100));
  filter.add(sample(3, 0.2, 1));
  filter.add(sample(5, -70, 150));
  expect(filter.read(5n * SECOND, STILL)).toMatchObject({ delayMs: 1, offsetMs: 0.2, newestNs: 5n * SECOND });
});

test("a fast sample gives way when it has aged", () => {
  const filter = openClockFilter();
  filter.add(sample(0, 0, 1));
  filter.add(sample(1_000, 3, 10));
  expect(filter.read(1_000n * SECOND, { ppm: 0, uncertaintyPpm: 1 })?.delayMs).toBe(1);
  expect(filter.read(1_000n * SECOND, STILL)?.delayMs).toBe(10);
});

test("eight samples are kept", () => {
  const filter = openClockFilter();
  filter.add(sample(0, 0, 0.1));
  for (let at = 1; at <= 8; at++) filter.add(sample(at, 1, 5));
  expect(filter.read(8n * SECOND, STILL)?.delayMs).toBe(5);
});

test("old offsets are carried forward with the drift", () => {
  const filter = openClockFilter();
  filter.add(sample(0, 1, 1));
  expect(filter.read(100n * SECOND, { ppm: -20, uncertaintyPpm: 0 })?.offsetMs).toBeCloseTo(-1, 9);
});

test("a server whose samples contradict each other gets a wider bound", () => {
  const filter = openClockFilter();
  filter.add(sample(0, 0, 1));
  const steady = filter.read(1n * SECOND, STILL)?.errorBoundMs ?? Number.NaN;
  filter.add(sample(1, 30, 1));
  expect(steady).toBeLessThan(0.6);
  expect(filter.read(1n * SECOND, STILL)?.errorBoundMs).toBeGreaterThan(28);
});

test("nothing is known of an empty filter, nor after clearing", () => {
  const filter = openClockFilter();
  expect(filter.read(0n, STILL)).toBeUndefined();
  filter.add(sample(0, 0, 1));
  filter.clear();
  expect(filter.read(0n, STILL)).toBeUndefined();
});

test("the bound covers the truth, however packets wait, while the drift is within what was assumed", () => {
  const waits = fc.array(fc.tuple(fc.nat(300), fc.nat(300), fc.nat(64)), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(waits, fc.double({ min: -15, max: 15, noNaN: true }), (trips, driftPpm) => {
      const filter = openClockFilter();
      let atSeconds = 0;
      for (const [there, back, rest] of trips) {
        atSeconds += rest;
        const truth = (atSeconds * driftPpm) / 1000;
        filter.add(sample(atSeconds, truth + (there - back) / 2, there + back + 0.001));
        const read = filter.read(BigInt(atSeconds) * SECOND, STILL);
        expect(Math.abs((read?.offsetMs ?? Number.NaN) - truth)).toBeLessThanOrEqual(
          read?.errorBoundMs ?? Number.NaN,
        );
      }
    }),
    { seed: 4 },
  );
});

test("a steady drift is learned within minutes and its uncertainty shrinks to the wander", () => {
  const drift = estimateDrift({ unknownPpm: 100, wanderPpm: 15 });
  expect(drift.read()).toEqual({ ppm: 0, uncertaintyPpm: 100 });
  for (let at = 0; at <= 1_800; at += 60) drift.add(BigInt(at) * SECOND, at * 0.04, 0.5);
  const { ppm, uncertaintyPpm } = drift.read();
  expect(Math.abs(ppm - 40)).toBeLessThan(uncertaintyPpm);
  expect(uncertaintyPpm).toBeLessThan(17);
});

test("a drift that is not proved is taken as none", () => {
  const drift = estimateDrift({ unknownPpm: 100, wanderPpm: 15 });
  for (let at = 0; at <= 120; at += 16) drift.add(BigInt(at) * SECOND, at % 32 ? 0.3 : -0.3, 1);
  expect(drift.read().ppm).toBe(0);
});

test("what contradicts the assumed drift is told, and the worst is assumed from then on", () => {
  const drift = estimateDrift({ unknownPpm: 100, wanderPpm: 15 });
  expect(drift.add(0n, 0, 0.1)).toBe(true);
  expect(drift.add(64n * SECOND, 25, 0.1)).toBe(false);
  expect(drift.read()).toEqual({ ppm: 0, uncertaintyPpm: 500 });
});
