import { expect, onTestFinished, test } from "vitest";
import { seededRandom } from "../shared/testing/seeded-random.ts";
import type { ClockReport } from "./clock-fix.ts";
import { DENY, RATE } from "./testing/odd-server.ts";
import { type VirtualWorld, virtualWorld } from "./testing/virtual-world.ts";
import { openTrustedClock, type TrustedClock } from "./trusted-clock.ts";

/** A clock on the servers of a virtual world, by their addresses. */
function clockIn(
  world: VirtualWorld,
  addresses: readonly string[],
  more: Partial<Parameters<typeof openTrustedClock>[0]> = {},
): TrustedClock & { reports: ClockReport[] } {
  const reports: ClockReport[] = [];
  const clock = openTrustedClock({
    servers: addresses.map((host) => ({ host, port: 123 })),
    onReport: (report) => void reports.push(report),
    world,
    ...more,
  });
  onTestFinished(async () => {
    const stopped = clock.stop();
    await world.run(10_000);
    await stopped;
  });
  return { ...clock, reports };
}

/** Stated time minus true time, ms; and whether the bound covers it. */
function judge(world: VirtualWorld, clock: TrustedClock) {
  const { epochMs, at, clock: state } = clock.now();
  const trueMs = Number(world.trueNs()) / 1e6;
  const errorMs = epochMs - trueMs;
  const boundMs = state.errorBoundMs ?? Number.NaN;
  const covered = Math.abs(errorMs) <= boundMs && Math.abs(at.getTime() - trueMs) <= boundMs;
  return { errorMs, boundMs, covered, state };
}

function serverState(clock: TrustedClock, name: string) {
  return clock.report().servers.find((server) => server.name === name)?.state;
}

const THREE = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];

test("three servers: synchronised within a second, with evidence; the system clock may be wrong by a minute", async () => {
  const world = virtualWorld();
  for (const address of THREE) world.server(address);
  world.stepSystem(-60_000);
  const clock = clockIn(world, THREE);
  expect(clock.now().clock).toEqual({
    state: "unsynchronised",
    reason: "waiting for 192.0.2.1, 192.0.2.2, 192.0.2.3",
  });
  await world.run(1_000);
  const { errorMs, state } = judge(world, clock);
  expect(Math.abs(errorMs)).toBeLessThan(0.5);
  expect(state).toMatchObject({ state: "synchronised", stratum: 1, ageSeconds: 1, servers: THREE });
  // The simulated clocks stand still while they are read: the system clock is known to half a millisecond.
  expect(Math.abs((state.offsetMs ?? 0) - 60_000)).toBeLessThan(1);
  expect(state.reference).toBe("192.0.2.1 (GPS)");
});

test("a server that lies by an hour is found out, also when it answers first", async () => {
  const world = virtualWorld();
  for (const address of THREE.slice(0, 2)) world.server(address, { delayMs: () => [20, 20] });
  world.server("192.0.2.3", { offsetMs: 3_600_000, delayMs: () => [0.1, 0.1] });
  const clock = clockIn(world, THREE);
  await world.run(10);
  expect(clock.now().clock.state).toBe("unsynchronised");
  for (let second = 0; second < 300; second++) {
    await world.run(1_000);
    expect(judge(world, clock).covered).toBe(true);
    expect(clock.now().clock.servers?.toSorted()).toEqual(THREE.slice(0, 2));
  }
  expect(serverState(clock, "192.0.2.3")).toBe("falseticker");
});

test("even where one server would do, none is believed before each had its chance", async () => {
  const world = virtualWorld();
  for (const address of THREE.slice(0, 2)) world.server(address, { delayMs: () => [20, 20] });
  world.server("192.0.2.3", { offsetMs: 3_600_000, delayMs: () => [0.1, 0.1] });
  const clock = clockIn(world, THREE, { minimumServers: 1 });
  await world.run(10);
  expect(clock.now().clock).toEqual({
    state: "unsynchronised",
    reason: "waiting for 192.0.2.1, 192.0.2.2",
  });
  await world.run(1_000);
  expect(judge(world, clock).covered).toBe(true);
  expect(clock.now().clock.servers?.toSorted()).toEqual(THREE.slice(0, 2));
});

test("a server that begins to lie takes nobody along", async () => {
  const world = virtualWorld();
  const servers = THREE.map((address) => world.server(address));
  const clock = clockIn(world, THREE);
  await world.run(120_000);
  (servers[0] as { offsetMs: number }).offsetMs = -3_600_000;
  for (let second = 0; second < 600; second++) {
    await world.run(1_000);
    expect(judge(world, clock)).toMatchObject({ covered: true, state: { state: "synchronised" } });
  }
  expect(serverState(clock, "192.0.2.1")).toBe("falseticker");
});

