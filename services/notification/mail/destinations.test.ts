import { expect, test } from "vitest";
import { type DestinationLimits, openDestinations } from "./destinations.ts";

const LIMITS: DestinationLimits = { atOnce: 2, perMinute: 0, probes: 2, longestAwayMs: 15 * 60_000 };

function scene(limits: Partial<DestinationLimits> = {}) {
  let atMs = 1_000;
  const destinations = openDestinations({ ...LIMITS, ...limits }, () => atMs);
  return {
    pass: (ms: number): void => {
      atMs += ms;
    },
    enter: (name: string) => {
      const place = destinations.enter(name);
      if (place.state !== "free") throw new Error(`no place at ${name}: ${place.why}`);
      return place;
    },
    waitMs: (name: string): number => {
      const place = destinations.enter(name);
      return place.state === "wait" ? place.waitMs : 0;
    },
    isBack: destinations.isBack,
  };
}

test("one destination has so many places, and lends none of another's", () => {
  const { enter, waitMs } = scene();
  const first = enter("a");
  enter("a");
  expect(waitMs("a")).toBeGreaterThan(0);
  enter("b");
  first.leave(null);
  enter("a");
});

test("who waits comes back the later the more wait, and never later than minutes", () => {
  const { enter, pass, waitMs } = scene();
  for (let message = 0; message < 20; message++) {
    const place = enter("slow");
    pass(10_000);
    place.leave(null);
  }
  enter("slow");
  enter("slow");
  const waits = Array.from({ length: 200 }, () => waitMs("slow"));
  expect(waits.slice(0, 20)).toEqual(waits.slice(0, 20).toSorted((a, b) => a - b));
  expect(waits[10]).toBeGreaterThan((waits[0] ?? 0) + 10_000);
  expect(Math.max(...waits)).toBeLessThanOrEqual(5 * 60_000);
});

test("one that does not answer is left alone for 30 s, doubling to 15 minutes; then one tries, not all", () => {
  const { enter, pass, waitMs } = scene();
  const [first, second] = [enter("dead"), enter("dead")];
  first.leave("timeout");
  second.leave("timeout"); // of the same moment: counts once
  const waits: number[] = [];
  for (let time = 0; time < 8; time++) {
    waits.push(waitMs("dead"));
    pass(waits.at(-1) ?? 0);
    const probe = enter("dead");
    expect(waitMs("dead")).toBeGreaterThan(10_000);
    probe.leave("timeout");
  }
  expect(waits.map((ms) => Math.round(ms / 10_000))).toEqual([3, 6, 12, 24, 48, 90, 90, 90]);
  pass(15 * 60_000);
  enter("dead").leave(null);
  enter("dead");
  enter("dead");
});

test("however many destinations are dead, only so many are tried at once whether they are back", () => {
  const { enter, pass, waitMs } = scene({ probes: 2 });
  for (const name of ["a", "b", "c", "d"]) enter(name).leave("timeout");
  pass(31_000);
  enter("a");
  const probe = enter("b");
  expect(waitMs("c")).toBeGreaterThan(0);
  enter("healthy");
  probe.leave("timeout");
  enter("c");
});

test("a rate holds in any minute", () => {
  const { enter, pass, waitMs } = scene({ atOnce: 100, perMinute: 10 });
  for (let message = 0; message < 10; message++) {
    enter("a").leave(null);
    pass(100);
  }
  expect(waitMs("a")).toBeCloseTo(59_000, -3);
  pass(59_000);
  enter("a");
  expect(waitMs("a")).toBeGreaterThan(0);
});

test("a sign of life opens it again before its time", () => {
  const { enter, waitMs, isBack } = scene();
  enter("a").leave("refused");
  expect(waitMs("a")).toBeGreaterThan(0);
  isBack("a");
  enter("a");
});

test("who waits for one that has never finished a message looks 20 times a second, all together", () => {
  const { enter, pass, waitMs } = scene();
  enter("hangs");
  enter("hangs");
  const looksAt = Array.from({ length: 1000 }, () => 0);
  let looks = 0;
  for (let tenth = 0; tenth < 600; tenth++) {
    for (const [index, at] of looksAt.entries()) {
      if (at > tenth * 100) continue;
      looks++;
      looksAt[index] = tenth * 100 + waitMs("hangs");
    }
    pass(100);
  }
  expect(looks).toBeGreaterThan(1000);
  expect(looks).toBeLessThan(60 * 20 + 2 * 1000);
});
