import { expect, test } from "vitest";
import { openMemoryBudget } from "./memory-budget.ts";

test("who asks for more than is free waits in turn, and too many do not wait at all", async () => {
  const budget = openMemoryBudget(100, 2);
  const first = await budget.take(60);
  const order: string[] = [];
  const large = budget.take(80).then((release) => {
    order.push("large");
    return release;
  });
  // Small enough, and yet not before the one that came first: or a large letter would wait for ever.
  const small = budget.take(10).then((release) => {
    order.push("small");
    return release;
  });
  expect(await budget.take(1)).toBeNull();
  expect(order).toEqual([]);
  first?.();
  first?.(); // given back once only
  (await large)?.();
  (await small)?.();
  expect(order).toEqual(["large", "small"]);
  // More than there is in all: everything.
  expect(await budget.take(1_000)).not.toBeNull();
});
