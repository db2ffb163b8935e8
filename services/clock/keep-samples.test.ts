import { expect, test } from "vitest";
import type { ClockReport } from "./clock-fix.ts";
import { openSampleKeeper } from "./keep-samples.ts";

function report(atNs: number): ClockReport {
  return { clockId: "boot", atNs: BigInt(atNs), fix: undefined, agreed: false, reason: "", servers: [] };
}

function scene() {
  const kept: number[] = [];
  const errors: number[] = [];
  const state = { away: false };
  const keeper = openSampleKeeper(
    async ({ atNs }) => {
      await new Promise((resolve) => setImmediate(resolve));
      if (state.away) throw new Error("away");
      kept.push(Number(atNs));
    },
    (_error, waiting) => void errors.push(waiting),
  );
  return { keeper, kept, errors, state };
}

test("reports are kept in their order", async () => {
  const { keeper, kept } = scene();
  for (const at of [1, 2, 3]) keeper.keep(report(at));
  await keeper.stop();
  expect(kept).toEqual([1, 2, 3]);
});

test("a database that is away loses nothing: the next report tries again", async () => {
  const { keeper, kept, errors, state } = scene();
  state.away = true;
  for (const at of [1, 2]) keeper.keep(report(at));
  await keeper.stop();
  expect(keeper.trouble()).toBe("measurements cannot be kept: 2 wait");
  state.away = false;
  keeper.keep(report(3));
  await keeper.stop();
  expect(kept).toEqual([1, 2, 3]);
  expect(errors.length).toBeGreaterThan(0);
  expect(keeper.trouble()).toBeNull();
});

test("what waits is bounded; the oldest is dropped, and told", async () => {
  const { keeper, kept, state } = scene();
  state.away = true;
  for (let at = 0; at < 1_005; at++) keeper.keep(report(at));
  await keeper.stop();
  expect(keeper.trouble()).toBe("measurements cannot be kept: 1000 wait, 5 lost since the start");
  state.away = false;
  await keeper.stop();
  expect(kept).toHaveLength(1_000);
  expect(kept[0]).toBe(5);
});
