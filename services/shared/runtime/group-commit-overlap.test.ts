import { expect, test } from "vitest";
import { type BatchTurn, groupCommit } from "./group-commit.ts";

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A commit whose stages end when the test says so; tells what happened in which order. */
function staged(fails: (item: number) => boolean = () => false) {
  const events: string[] = [];
  const disk = new Map<number, () => void>();
  const commit = async (items: readonly number[], turn: BatchTurn): Promise<readonly number[]> => {
    events.push(`write ${items}`);
    if (items.some(fails)) throw new Error("cannot be written");
    await nextTurn();
    turn.written();
    await turn.before;
    events.push(`commit ${items}`);
    await new Promise<void>((resolve) => disk.set(items[0] as number, resolve));
    events.push(`durable ${items}`);
    return items;
  };
  const flush = async (first: number): Promise<void> => {
    while (!disk.has(first)) await nextTurn();
    disk.get(first)?.();
  };
  return { events, commit, flush };
}

test("a batch is written while the one before waits for the disk, and commits after it; never a third", async () => {
  const { events, commit, flush } = staged();
  const accept = groupCommit(commit, { items: 1, bytes: 100 }, () => false);
  const all = [1, 2, 3].map((item) => accept(item, 1));
  for (let turns = 0; turns < 20; turns++) await nextTurn();
  expect(events).toEqual(["write 1", "commit 1", "write 2"]);
  await flush(1);
  await all[0];
  for (let turns = 0; turns < 20; turns++) await nextTurn();
  expect(events.slice(3)).toEqual(["durable 1", "commit 2", "write 3"]);
  await flush(2);
  await flush(3);
  expect(await Promise.all(all)).toEqual([1, 2, 3]);
  expect(events.slice(6)).toEqual(["durable 2", "commit 3", "durable 3"]);
});

test("nobody is told before the own batch is durable, also when the next one has long been written", async () => {
  const { commit, flush } = staged();
  const accept = groupCommit(commit, { items: 1, bytes: 100 }, () => false);
  const told: number[] = [];
  const all = [1, 2].map((item) => accept(item, 1).then((result) => told.push(result)));
  for (let turns = 0; turns < 20; turns++) await nextTurn();
  expect(told).toEqual([]);
  await flush(1);
  await all[0];
  expect(told).toEqual([1]);
  await flush(2);
  await all[1];
});

test("a batch that cannot be written fails alone; the ones around it are committed", async () => {
  const { commit, flush } = staged((item) => item === 2);
  const accept = groupCommit(commit, { items: 1, bytes: 100 }, () => false);
  const settled = Promise.allSettled([1, 2, 3].map((item) => accept(item, 1)));
  await flush(1);
  await flush(3);
  expect((await settled).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});
