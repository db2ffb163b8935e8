import { expect, test } from "vitest";
import { findAddressOf } from "./find-address.ts";
import { parseTimeServer, serverName } from "./time-server.ts";

test.each([
  ["time1.nimt.or.th", "time1.nimt.or.th", 123],
  ["ntp.example.go.th:1123", "ntp.example.go.th", 1123],
  ["192.0.2.1", "192.0.2.1", 123],
  ["2001:db8::1", "2001:db8::1", 123],
  ["[2001:db8::1]:1123", "2001:db8::1", 1123],
])("%s", (text, host, port) => {
  expect(parseTimeServer(text)).toEqual({ host, port });
  expect(serverName({ host, port })).toBe(text);
});

test.each(["", "a b", "host:0", "host:65536", "[host]:123", "http://host", "host:port"])("not %j", (text) => {
  expect(() => parseTimeServer(text)).toThrow(/is not a time server/);
});

const never = new AbortController().signal;
const untilAborted = (_ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve()));

test("a name's next address is taken when the one in use does not answer, and kept while it does", async () => {
  let nowNs = 0n;
  let asked = 0;
  const resolve = async () => {
    asked += 1;
    return ["192.0.2.1", "192.0.2.2"];
  };
  const finder = findAddressOf(
    "ntp.example.go.th",
    { resolve, monotonicNs: () => nowNs, pause: untilAborted },
    5_000,
    never,
  );
  expect(await finder.find(false)).toBe(true);
  expect(await finder.find(false)).toBe(false);
  expect(finder.current).toBe("192.0.2.1");
  expect(asked).toBe(1);
  expect(await finder.find(true)).toBe(true);
  expect(finder.current).toBe("192.0.2.2");
  nowNs = 2n * 3_600_000_000_000n;
  expect(await finder.find(false)).toBe(false);
  expect(asked).toBe(3);
});

test("a resolver that fails or hangs leaves the address that was found before", async () => {
  const answers: (() => Promise<readonly string[]>)[] = [
    async () => ["192.0.2.1"],
    () => Promise.reject(new Error("SERVFAIL")),
    () => new Promise(() => {}),
    async () => [],
  ];
  const resolve = () => (answers.shift() ?? (async () => []))();
  const finder = findAddressOf(
    "ntp.example.go.th",
    {
      resolve,
      monotonicNs: () => 0n,
      pause: (ms, signal) => (ms === 1 ? Promise.resolve() : untilAborted(ms, signal)),
    },
    5_000,
    never,
  );
  await finder.find(false);
  await finder.find(true);
  expect([finder.current, finder.trouble]).toEqual(["192.0.2.1", "its name cannot be resolved: SERVFAIL"]);
});
