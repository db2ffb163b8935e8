import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { openTurns } from "./take-turns.ts";

test("no more at a time than there are turns, in the order in which they came, whatever fails", async () => {
  const turns = openTurns(2);
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, nth) =>
      turns(async () => {
        begun.push(nth);
        running += 1;
        most = Math.max(most, running);
        await pause(nth % 3);
        running -= 1;
        if (nth % 5 === 0) throw new Error("failed");
        return nth;
      }),
    ),
  );
  expect(most).toBe(2);
  expect(begun).toEqual(Array.from({ length: 20 }, (_, nth) => nth));
  expect(results.map(({ status }) => status).filter((status) => status === "rejected")).toHaveLength(4);
  expect(await turns(async () => "still")).toBe("still");
});