test("two servers that disagree: not synchronised, and it says why", async () => {
  const world = virtualWorld();
  world.server("192.0.2.1");
  world.server("192.0.2.2", { offsetMs: 3_600_000 });
  const clock = clockIn(world, ["192.0.2.1", "192.0.2.2"]);
  await world.run(60_000);
  expect(clock.now().clock).toEqual({
    state: "unsynchronised",
    reason: "2 servers disagree: no majority",
  });
  expect(clock.report().servers.map(({ state }) => state)).toEqual(["unagreed", "unagreed"]);
});

test("a liar that is left alone is not believed: the time goes on by the last fix until it is too old", async () => {
  const world = virtualWorld();
  const good = ["192.0.2.1", "192.0.2.2"].map((address) => world.server(address));
  world.server("192.0.2.3", { offsetMs: 3_600_000 });
  const clock = clockIn(world, THREE);
  await world.run(300_000);
  for (const server of good) server.silent = true;
  await world.run(1_800_000);
  const holdover = judge(world, clock);
  expect(Math.abs(holdover.errorMs)).toBeLessThan(1);
  expect(holdover.covered).toBe(true);
  await world.run(3_600_000);
  expect(clock.now().clock).toMatchObject({
    state: "unsynchronised",
    reason: "only 1 of at least 2 servers give a usable time",
  });
  for (const server of good) server.silent = false;
  await world.run(300_000);
  expect(judge(world, clock)).toMatchObject({ covered: true, state: { state: "synchronised" } });
});

test("one server under two names has one voice", async () => {
  const world = virtualWorld();
  world.server("192.0.2.1");
  world.server("192.0.2.9", { offsetMs: 5_000 });
  const resolve = async (host: string) => [host.startsWith("liar") ? "192.0.2.9" : host];
  const clock = clockIn({ ...world, resolve }, ["192.0.2.1", "liar1.example.go.th", "liar2.example.go.th"]);
  await world.run(60_000);
  expect(clock.now().clock.state).toBe("unsynchronised");
  expect(serverState(clock, "liar2.example.go.th")).toBe("same");
});

test("silence: warning, then non-compliant, as the bound grows; and back", async () => {
  const world = virtualWorld();
  const server = world.server("192.0.2.1");
  const clock = clockIn(world, ["192.0.2.1"], { maxAgeSeconds: 7_200 });
  await world.run(600_000);
  expect(clock.now().clock.state).toBe("synchronised");
  server.silent = true;
  const seen = new Set<string>();
  for (let minute = 0; minute < 130; minute++) {
    await world.run(60_000);
    seen.add(clock.now().clock.state);
    if (minute < 119) expect(judge(world, clock).covered).toBe(true);
  }
  expect([...seen]).toEqual(["synchronised", "warning", "non-compliant", "unsynchronised"]);
  server.silent = false;
  await world.run(300_000);
  expect(clock.now().clock.state).toBe("synchronised");
});

test("RATE: asked less and less, never in a burst; DENY: not asked any more", async () => {
  const world = virtualWorld();
  const eager = world.server("192.0.2.1");
  const tired = world.server("192.0.2.2", { fields: { stratum: 0, referenceId: RATE } });
  const closed = world.server("192.0.2.3", { fields: { stratum: 0, referenceId: DENY } });
  const clock = clockIn(world, THREE, { minimumServers: 1 });
  await world.run(3_600_000);
  expect(closed.asked).toBe(1);
  expect(tired.asked).toBeLessThanOrEqual(8);
  expect(eager.asked).toBeGreaterThan(50);
  expect(serverState(clock, "192.0.2.2")).toBe("limited");
  expect(serverState(clock, "192.0.2.3")).toBe("denied");
  expect(judge(world, clock)).toMatchObject({ covered: true, state: { state: "synchronised" } });
  tired.fields = {};
  await world.run(2 * 3_600_000);
  expect(serverState(clock, "192.0.2.2")).toBe("used");
});

test("a server that says that it is not synchronised is dropped with that very answer", async () => {
  const world = virtualWorld();
  const servers = THREE.map((address) => world.server(address));
  const clock = clockIn(world, THREE);
  await world.run(60_000);
  (servers[0] as { fields: object }).fields = { leap: 3 };
  await world.run(70_000);
  expect(serverState(clock, "192.0.2.1")).toBe("rejected");
  expect(clock.now().clock.servers?.toSorted()).toEqual(["192.0.2.2", "192.0.2.3"]);
});

