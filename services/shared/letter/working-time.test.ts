import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { projectDir } from "../runtime/settings.ts";
import { type Calendar, openCalendar } from "./holidays.ts";
import { DEFAULT_OFFICE, deemedReceipt, type Office } from "./office-hours.ts";
import { workingMsBetween, workingTimeAfter } from "./working-time.ts";

const SEED = 20261121;
const HOUR_MS = 3_600_000;
/** 2567 to 2570; of these the tests ask for days that the past has settled. */
const OWN = openCalendar(join(projectDir, "config/holidays"));
const WITH_LUNCH: Office = {
  ...DEFAULT_OFFICE,
  hours: [
    { from: "08:30", to: "12:00" },
    { from: "13:00", to: "16:30" },
  ],
};
const ODD: Office = {
  ...DEFAULT_OFFICE,
  hours: [
    { from: "00:00", to: "00:01" },
    { from: "23:58", to: "24:00" },
  ],
  workingDays: ["Sun", "Wed"],
  extraWorkingDays: ["2025-04-14", "2025-12-31"],
  extraHolidays: ["2025-01-08"],
};

/** `local` is Bangkok time. */
const at = (local: string): Date => new Date(`${local}+07:00`);
const localOf = (moment: Date): string => new Date(moment.getTime() + 7 * HOUR_MS).toISOString().slice(0, 16);

test.each([
  // 9 and 10 January 2025 are Thursday and Friday.
  ["2025-01-09T08:30", "2025-01-09T16:30", DEFAULT_OFFICE, 8],
  ["2025-01-09T16:30", "2025-01-10T08:30", DEFAULT_OFFICE, 0],
  ["2025-01-09T16:00", "2025-01-10T09:00", DEFAULT_OFFICE, 1],
  ["2025-01-09T00:00", "2025-01-13T09:30", DEFAULT_OFFICE, 17],
  ["2025-01-09T11:00", "2025-01-09T14:00", WITH_LUNCH, 2],
  // Songkran: Monday 14 and Tuesday 15 April 2025 are holidays, and so is the substitution on Wednesday.
  ["2025-04-11T15:30", "2025-04-17T09:30", DEFAULT_OFFICE, 2],
  ["2025-01-10T12:00", "2025-01-09T12:00", DEFAULT_OFFICE, 0],
])("from %s to %s", (from, to, office, hours) => {
  const result = workingMsBetween(at(from), at(to), office, OWN);
  expect(result).toEqual({ ms: hours * HOUR_MS, missingYears: [] });
});

test("24 working hours of an office are three of its days, over holidays six days of the calendar", () => {
  const after = (local: string) => {
    const moment = workingTimeAfter(at(local), 24 * HOUR_MS, DEFAULT_OFFICE, OWN);
    return [localOf(moment.at), moment.missingYears];
  };
  expect(after("2025-01-07T08:30")).toEqual(["2025-01-09T16:30", []]);
  expect(after("2025-01-08T10:00")).toEqual(["2025-01-13T10:00", []]);
  expect(after("2025-04-11T16:30")).toEqual(["2025-04-21T16:30", []]);
});

test("where the calendar does not reach, hours of the clock are counted, and the year is named", () => {
  const lastDay = at("2027-12-31T08:30");
  expect(workingTimeAfter(lastDay, 24 * HOUR_MS, DEFAULT_OFFICE, OWN)).toMatchObject({
    missingYears: [2571],
  });
  expect(workingMsBetween(at("2028-01-01T00:00"), at("2028-01-01T10:00"), DEFAULT_OFFICE, OWN)).toEqual({
    ms: 10 * HOUR_MS,
    missingYears: [2571],
  });
  const none: Calendar = { dir: "config/holidays", years: new Map() };
  expect(workingTimeAfter(at("2025-01-11T00:00"), HOUR_MS, DEFAULT_OFFICE, none)).toEqual({
    at: at("2025-01-11T01:00"),
    missingYears: [2568],
  });
});

test("an office that never works gets an answer all the same", () => {
  const never: Office = { ...DEFAULT_OFFICE, workingDays: [] };
  const { at: moment, missingYears } = workingTimeAfter(at("2025-01-07T08:30"), HOUR_MS, never, OWN);
  expect([localOf(moment), missingYears]).toEqual(["2028-01-01T01:00", [2571]]);
});

const offices = fc.constantFrom(DEFAULT_OFFICE, WITH_LUNCH, ODD);
// Over the end of what the calendar knows: the rules hold there too.
const moments = fc.integer({ min: at("2024-01-01T00:00").getTime(), max: at("2028-03-01T00:00").getTime() });
const spans = fc.oneof(
  fc.integer({ min: 0, max: 40 * HOUR_MS }),
  fc.integer({ min: 0, max: 500 * 24 * HOUR_MS }),
);
const msBetween = (fromMs: number, toMs: number, office: Office): number =>
  workingMsBetween(new Date(fromMs), new Date(toMs), office, OWN).ms;

test("working time adds up, never runs backwards and never faster than the clock", () => {
  fc.assert(
    fc.property(moments, spans, spans, offices, (from, first, second, office) => {
      const [middle, to] = [from + first, from + first + second];
      const whole = msBetween(from, to, office);
      expect(msBetween(from, middle, office) + msBetween(middle, to, office)).toBe(whole);
      expect(whole).toBeGreaterThanOrEqual(0);
      expect(whole).toBeLessThanOrEqual(first + second);
      if (to > from) expect(msBetween(to, from, office)).toBe(0);
    }),
    { seed: SEED, numRuns: 300 },
  );
});

test("the moment after so much working time is the first one with that much behind it", () => {
  fc.assert(
    fc.property(moments, fc.integer({ min: 1, max: 400 * HOUR_MS }), offices, (from, workingMs, office) => {
      // The odd office works six minutes a week: what takes the others weeks would take it years.
      const wanted = office === ODD ? Math.ceil(workingMs / 1000) : workingMs;
      const moment = workingTimeAfter(new Date(from), wanted, office, OWN).at.getTime();
      expect(msBetween(from, moment, office)).toBe(wanted);
      expect(msBetween(from, moment - 1, office)).toBe(wanted - 1);
    }),
    { seed: SEED, numRuns: 300 },
  );
});

test("a minute is working time where a letter that arrives in it is received in it", () => {
  const minutes = fc.integer({
    min: at("2024-01-01T00:00").getTime() / 60_000,
    max: at("2025-12-20T00:00").getTime() / 60_000,
  });
  fc.assert(
    fc.property(minutes, offices, (minute, office) => {
      const moment = new Date(minute * 60_000);
      const isWorked = deemedReceipt(moment, office, OWN).at?.getTime() === moment.getTime();
      expect(msBetween(minute * 60_000, (minute + 1) * 60_000, office)).toBe(isWorked ? 60_000 : 0);
    }),
    { seed: SEED, numRuns: 2000 },
  );
});
