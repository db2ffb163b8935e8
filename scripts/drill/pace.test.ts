import { expect, it } from "vitest";
import { startPace } from "./pace.ts";

it("stands still at its limit and goes on from there, without a jump", async () => {
  let nowMs = 1_000;
  const pace = startPace(() => nowMs);
  const reached = async (ms: number): Promise<boolean> => {
    const { signal } = { signal: AbortSignal.timeout(30) };
    return pace.reach(ms, signal).then(
      () => true,
      () => false,
    );
  };
  pace.holdAt(50);
  nowMs += 500;
  expect([await reached(50), await reached(51)]).toEqual([true, false]);
  pace.holdAt(1_000);
  expect(await reached(51)).toBe(false);
  nowMs += 10;
  expect([await reached(60), await reached(61)]).toEqual([true, false]);
});
