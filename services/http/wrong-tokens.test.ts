import { expect, test } from "vitest";
import { countWrongTokens } from "./wrong-tokens.ts";

test("ten wrong tokens a minute from one address, then it waits for the minute's end; others do not wait with it", () => {
  let atMs = 0;
  const wrong = countWrongTokens(() => atMs);
  for (let times = 0; times < 10; times += 1) expect(wrong.count("192.0.2.1")).toBe(0);
  atMs = 15_000;
  expect(wrong.count("192.0.2.1")).toBe(45);
  expect(wrong.count("192.0.2.2")).toBe(0);
  atMs = 60_000;
  expect(wrong.count("192.0.2.1")).toBe(0);
});

test("the list of addresses is bounded: the oldest gives way", () => {
  const wrong = countWrongTokens(() => 0);
  for (let times = 0; times < 11; times += 1) wrong.count("the first");
  expect(wrong.count("the first")).toBeGreaterThan(0);
  for (let address = 0; address < 10_000; address += 1) wrong.count(`address ${address}`);
  expect(wrong.count("the first")).toBe(0);
});
