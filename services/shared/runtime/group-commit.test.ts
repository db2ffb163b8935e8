import { expect, test } from "vitest";
import { groupCommit } from "./group-commit.ts";

test("a lone item is committed alone; what comes meanwhile goes together, in order", async () => {
  const batches: number[][] = [];
  let release: () => void = () => {};
  const commit = groupCommit<number, number>(
    async (items) => {
      batches.push([...items]);
      if (batches.length === 1) await new Promise<void>((resolve) => (release = resolve));
      return items.map((item) => item * 10);
    },
    { items: 100, bytes: 1000 },
    () => false,
  );
  const first = commit(1, 1);
  await new Promise((resolve) => setImmediate(resolve));
  const others = [2, 3, 4].map((item) => commit(item, 1));
  release();
  expect(await Promise.all([first, ...others])).toEqual([10, 20, 30, 40]);
  expect(batches).toEqual([[1], [2, 3, 4]]);
});

test("a batch stays within its limits, but the first item is always taken", async () => {
  const batches: number[][] = [];
  const commit = groupCommit<number, void>(
    async (items) => {
      batches.push([...items]);
      return items.map(() => undefined);
    },
    { items: 3, bytes: 100 },
    () => false,
  );
  await Promise.all([
    commit(1, 500),
    commit(2, 60),
    commit(3, 60),
    commit(4, 10),
    commit(5, 10),
    commit(6, 10),
  ]);
  expect(batches).toEqual([[1], [2], [3, 4, 5], [6]]);
});

test("one item's fault does not fail its neighbours; a fault of the database fails all", async () => {
  const commit = groupCommit<string, string>(
    async (items) => {
      if (items.includes("bad")) throw new Error("bad item");
      if (items.includes("down")) throw new Error("database is down");
      return [...items];
    },
    { items: 10, bytes: 100 },
    (error) => (error as Error).message === "bad item",
  );
  const settled = await Promise.allSettled(["a", "bad", "b"].map((item) => commit(item, 1)));
  expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  const down = await Promise.allSettled(["a", "down", "b"].map((item) => commit(item, 1)));
  expect(down.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  expect(await commit("again", 1)).toBe("again");
});
