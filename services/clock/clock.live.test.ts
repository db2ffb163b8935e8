import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { ClockReport } from "./clock-fix.ts";
import { hostClocks, watchSystemClock } from "./local-time.ts";
import { findChronyd, type RunningChronyd, startChronyd } from "./testing/chronyd.ts";
import { type Oddity, startOddServer } from "./testing/odd-server.ts";
import { startRelay } from "./testing/relay.ts";
import { openTrustedClock } from "./trusted-clock.ts";

const path = findChronyd();
// In CI the tests run all the same and fail at the start of chronyd: they are never skipped there.
const there = path !== undefined || process.env["CI"] !== undefined;
if (!there) console.warn("chronyd is not installed (Debian: chrony): the tests against it are skipped");

describe.skipIf(!there)("against a real chronyd that serves this host's own clock", () => {
  let chronyd: RunningChronyd;
  beforeAll(async () => {
    chronyd = await startChronyd(path ?? "chronyd");
  });
  afterAll(() => chronyd?.stop());

  /** A clock on chronyd through relays with these offsets; `agreed` resolves with the first fix. */
  async function clockBehind(offsetsMs: readonly number[], oddities: readonly Oddity[] = []) {
    const relays = await Promise.all(offsetsMs.map((offsetMs) => startRelay(chronyd.port, offsetMs)));
    const odd = await Promise.all(oddities.map((oddity, index) => startOddServer(oddity, index + 1)));
    const first = Promise.withResolvers<ClockReport>();
    const judged: { errorMs: number; boundMs: number }[] = [];
    const system = watchSystemClock(hostClocks);
    system.settle();
    const [trueOffsetMs = 0] = offsetsMs;
    const clock = openTrustedClock({
      servers: [...relays, ...odd].map(({ port }) => ({ host: "127.0.0.1", port })),
      onReport(report) {
        if (report.agreed) first.resolve(report);
        const { fix } = report;
        if (!fix) return;
        const { minusMonotonicNs, widthNs } = system.read();
        const offsetMs = Number(fix.epochNs - fix.atNs - minusMonotonicNs) / 1e6;
        judged.push({
          errorMs: Math.abs(offsetMs - trueOffsetMs),
          boundMs: fix.errorBoundMs + Number(widthNs) / 1e6,
        });
      },
    });
    onTestFinished(async () => {
      await clock.stop();
      await Promise.all([...relays, ...odd].map((server) => server.stop()));
    });
    return { ...clock, relays, odd, judged, agreed: first.promise };
  }

  test("a chosen offset of an hour is measured, and the bound covers the error", async () => {
    const clock = await clockBehind([3_600_000]);
    const { fix, servers } = await clock.agreed;
    expect(servers[0]).toMatchObject({ state: "used", stratum: 1, leap: 0 });
    const { epochMs, clock: state } = clock.now();
    expect(Math.abs(epochMs - Date.now() - 3_600_000)).toBeLessThan((fix?.errorBoundMs ?? 0) + 2);
    expect(state.offsetMs).toBeGreaterThan(3_599_000);
    for (const { errorMs, boundMs } of clock.judged) expect(errorMs).toBeLessThanOrEqual(boundMs);
  });

  test("two that are right outvote one that lies by an hour", async () => {
    const clock = await clockBehind([0, 0, 3_600_000]);
    const { servers } = await clock.agreed;
    expect(servers.map(({ state }) => state)).toEqual(["used", "used", "falseticker"]);
    for (const { errorMs, boundMs } of clock.judged) expect(errorMs).toBeLessThanOrEqual(boundMs);
  });

  test("two right ones among servers that misbehave in every way", async () => {
    const clock = await clockBehind(
      [0, 0],
      [
        { silent: true },
        { wrongOrigin: true },
        { fields: { mode: 5 } },
        { fields: { leap: 3 } },
        { fields: { stratum: 16 } },
        { fields: { stratum: 0, referenceId: 0x44454e59 } },
        { fromElsewhere: true },
        { jitterMs: 300, forgeries: 5 },
      ],
    );
    const { servers } = await clock.agreed;
    const states = servers.map(({ state }) => state);
    expect(states.slice(0, 2)).toEqual(["used", "used"]);
    expect(states.slice(2, 9)).toEqual([
      "silent",
      "silent",
      "rejected",
      "rejected",
      "rejected",
      "denied",
      "silent",
    ]);
    for (const { errorMs, boundMs } of clock.judged) expect(errorMs).toBeLessThanOrEqual(boundMs);
  });
});

test("300 ms of jitter and every third packet lost: the bound is wide, and covers", async () => {
  const odd = await startOddServer({ jitterMs: 300, loss: 0.33, offsetMs: 1_000 }, 11);
  const agreed = Promise.withResolvers<void>();
  const clock = openTrustedClock({
    servers: [{ host: "127.0.0.1", port: odd.port }],
    onReport: (report) => {
      if (report.agreed) agreed.resolve();
    },
  });
  onTestFinished(async () => {
    await clock.stop();
    await odd.stop();
  });
  await agreed.promise;
  const { epochMs, clock: state } = clock.now();
  // The odd server knows the system clock to a millisecond, and so do we.
  const errorMs = Math.abs(epochMs - Date.now() - 1_000);
  expect(errorMs).toBeLessThan((state.errorBoundMs ?? 0) + 2);
  expect(state.state).not.toBe("unsynchronised");
});
