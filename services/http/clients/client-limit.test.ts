import { expect, test } from "vitest";
import { limitClientRequests, limitHeaders } from "./client-limit.ts";

test("a client has so many requests a minute, another one has its own", () => {
  let atMs = 5_000;
  const limit = limitClientRequests(2, () => atMs);
  expect(limit.take("a")).toEqual({ quota: 2, left: 1, seconds: 60, isOver: false });
  atMs += 20_500;
  expect(limit.take("a")).toEqual({ quota: 2, left: 0, seconds: 40, isOver: false });
  const over = limit.take("a");
  expect(over).toEqual({ quota: 2, left: 0, seconds: 40, isOver: true });
  expect(over && limitHeaders(over)).toEqual({
    ratelimit: '"requests";r=0;t=40',
    "ratelimit-policy": '"requests";q=2;w=60',
  });
  expect(limit.take("b")?.isOver).toBe(false);
  atMs += 39_500;
  expect(limit.take("a")).toEqual({ quota: 2, left: 1, seconds: 60, isOver: false });
});

test("0 is no limit", () => {
  expect(limitClientRequests(0, () => 0).take("a")).toBeNull();
});
