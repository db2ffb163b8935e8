import { expect, test } from "vitest";
import { limitRepeats } from "./limit-repeats.ts";

test("a few of a kind are told one by one, the rest as a number when the minute is over", () => {
  let nowMs = 0;
  const limit = limitRepeats<string>(() => nowMs);
  const told = Array.from({ length: 20 }, (_, n) => limit.take("a", `a${n}`)).filter(Boolean);
  expect(told).toHaveLength(5);
  expect(limit.take("b", "b0")).toBe(true);
  expect(limit.due()).toEqual([]);
  nowMs = 60_000;
  expect(limit.due()).toEqual([{ last: "a19", times: 15 }]);
  expect(limit.due(true)).toEqual([]);
  expect(limit.take("a", "a20")).toBe(true);
  // What nobody has asked for at the end of its minute is not lost with the next one.
  for (let n = 0; n < 9; n++) limit.take("a", "a");
  nowMs = 130_000;
  expect(limit.take("a", "later")).toBe(false);
  expect(limit.due(true)).toEqual([{ last: "later", times: 6 }]);
});

test("whoever comes from a new address each time writes no more than anybody, and every try is counted", () => {
  let nowMs = 0;
  const limit = limitRepeats<string>(() => nowMs);
  let told = 0;
  for (let n = 0; n < 50_000; n++) told += limit.take(`address ${n}`, `${n}`) ? 1 : 0;
  expect(told).toBe(300);
  nowMs = 60_000;
  const repeated = limit.due();
  expect(repeated.length).toBeLessThanOrEqual(301);
  expect(repeated.at(-1)?.last).toBeNull();
  expect(repeated.reduce((sum, { times }) => sum + times, told)).toBe(50_000);
});