test("the system clock is set by an hour: the time goes on, and is measured again at once", async () => {
  const world = virtualWorld();
  const [server] = THREE.map((address) => world.server(address));
  const clock = clockIn(world, THREE);
  await world.run(120_000);
  const asked = server?.asked ?? 0;
  world.stepSystem(3_600_000);
  // Nobody has looked yet: whether the clock was set or the machine slept is not known, and the bound says so.
  const after = judge(world, clock);
  expect(Math.abs(after.errorMs)).toBeLessThan(1);
  expect(after.state).toMatchObject({ state: "non-compliant" });
  await world.run(3_000);
  expect(server?.asked).toBeGreaterThan(asked);
  const measured = judge(world, clock);
  expect(measured).toMatchObject({ covered: true, state: { state: "synchronised" } });
  expect(Math.abs((measured.state.offsetMs ?? 0) + 3_600_000)).toBeLessThan(1);
  world.stepSystem(-7_200_000);
  await world.run(5_000);
  expect(judge(world, clock)).toMatchObject({ covered: true, state: { state: "synchronised" } });
});

test("the machine sleeps for ten minutes: the stated bound covers it, and the time is right within seconds", async () => {
  const world = virtualWorld();
  for (const address of THREE) world.server(address);
  const clock = clockIn(world, THREE);
  await world.run(120_000);
  world.sleep(600_000);
  expect(judge(world, clock)).toMatchObject({ covered: true, state: { state: "non-compliant" } });
  await world.run(3_000);
  const { errorMs, covered } = judge(world, clock);
  expect(Math.abs(errorMs)).toBeLessThan(0.5);
  expect(covered).toBe(true);
});

test("an oscillator of 60 ppm: the bound covers in every second, the drift is learned, the time never falls", async () => {
  const world = virtualWorld(7);
  world.driftPpm = 60;
  const roll = seededRandom(7);
  for (const address of THREE) {
    world.server(address, { delayMs: () => [2 + 8 * roll(), 2 + (roll() < 0.2 ? 300 * roll() : 3)] });
  }
  const clock = clockIn(world, THREE);
  await world.run(2_000);
  let before = 0;
  for (let second = 0; second < 7_200; second++) {
    await world.run(1_000);
    const { epochMs } = clock.now();
    expect(judge(world, clock).covered).toBe(true);
    expect(epochMs).toBeGreaterThanOrEqual(before);
    before = epochMs;
  }
  const fix = clock.fix();
  expect(fix?.driftPpm).toBeLessThan(-50);
  expect(fix?.growthPpm).toBeLessThan(25);
});

test("the clock is slewed by 400 ppm while running: noticed, and the bound covers again from the next sample", async () => {
  const world = virtualWorld();
  const [server] = THREE.map((address) => world.server(address, { delayMs: () => [0.2, 0.2] }));
  const clock = clockIn(world, THREE, { minPollSeconds: 16, maxPollSeconds: 16 });
  await world.run(300_000);
  world.driftPpm = 400;
  const asked = server?.asked ?? 0;
  await world.run(26_000);
  // What contradicts the known drift makes it ask anew, in a burst.
  expect((server?.asked ?? 0) - asked).toBeGreaterThanOrEqual(4);
  for (let second = 0; second < 600; second++) {
    await world.run(1_000);
    expect(judge(world, clock).covered).toBe(true);
  }
  // All that is left out is the time until the first sample: 16 s at 400 ppm less what a drift may be anyway.
  expect(Math.abs(judge(world, clock).errorMs)).toBeLessThan(7);
});

test("no server at all: the system clock, marked as such", async () => {
  const world = virtualWorld();
  const clock = clockIn(world, []);
  await world.run(1_000);
  expect(clock.now().clock).toEqual({ state: "unsynchronised", reason: "no reference clock is configured" });
  expect(Math.abs(judge(world, clock).errorMs)).toBeLessThan(1);
});

test("each answer makes a report that says of each server how it stands", async () => {
  const world = virtualWorld();
  for (const address of THREE) world.server(address, { offsetMs: 5 });
  const clock = clockIn(world, THREE);
  await world.run(1_000);
  expect(clock.reports).toHaveLength(3);
  expect(clock.reports[0]).toMatchObject({ agreed: false, reason: "waiting for 192.0.2.2, 192.0.2.3" });
  const last = clock.reports.at(-1);
  expect(last).toMatchObject({ agreed: true, reason: "" });
  expect(last?.servers[0]).toMatchObject({
    name: "192.0.2.1",
    state: "used",
    reach: 1,
    stratum: 1,
    referenceId: "GPS",
  });
  expect(Math.abs((last?.servers[0]?.offsetMs ?? 0) - 5)).toBeLessThan(1);
});
