import { expect, test } from "vitest";
import { limitClients } from "./limit-clients.ts";

test("sixty at once, then one a second; others do not wait with it", () => {
  let atMs = 0;
  const limit = limitClients(60, () => atMs);
  for (let times = 0; times < 60; times++) expect(limit.take("192.0.2.1")).toBe(0);
  expect(limit.take("192.0.2.1")).toBe(1);
  expect(limit.take("192.0.2.2")).toBe(0);
  atMs = 1_000;
  expect(limit.take("192.0.2.1")).toBe(0);
  expect(limit.take("192.0.2.1")).toBe(1);
  atMs = 3_600_000;
  for (let times = 0; times < 60; times++) expect(limit.take("192.0.2.1")).toBe(0);
  expect(limit.take("192.0.2.1")).toBe(1);
});

test("a /64 of IPv6 is one client, and IPv4 in the form of IPv6 is IPv4", () => {
  const limit = limitClients(1, () => 0);
  expect(limit.take("2001:db8:1:2::5")).toBe(0);
  expect(limit.take("2001:db8:1:2:ffff:1:2:3")).toBe(60);
  expect(limit.take("2001:db8:1:3::5")).toBe(0);
  expect(limit.take("::1")).toBe(0);
  expect(limit.take("192.0.2.9")).toBe(0);
  expect(limit.take("::ffff:192.0.2.9")).toBe(60);
});

test("the list of clients is bounded: the quietest gives way", () => {
  const limit = limitClients(1, () => 0, 3);
  for (const address of ["a", "b", "c"]) limit.take(address);
  expect(limit.take("a")).toBeGreaterThan(0);
  limit.take("d"); // b was quiet longest
  expect(limit.take("a")).toBeGreaterThan(0);
  expect(limit.take("b")).toBe(0);
});
