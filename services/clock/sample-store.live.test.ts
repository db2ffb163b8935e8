import { expect, inject, test } from "vitest";
import { openLog } from "../shared/runtime/log.ts";
import { adminQueries, roomDatabase } from "../shared/testing/arrivals.ts";
import { databaseForTest } from "../shared/testing/database.ts";
import type { ClockFix, ClockReport } from "./clock-fix.ts";
import { hostClocks, monotonicClockId, watchSystemClock } from "./local-time.ts";
import { openProcessClock } from "./process-clock.ts";
import { insertSample, newestFix, readSamples, removeSamples } from "./sample-store.ts";

const log = openLog("silent", "test");

function report(atNs: bigint, agreed = true, clockId = "boot"): ClockReport {
  const fix = {
    clockId,
    atNs,
    epochNs: 1_795_241_692_500_456_789n,
    errorBoundMs: 1.25,
    driftPpm: 0,
    growthPpm: 100,
    answeredNs: atNs,
    systemMinusMonotonicNs: 1_795_241_692_500_000_000n - atNs,
    jitterMs: 0.1,
    stratum: 1,
    reference: "time1.nimt.or.th (PPS)",
    servers: ["time1.nimt.or.th"],
  };
  return { clockId, atNs, fix, agreed, reason: agreed ? "" : "2 servers disagree: no majority", servers: [] };
}

test("the newest fix of this host's clock comes back to the nanosecond; other hosts' and failed rounds do not", async (context) => {
  const address = await databaseForTest(inject("testServer"), context);
  const database = roomDatabase(context, address, "saraban_clock");
  expect(await newestFix(database, "boot")).toBeUndefined();
  await insertSample(database, report(5n), "host:1");
  await insertSample(database, report(6n, false), "host:1");
  await insertSample(database, report(7n, true, "another boot"), "host:2");
  expect(await newestFix(database, "boot")).toEqual(report(5n).fix);
  const reader = roomDatabase(context, address, "saraban_registry");
  expect((await newestFix(reader, "another boot"))?.atNs).toBe(7n);
});

test("an auditor gets all of it, page by page", async (context) => {
  const address = await databaseForTest(inject("testServer"), context);
  const database = roomDatabase(context, address, "saraban_clock");
  for (const at of [1n, 2n, 3n]) await insertSample(database, report(at, at !== 2n), "host:1");
  const hour = 3_600_000;
  const span = [new Date(Date.now() - hour), new Date(Date.now() + hour)] as const;
  const first = await readSamples(database, ...span, 0, 2);
  expect(first).toMatchObject([
    {
      measuredAt: "2026-11-21T06:14:52.500456Z",
      offsetMs: 0.457,
      errorBoundMs: 1.25,
      stratum: 1,
      agreed: true,
    },
    { measuredAt: null, offsetMs: null, agreed: false, reason: "2 servers disagree: no majority" },
  ]);
  expect(await readSamples(database, ...span, first.at(-1)?.id, 2)).toHaveLength(1);
});

test("samples cannot be changed, nor removed before 90 days", async (context) => {
  const address = await databaseForTest(inject("testServer"), context);
  const database = roomDatabase(context, address, "saraban_clock");
  const query = adminQueries(context, address);
  await insertSample(database, report(1n), "host:1");
  await query(
    "insert into saraban.clock_sample (kept_at, measured_by, clock_id, monotonic_ns, agreed, reason, servers) values (now() - interval '91 days', 'host:1', 'boot', 1, false, 'old', '[]')",
  );
  await expect(query("update saraban.clock_sample set reason = 'x'")).rejects.toThrow(/kept unchanged/);
  await expect(removeSamples(database, 0)).rejects.toThrow(/kept unchanged/);
  expect(await removeSamples(database, 90)).toBe(1);
  await expect(
    insertSample(roomDatabase(context, address, "saraban_intake"), report(2n), "host:1"),
  ).rejects.toThrow(/permission denied/);
});

test("a process tells the time by what the clock service of its host has kept", async (context) => {
  const address = await databaseForTest(inject("testServer"), context);
  const system = watchSystemClock(hostClocks).settle();
  const atNs = hostClocks.monotonicNs();
  const { fix, ...rest } = report(atNs, true, monotonicClockId());
  const epochNs = atNs + system.minusMonotonicNs + 3_600_000_000_000n;
  const made = { ...fix, epochNs, systemMinusMonotonicNs: system.minusMonotonicNs } as ClockFix;
  await insertSample(roomDatabase(context, address, "saraban_clock"), { ...rest, fix: made }, "host:1");
  const limits = { servers: "127.0.0.1", warnMs: 10, hardMs: 30, maxAgeSeconds: 600 };
  const clock = await openProcessClock(limits, address, "saraban_registry", log);
  context.onTestFinished(() => clock.stop());
  const { epochMs, clock: state } = clock.now();
  expect(state).toMatchObject({ state: "synchronised", reference: "time1.nimt.or.th (PPS)" });
  expect(Math.abs(epochMs - Date.now() - 3_600_000)).toBeLessThan(50);
});
