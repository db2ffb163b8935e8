import { expect, test } from "vitest";
import { newId } from "./ids.ts";

test("an id is a UUID version 7: the time in front, the variant of RFC 9562, the rest different each time", () => {
  const at = Date.UTC(2026, 10, 21);
  const ids = Array.from({ length: 1000 }, () => newId(at));
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(ids).size).toBe(ids.length);
  expect(Number.parseInt((ids[0] as string).replaceAll("-", "").slice(0, 12), 16)).toBe(at);
  expect(newId(at) < newId(at + 1)).toBe(true);
});
