/** What must hold for every office and every arrival, judged by a slow reading of the time zone data. */
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { projectDir } from "../runtime/settings.ts";
import { WEEKDAYS } from "./bangkok-day.ts";
import { openCalendar } from "./holidays.ts";
import { DEFAULT_OFFICE, deemedReceipt, type Office, officeFaults } from "./office-hours.ts";

const SEED = 20261121;
const OWN = openCalendar(join(projectDir, "config/holidays"));
const WITH_LUNCH: Office = {
  ...DEFAULT_OFFICE,
  hours: [
    { from: "08:30", to: "12:00" },
    { from: "13:00", to: "16:30" },
  ],
};

const HOLIDAYS = [...OWN.years.values()].flatMap((year) => [...year.holidays.values()].flat());
const CLOCK = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Asia/Bangkok",
  weekday: "short",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

function isWorkingTime(at: Date, office: Office): boolean {
  const parts = new Map(CLOCK.formatToParts(at).map(({ type, value }) => [type as string, value]));
  const date = `${parts.get("year")}-${parts.get("month")}-${parts.get("day")}`;
  const time = `${parts.get("hour")}:${parts.get("minute")}`;
  if (!office.hours.some(({ from, to }) => from <= time && time < to)) return false;
  if (office.extraHolidays.includes(date)) return false;
  if (office.extraWorkingDays.includes(date)) return true;
  if (!office.workingDays.some((weekday) => weekday === parts.get("weekday"))) return false;
  return !HOLIDAYS.some(
    (holiday) => holiday.date === date && (!holiday.region || office.regions.includes(holiday.region)),
  );
}

const timeText = (minute: number) =>
  `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
const dates = fc.uniqueArray(
  fc
    .date({ min: new Date("2024-01-01"), max: new Date("2026-12-01"), noInvalidDate: true })
    .map((at) => at.toISOString().slice(0, 10)),
  { maxLength: 6 },
);
const offices: fc.Arbitrary<Office> = fc.record({
  hours: fc
    .uniqueArray(fc.integer({ min: 0, max: 1440 }), { minLength: 2, maxLength: 6 })
    .map((minutes) => minutes.slice(0, minutes.length - (minutes.length % 2)).sort((a, b) => a - b))
    .map((minutes) => {
      const spans: { from: string; to: string }[] = [];
      for (let index = 0; index < minutes.length; index += 2) {
        spans.push({ from: timeText(minutes[index] as number), to: timeText(minutes[index + 1] as number) });
      }
      return spans;
    }),
  noon: fc.constant("12:00"),
  workingDays: fc.subarray([...WEEKDAYS], { minLength: 1 }),
  regions: fc.subarray(["southern-border", "north"]),
  extraHolidays: dates,
  extraWorkingDays: dates,
});
const usual = fc.constantFrom(DEFAULT_OFFICE, WITH_LUNCH);
const arrivals = fc.date({
  min: new Date("2023-12-31T17:00:00Z"),
  max: new Date("2026-11-01T00:00:00Z"),
  noInvalidDate: true,
});

function timeDeemed(at: Date, office: Office): Date {
  const result = deemedReceipt(at, office, OWN);
  if (result.at === null) throw new Error(`B.E. ${result.missingYear} is missing`);
  return result.at;
}

test("deemed receipt is the first working time that is not before the arrival, and its own deemed receipt", () => {
  const places = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 5 });
  fc.assert(
    fc.property(arrivals, fc.oneof(usual, offices), places, (arrived, office, fractions) => {
      const at = timeDeemed(arrived, office);
      expect(at.getTime()).toBeGreaterThanOrEqual(arrived.getTime());
      expect(isWorkingTime(at, office)).toBe(true);
      expect(timeDeemed(at, office)).toEqual(at);
      const waitMs = at.getTime() - arrived.getTime();
      const between = fractions.map((fraction) => arrived.getTime() + Math.floor(waitMs * fraction));
      if (waitMs > 0) between.push(arrived.getTime(), at.getTime() - 1);
      for (const ms of between)
        if (ms < at.getTime()) expect(isWorkingTime(new Date(ms), office)).toBe(false);
    }),
    { seed: SEED, numRuns: 400 },
  );
});

test("who arrives later is never deemed received earlier", () => {
  const steps = fc.oneof(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 0, max: 20 * 86_400_000 }));
  fc.assert(
    fc.property(arrivals, steps, fc.oneof(usual, offices), (arrived, laterMs, office) => {
      const later = new Date(arrived.getTime() + laterMs);
      expect(timeDeemed(later, office).getTime()).toBeGreaterThanOrEqual(
        timeDeemed(arrived, office).getTime(),
      );
    }),
    { seed: SEED, numRuns: 400 },
  );
});

test("every office that this file tries is a sound one", () => {
  fc.assert(
    fc.property(offices, (office) => {
      expect(officeFaults({ ...office, extraWorkingDays: [] })).toEqual([]);
    }),
    { seed: SEED },
  );
});
