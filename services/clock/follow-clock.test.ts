import { expect, onTestFinished, test } from "vitest";
import type { ClockFix } from "./clock-fix.ts";
import { followClock } from "./follow-clock.ts";
import { fixFromJson, fixToJson } from "./sample-store.ts";

function fixAt(atNs: bigint, clockId = "boot"): ClockFix {
  return {
    clockId,
    atNs,
    epochNs: 1_795_000_000_123_456_789n + atNs,
    errorBoundMs: 1.25,
    driftPpm: -3.5,
    growthPpm: 18,
    answeredNs: atNs,
    systemMinusMonotonicNs: 1_795_000_000_000_000_001n,
    jitterMs: 0.1,
    stratum: 1,
    reference: "time1.nimt.or.th (PPS)",
    servers: ["time1.nimt.or.th"],
  };
}

function follow(read: () => Promise<ClockFix | undefined>) {
  const errors: unknown[] = [];
  const follower = followClock("boot", read, 60_000, (error) => void errors.push(error));
  onTestFinished(() => follower.stop());
  return { ...follower, errors };
}

test("the newest fix is taken, an older or another clock's is not", async () => {
  const answers = [undefined, fixAt(5n), fixAt(4n), fixAt(9n, "another boot"), fixAt(8n)];
  const follower = follow(async () => answers.shift());
  await follower.look();
  expect(follower.fix()).toMatchObject({
    fix: undefined,
    reason: expect.stringContaining("no clock service") as string,
  });
  const seen: (bigint | undefined)[] = [];
  for (let look = 0; look < 4; look++) {
    await follower.look();
    seen.push(follower.fix().fix?.atNs);
  }
  expect(seen).toEqual([5n, 5n, 5n, 8n]);
});

test("a database that is away leaves the last fix in force, and is told", async () => {
  let away = false;
  const follower = follow(async () => {
    if (away) throw new Error("the connection was cut");
    return fixAt(5n);
  });
  await follower.look();
  away = true;
  await follower.look();
  expect(follower.fix()).toEqual({ fix: fixAt(5n), reason: "the measurements cannot be read" });
  expect(follower.errors).toHaveLength(1);
});

test("looks that meet are one", async () => {
  let reads = 0;
  const follower = follow(async () => {
    reads += 1;
    return undefined;
  });
  await Promise.all([follower.look(), follower.look(), follower.look()]);
  expect(reads).toBe(1);
});

test("a fix goes through JSON without losing a nanosecond", () => {
  const fix = fixAt(123_456_789_012_345_678n);
  expect(fixFromJson(JSON.parse(JSON.stringify(fixToJson(fix))))).toEqual(fix);
});
