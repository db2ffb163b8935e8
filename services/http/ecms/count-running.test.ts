import { expect, test } from "vitest";
import { countRunning } from "./count-running.ts";

test("places are given back once each, and one client does not take them all", () => {
  const running = countRunning(3, 2);
  const [first, second] = [running.enter("a"), running.enter("a")];
  expect(running.enter("a")).toBeNull();
  expect(running.enter("b")).not.toBeNull();
  expect(running.enter("c")).toBeNull();
  first?.();
  first?.();
  expect(running.enter("a")).not.toBeNull();
  expect(running.enter("c")).toBeNull();
  second?.();
  expect(running.enter("c")).not.toBeNull();
});
