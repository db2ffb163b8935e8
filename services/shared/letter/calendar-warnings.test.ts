import { expect, test } from "vitest";
import { calendarWarnings } from "./calendar-warnings.ts";
import type { Calendar, CalendarYear } from "./holidays.ts";

function calendarOf(...years: (Pick<CalendarYear, "year"> & Partial<CalendarYear>)[]): Calendar {
  return {
    dir: "config/holidays",
    years: new Map(
      years.map((given) => [
        given.year - 543,
        { file: "", status: "announced", provisionalRegions: [], holidays: new Map(), ...given },
      ]),
    ),
  };
}

const provisional = { status: "provisional" } as const;

test.each([
  ["all is known", "2026-11-21T00:00:00Z", calendarOf({ year: 2569 }, { year: 2570 }), []],
  [
    "this year is missing",
    "2026-03-01T00:00:00Z",
    calendarOf({ year: 2570 }),
    [/holidays of this year \(B\.E\. 2569\) are missing.*Add config\/holidays\/2569\.yaml/],
  ],
  [
    "both are missing",
    "2026-11-21T00:00:00Z",
    calendarOf({ year: 2568 }),
    [/this year \(B\.E\. 2569\).*Add config\/holidays\/2569\.yaml/, /next year \(B\.E\. 2570\).*2570\.yaml/],
  ],
  [
    "provisional years",
    "2026-11-21T00:00:00Z",
    calendarOf(
      { year: 2568, ...provisional },
      { year: 2569, ...provisional },
      { year: 2570, ...provisional },
    ),
    [/B\.E\. 2569 are provisional.*Check config\/holidays\/2569\.yaml/, /B\.E\. 2570 are provisional/],
  ],
  [
    "a provisional region",
    "2026-03-01T00:00:00Z",
    calendarOf({ year: 2569, provisionalRegions: ["southern-border"] }),
    [/B\.E\. 2569 are provisional in southern-border/],
  ],
] as const)("%s", (_, now, calendar, expected) => {
  const warnings = calendarWarnings(calendar, new Date(now));
  expect(warnings).toEqual(expected.map((text) => expect.stringMatching(text)));
});

test("next year is asked for from 1 October in Bangkok on, and becomes this year at midnight there", () => {
  const calendar = calendarOf({ year: 2570 });
  expect(calendarWarnings(calendar, new Date("2027-09-30T16:59:59.999Z"))).toEqual([]);
  expect(calendarWarnings(calendar, new Date("2027-09-30T17:00:00.000Z"))).toEqual([
    expect.stringMatching(/next year \(B\.E\. 2571\).*Add config\/holidays\/2571\.yaml/),
  ]);
  expect(calendarWarnings(calendar, new Date("2027-12-31T16:59:59.999Z"))).toEqual([
    expect.stringMatching(/next year \(B\.E\. 2571\)/),
  ]);
  expect(calendarWarnings(calendar, new Date("2027-12-31T17:00:00.000Z"))).toEqual([
    expect.stringMatching(/this year \(B\.E\. 2571\)/),
  ]);
});
