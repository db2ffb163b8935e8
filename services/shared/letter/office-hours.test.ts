import { join } from "node:path";
import { expect, test } from "vitest";
import { projectDir } from "../runtime/settings.ts";
import { dayOfIsoDate } from "./bangkok-day.ts";
import { type Calendar, type CalendarYear, type Holiday, openCalendar } from "./holidays.ts";
import { DEFAULT_OFFICE, deemedReceipt, type Office, officeFaults } from "./office-hours.ts";

/** The project's own year files; only what the past has settled is asked of them here. */
const OWN = openCalendar(join(projectDir, "config/holidays"));
const WITH_LUNCH: Office = {
  ...DEFAULT_OFFICE,
  hours: [
    { from: "08:30", to: "12:00" },
    { from: "13:00", to: "16:30" },
  ],
};

type Given = Partial<CalendarYear> & { readonly days?: Record<string, string> };

/** Years (B.E.) with the given holidays, date to English name. */
function calendarOf(given: Record<number, Given>): Calendar {
  const years = Object.entries(given).map(([year, { days = {}, ...rest }]): [number, CalendarYear] => {
    const holidays = new Map(
      Object.entries(days).map(([date, nameEnglish]) => [
        dayOfIsoDate(date) as number,
        [{ date, nameThai: "", nameEnglish, kind: "ordinary", source: "", announced: null } as Holiday],
      ]),
    );
    const known = { file: "", status: "announced", provisionalRegions: [], holidays, ...rest } as const;
    return [Number(year) - 543, { year: Number(year), ...known }];
  });
  return { dir: "config/holidays", years: new Map(years) };
}

/** `local` is Bangkok time. */
function deemed(local: string, office: Office, calendar: Calendar): unknown {
  const result = deemedReceipt(new Date(`${local}+07:00`), office, calendar);
  if (result.at === null) return result;
  return [new Date(result.at.getTime() + 7 * 3_600_000).toISOString().slice(0, -1), result.basis];
}

test.each([
  ["2026-01-02T08:30:00.000", "2026-01-02T08:30:00.000", "within office hours"],
  ["2026-01-02T08:29:59.999", "2026-01-02T08:30:00.000", "before office hours"],
  ["2026-01-02T12:30:00.000", "2026-01-02T12:30:00.000", "within office hours"],
  ["2026-01-02T16:29:59.999", "2026-01-02T16:29:59.999", "within office hours"],
  ["2026-01-02T16:30:00.000", "2026-01-05T08:30:00.000", "after office hours"],
  ["2026-01-02T00:00:00.000", "2026-01-02T08:30:00.000", "before office hours"],
  ["2026-01-03T10:00:00.000", "2026-01-05T08:30:00.000", "on a weekly day off"],
  ["2026-01-06T10:00:00.000", "2026-01-07T08:30:00.000", "on a holiday (A Holiday)"],
])("arrival %s counts at %s: %s", (arrived, at, rule) => {
  const calendar = calendarOf({ 2569: { days: { "2026-01-06": "A Holiday" } } });
  expect(deemed(arrived, DEFAULT_OFFICE, calendar)).toEqual([at, `${rule}; holidays 2569`]);
});

test.each([
  ["2026-01-06T11:59:59.999", "2026-01-06T11:59:59.999", "within office hours"],
  ["2026-01-06T12:00:00.000", "2026-01-06T13:00:00.000", "between office hours"],
  ["2026-01-06T13:00:00.000", "2026-01-06T13:00:00.000", "within office hours"],
  ["2026-01-06T07:00:00.000", "2026-01-06T08:30:00.000", "before office hours"],
  ["2026-01-06T16:30:00.000", "2026-01-07T08:30:00.000", "after office hours"],
])("with a break at noon: arrival %s counts at %s: %s", (arrived, at, rule) => {
  expect(deemed(arrived, WITH_LUNCH, calendarOf({ 2569: {} }))).toEqual([at, `${rule}; holidays 2569`]);
});

test.each([
  ["2 June 2568 was added before 3 June", "2025-05-30T16:30:00.000", "2025-06-04T08:30:00.000"],
  ["11 August 2568 was added before 12 August", "2025-08-08T17:00:00.000", "2025-08-13T08:30:00.000"],
  ["2 January 2569 was added after New Year", "2025-12-30T16:30:00.000", "2026-01-05T08:30:00.000"],
  ["2 January 2567 was worked: its substitution moved", "2024-01-02T10:00:00.000", "2024-01-02T10:00:00.000"],
  ["12 April 2567 was added before Songkran", "2024-04-11T16:30:00.000", "2024-04-17T08:30:00.000"],
  ["one day made good two Buddhist days in 2567", "2024-07-19T20:00:00.000", "2024-07-23T08:30:00.000"],
  ["30 December 2567 was added", "2024-12-27T16:31:00.000", "2025-01-02T08:30:00.000"],
  ["the ploughing day is a holiday of offices", "2025-05-09T09:00:00.000", "2025-05-13T08:30:00.000"],
  ["Khao Phansa is a holiday of offices", "2025-07-11T09:00:00.000", "2025-07-14T08:30:00.000"],
  ["Labour Day is not", "2025-05-01T10:00:00.000", "2025-05-01T10:00:00.000"],
  ["2 June 2569 was not added", "2026-06-02T10:00:00.000", "2026-06-02T10:00:00.000"],
])("%s", (_, arrived, at) => {
  expect(deemed(arrived, DEFAULT_OFFICE, OWN)).toEqual([at, expect.any(String)]);
});

