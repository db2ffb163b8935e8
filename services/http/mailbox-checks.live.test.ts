import { Writable } from "node:stream";
import { test } from "vitest";
import { DEFAULT_OFFICE } from "../shared/letter/office-hours.ts";
import type { TrustedNow } from "../shared/letter/stamp.ts";
import { openLog } from "../shared/runtime/log.ts";
import { watchMailboxChecks } from "./mailbox-check-watch.ts";
import { lastWorkingDays, missedChecks } from "./mailbox-checks.ts";
import { openMetrics } from "./metrics.ts";
import { openDesk } from "./testing/desk.ts";

// Monday 15 to Friday 19 June 2026 are five working days.
const bangkok = (time: string): Date => new Date(`${time}+07:00`);
const stoppedAt =
  (time: () => string): TrustedNow =>
  () => ({ at: bangkok(time()), clock: { state: "unsynchronised", reason: "stopped for a test" } });

async function scene(context: Parameters<typeof openDesk>[0], time: () => string) {
  const now = stoppedAt(time);
  const desk = await openDesk(context, now);
  await desk.query("update saraban.agency set tray_duty_since = '2020-01-01' where id = 'agency-a'");
  const open = (...times: string[]) =>
    desk.query(
      "insert into saraban.tray_opening (agency_id, opened_at, opened_by) select 'agency-a', t, 'person:x' from unnest($1::timestamptz[]) t",
      [times.map(bangkok)],
    );
  return { ...desk, now, open };
}

test("each half working day with its first look, missed, or still open; looks at other hours do not count", async (context) => {
  const { expect } = context;
  const { ask, open } = await scene(context, () => "2026-06-16T13:00:00");
  await open("2026-06-15T08:29:59", "2026-06-15T09:00:00", "2026-06-15T11:00:00", "2026-06-15T16:30:00");
  const path = "/mailbox-checks?agency=agency-a&from=2026-06-13&to=2026-06-17";
  const { status, body } = await ask(path);
  expect(status).toBe(200);
  expect(body).toMatchObject({ agencyId: "agency-a", trayDuty: true, missed: 2, missingYears: [] });
  const found = body.halfDays.map((halfDay: Record<string, unknown>) => [
    halfDay["date"],
    halfDay["half"],
    halfDay["state"],
  ]);
  expect(found).toEqual([
    ["2026-06-15", "morning", "checked"],
    ["2026-06-15", "afternoon", "missed"],
    ["2026-06-16", "morning", "missed"],
    ["2026-06-16", "afternoon", "open"],
    ["2026-06-17", "morning", "open"],
    ["2026-06-17", "afternoon", "open"],
  ]);
  expect(body.halfDays[0]).toMatchObject({
    checkedAt: bangkok("2026-06-15T09:00:00").toISOString(),
    checkedBy: "person:x",
  });
  // A look into the tray through this door is the check.
  await ask("/tray?agency=agency-a");
  expect((await ask(path)).body.halfDays[3]).toMatchObject({
    state: "checked",
    checkedAt: bangkok("2026-06-16T13:00:00").toISOString(),
  });
});

test("an agency without the duty misses nothing; another agency's checks are not told; a range is bounded", async (context) => {
  const { expect } = context;
  const { ask, query } = await scene(context, () => "2026-06-16T13:00:00");
  expect((await ask("/mailbox-checks?agency=agency-a")).body).toMatchObject({
    from: "2026-05-17",
    to: "2026-06-16",
    trayDuty: true,
  });
  expect((await ask("/mailbox-checks?agency=agency-b")).status).toBe(404);
  for (const range of [
    "from=2026-06-17&to=2026-06-16",
    "from=2020-01-01",
    "from=16/6/2569",
    "to=2026-02-30",
  ]) {
    expect(await ask(`/mailbox-checks?agency=agency-a&${range}`), range).toMatchObject({ status: 400 });
  }
  // A year without a calendar is told, not guessed.
  expect(
    (await ask("/mailbox-checks?agency=agency-a&from=2023-12-25&to=2024-01-05")).body.missingYears,
  ).toEqual([2566]);
  await query("update saraban.agency set tray_duty_since = null");
  expect((await ask("/mailbox-checks?agency=agency-a")).body).toMatchObject({
    trayDuty: false,
    missed: 0,
    halfDays: [],
  });
});

test("missed half days are counted over the last ten working days for the metrics", async (context) => {
  const { expect } = context;
  const { database, calendar, now, open } = await scene(context, () => "2026-06-16T13:00:00");
  const range = lastWorkingDays(10, DEFAULT_OFFICE, calendar, now().at);
  // 1 and 3 June are holidays.
  expect(range).toEqual({ from: "2026-06-02", to: "2026-06-16" });
  await open("2026-06-15T09:00:00", "2026-06-15T14:00:00");
  const missed = await missedChecks(database, calendar, now().at, 10);
  expect([...missed.keys()]).toEqual(["agency-a"]);
  expect(missed.get("agency-a")).toHaveLength(2 * 8 + 1);
  expect(await openMetrics(database, calendar, now, async () => 0).read()).toContain(
    'saraban_mailbox_checks_missed{agency="agency-a"} 17',
  );
});

test("each missed half day of the last two working days is told once in the log", async (context) => {
  const { expect } = context;
  let time = "2026-06-16T11:59:00";
  const { database, calendar, now, open } = await scene(context, () => time);
  const said: string[] = [];
  const heard = new Writable({
    write(line, _encoding, done) {
      said.push(String(line));
      done();
    },
  });
  const log = openLog("warn", "test", heard);
  await open("2026-06-15T14:00:00");
  const watch = watchMailboxChecks({ database, calendar, now, log, lookEveryMs: 20 });
  context.onTestFinished(() => watch.stop());
  const halves = () =>
    said.map((line) => JSON.parse(line)).map(({ agency, date, half }) => `${agency} ${date} ${half}`);
  await expect.poll(halves, { timeout: 60_000 }).toEqual(["agency-a 2026-06-15 morning"]);
  time = "2026-06-16T12:00:00";
  await expect
    .poll(halves, { timeout: 60_000 })
    .toEqual(["agency-a 2026-06-15 morning", "agency-a 2026-06-16 morning"]);
  time = "2026-06-16T16:30:00";
  await expect.poll(halves, { timeout: 60_000 }).toHaveLength(3);
  expect(new Set(halves()).size).toBe(3);
});
