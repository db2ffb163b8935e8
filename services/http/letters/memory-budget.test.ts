import { expect, test } from "vitest";
import { openMemoryBudget } from "./memory-budget.ts";

test("who asks for more than is free waits in turn, and too many do not wait at all", async () => {
  const budget = openMemoryBudget(100, 2);
  const first = await budget.take(50, "a");
  const second = await budget.take(10, "b");
  const order: string[] = [];
  const large = budget.take(45, "c").then((release) => {
    order.push("large");
    return release;
  });
  // Small enough, and yet not before the one that came first: or a large letter would wait for ever.
  const small = budget.take(10, "b").then((release) => {
    order.push("small");
    return release;
  });
  expect(await budget.take(1, "d")).toBeNull();
  expect(order).toEqual([]);
  second?.();
  second?.(); // given back once only
  (await large)?.();
  (await small)?.();
  expect(order).toEqual(["large", "small"]);
  first?.();
  // More than one may have in all: as much as it may.
  expect(await budget.take(1_000, "a")).not.toBeNull();
  expect(await budget.take(50, "b")).not.toBeNull();
});

test("one holder keeps no other one waiting", async () => {
  const budget = openMemoryBudget(100, 4);
  const held = await budget.take(50, "stuck");
  const more = [budget.take(1, "stuck"), budget.take(1, "stuck")];
  expect(await budget.take(1, "stuck")).toBeNull();
  expect(await budget.take(50, "other")).not.toBeNull();
  held?.();
  for (const release of await Promise.all(more)) expect(release).not.toBeNull();
});