test("a regional day counts for an office of that region only", () => {
  const south: Office = { ...DEFAULT_OFFICE, regions: ["southern-border"] };
  const eid = "2024-06-17T10:00:00.000";
  expect(deemed(eid, DEFAULT_OFFICE, OWN)).toEqual([eid, "within office hours; holidays 2567"]);
  expect(deemed(eid, south, OWN)).toEqual([
    "2024-06-18T08:30:00.000",
    "on a holiday (Eid al-Adha); holidays 2567 (provisional)",
  ]);
});

test("an office's own days stand above the calendar, its own holidays above all", () => {
  const calendar = calendarOf({ 2569: { days: { "2026-01-06": "A Holiday" } } });
  const own: Office = {
    ...DEFAULT_OFFICE,
    extraWorkingDays: ["2026-01-03", "2026-01-06"],
    extraHolidays: ["2026-01-05"],
  };
  expect(deemed("2026-01-02T18:00:00.000", own, calendar)).toEqual([
    "2026-01-03T08:30:00.000",
    "after office hours; holidays 2569",
  ]);
  expect(deemed("2026-01-05T10:00:00.000", own, calendar)).toEqual([
    "2026-01-06T08:30:00.000",
    "on a holiday of the office; holidays 2569",
  ]);
});

test("the basis names every year that had a say, and which of them are provisional", () => {
  const newYear = { "2027-01-01": "New Year's Day" };
  const calendar = calendarOf({ 2569: {}, 2570: { status: "provisional", days: newYear } });
  // Late on Thursday, 31 December 2569 in Bangkok; 1 January is a Friday.
  expect(deemed("2026-12-31T16:30:00.000", DEFAULT_OFFICE, calendar)).toEqual([
    "2027-01-04T08:30:00.000",
    "after office hours; holidays 2569+2570 (provisional)",
  ]);
  expect(deemed("2026-12-31T16:29:00.000", DEFAULT_OFFICE, calendar)).toEqual([
    "2026-12-31T16:29:00.000",
    "within office hours; holidays 2569",
  ]);
});

test("where a year is not known no time is told, but which file is missing", () => {
  const calendar = calendarOf({ 2569: {} });
  expect(deemed("2026-12-31T16:30:00.000", DEFAULT_OFFICE, calendar)).toEqual({
    at: null,
    missingYear: 2570,
  });
  expect(deemed("2027-03-01T10:00:00.000", DEFAULT_OFFICE, calendar)).toEqual({
    at: null,
    missingYear: 2570,
  });
  expect(deemed("2025-12-31T18:00:00.000", DEFAULT_OFFICE, calendar)).toEqual({
    at: null,
    missingYear: 2568,
  });
  const never: Office = { ...DEFAULT_OFFICE, workingDays: [] };
  expect(deemed("2026-06-01T10:00:00.000", never, calendar)).toEqual({ at: null, missingYear: 2570 });
});

test("the year is that of Bangkok: seven hours of 31 December in UTC are the new year's", () => {
  const calendar = calendarOf({ 2568: {}, 2569: { status: "provisional" } });
  const atNight = { ...DEFAULT_OFFICE, hours: [{ from: "00:00", to: "24:00" }] };
  const basisAt = (utc: string) => deemedReceipt(new Date(utc), atNight, calendar);
  expect(basisAt("2025-12-31T16:59:59.999Z")).toMatchObject({ basis: "within office hours; holidays 2568" });
  expect(basisAt("2025-12-31T17:00:00.000Z")).toMatchObject({
    basis: "within office hours; holidays 2569 (provisional)",
  });
});

test("what is wrong with an office is told, all at once", () => {
  expect(officeFaults(DEFAULT_OFFICE)).toEqual([]);
  expect(officeFaults(WITH_LUNCH)).toEqual([]);
  const office: Office = {
    ...DEFAULT_OFFICE,
    hours: [
      { from: "13:00", to: "16:30" },
      { from: "08:30", to: "08:30" },
      { from: "8:30", to: "25:00" },
    ],
    noon: "24:00",
    workingDays: [],
    extraHolidays: ["2026-02-29", "2026-04-16"],
    extraWorkingDays: ["2026-04-16"],
  };
  expect(officeFaults(office)).toEqual([
    "workingDays are empty",
    "hours 08:30-08:30 end before they begin",
    "hours 08:30-08:30 begin before the ones above end",
    "hours 8:30-25:00 are not like 08:30-16:30",
    "noon 24:00 is not like 12:00",
    "2026-02-29 is not a date like 2026-04-13",
    "2026-04-16 is an extra holiday and an extra working day",
  ]);
  expect(officeFaults({ ...DEFAULT_OFFICE, hours: [] })).toEqual(["hours are empty"]);
});
