import { expect, test } from "vitest";
import { sharingDrains } from "./share-drains.ts";

/** Drains that end when the test says so. */
function scene(pauseMs = 0) {
  const begun: { bookId: string; atMs: number; end(letters: number): void; fail(): void }[] = [];
  const wake = sharingDrains(
    (_, bookId) =>
      new Promise((resolve, reject) => {
        begun.push({
          bookId,
          atMs: performance.now(),
          end: (letters) => resolve({ letters, held: null }),
          fail: () => reject(new Error("the database is away")),
        });
      }),
    pauseMs,
  );
  const turn = () => new Promise((resolve) => void setTimeout(resolve, 5));
  return { begun, wake: (bookId = "book") => wake("agency-a", bookId), turn };
}

test("a wake-up during a drain gets a drain that began after it, and shares it with the others", async () => {
  const { begun, wake, turn } = scene();
  const first = wake();
  await turn();
  const others = [wake(), wake(), wake()];
  await turn();
  expect(begun.length).toBe(1);
  begun[0]?.end(1);
  expect((await first).letters).toBe(1);
  await turn();
  expect(begun.length).toBe(2);
  begun[1]?.end(3);
  expect((await Promise.all(others)).map(({ letters }) => letters)).toEqual([3, 3, 3]);
});

test("a drain that fails fails those who wait for it, and no other", async () => {
  const { begun, wake, turn } = scene();
  const first = wake();
  await turn();
  const second = wake();
  begun[0]?.fail();
  await expect(first).rejects.toThrow("away");
  await turn();
  begun[1]?.end(2);
  expect((await second).letters).toBe(2);
});

test("books do not wait for each other", async () => {
  const { begun, wake, turn } = scene(60_000);
  void wake("one");
  void wake("two");
  await turn();
  expect(begun.map(({ bookId }) => bookId)).toEqual(["one", "two"]);
});

test("the first letter waits for nothing, those right behind it for the pause", async () => {
  const { begun, wake, turn } = scene(50);
  void wake();
  await turn();
  begun[0]?.end(1);
  await turn();
  const second = wake();
  await turn();
  expect(begun.length).toBe(1);
  await expect.poll(() => begun.length, { interval: 5 }).toBe(2);
  begun[1]?.end(1);
  await second;
  const [one, two] = begun;
  // A timer may fire a millisecond early.
  expect((two?.atMs ?? 0) - (one?.atMs ?? 0)).toBeGreaterThanOrEqual(49);
});
