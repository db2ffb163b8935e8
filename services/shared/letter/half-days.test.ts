import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { projectDir } from "../runtime/settings.ts";
import { type HalfDay, halfDays, missedHalfDays } from "./half-days.ts";
import { type Calendar, openCalendar } from "./holidays.ts";
import { DEFAULT_OFFICE, deemedReceipt, type Office } from "./office-hours.ts";

const SEED = 20261121;
/** The project's own year files; only what the past has settled is asked of them here. */
const OWN = openCalendar(join(projectDir, "config/holidays"));

function only(...years: number[]): Calendar {
  return { ...OWN, years: new Map([...OWN.years].filter(([, { year }]) => years.includes(year))) };
}

function bangkok(at: Date): string {
  return new Date(at.getTime() + 7 * 3_600_000).toISOString().slice(0, 16);
}

function text({ date, half, from, to }: HalfDay): string {
  return `${date} ${half} ${bangkok(from).slice(11)}-${bangkok(to).slice(11)}`;
}

test("two halves a working day, none on weekends and holidays", () => {
  // Friday, 30 May 2568 to Wednesday, 4 June: a weekend, an added day and a birthday between.
  expect(halfDays("2025-05-30", "2025-06-04", DEFAULT_OFFICE, OWN).halfDays.map(text)).toEqual([
    "2025-05-30 morning 08:30-12:00",
    "2025-05-30 afternoon 12:00-16:30",
    "2025-06-04 morning 08:30-12:00",
    "2025-06-04 afternoon 12:00-16:30",
  ]);
});

test.each([
  ["a break at noon", "08:30-12:00 13:00-16:30", "12:00", "08:30-12:00 13:00-16:30"],
  ["a break after noon", "08:30-12:30 13:30-16:30", "12:00", "08:30-12:00 12:00-16:30"],
  ["a break in the morning", "08:00-10:00 10:30-15:00", "12:00", "08:00-12:00 12:00-15:00"],
  ["a later noon", "08:30-16:30", "13:00", "08:30-13:00 13:00-16:30"],
  ["mornings only", "08:30-12:00", "12:00", "08:30-12:00"],
  ["afternoons only", "12:00-20:00", "12:00", "12:00-20:00"],
])("halves of a day: %s", (_, spans, noon, expected) => {
  const hours = spans.split(" ").map((span) => ({ from: span.slice(0, 5), to: span.slice(6) }));
  const office: Office = { ...DEFAULT_OFFICE, hours, noon };
  const found = halfDays("2025-05-30", "2025-05-30", office, OWN).halfDays.map(text);
  expect(found.map((line) => line.split(" ")[2]).join(" ")).toBe(expected);
});

test("days of a year that is not known are reported, not guessed", () => {
  const found = halfDays("2025-12-30", "2027-01-04", DEFAULT_OFFICE, only(2568));
  expect(found.halfDays.map(({ date }) => date)).toEqual(["2025-12-30", "2025-12-30"]);
  expect(found.missingYears).toEqual([2569, 2570]);
  expect(halfDays("2025-12-01", "2025-11-01", DEFAULT_OFFICE, OWN)).toEqual({
    halfDays: [],
    missingYears: [],
  });
  expect(() => halfDays("2025-02-30", "2025-03-01", DEFAULT_OFFICE, OWN)).toThrow(RangeError);
});

const at = (local: string) => new Date(`${local}+07:00`);

test("a half day is missed when it has ended and no opening lies in it; its end belongs to the next", () => {
  const openings = [
    "2025-06-04T08:30",
    "2025-06-05T12:00",
    "2025-06-06T08:29:59.999",
    "2025-06-06T16:30",
  ].map(at);
  const missedBy = (now: string) =>
    missedHalfDays(openings, "2025-06-04", "2025-06-06", DEFAULT_OFFICE, OWN, at(now)).missed.map(
      ({ date, half }) => `${date.slice(8)} ${half}`,
    );
  expect(missedBy("2025-06-04T16:29:59.999")).toEqual([]);
  expect(missedBy("2025-06-04T16:30")).toEqual(["04 afternoon"]);
  expect(missedBy("2025-06-10T00:00")).toEqual(["04 afternoon", "05 morning", "06 morning", "06 afternoon"]);
});

test("what lies after now is not missed, nor is its year missing yet", () => {
  const range = ["2025-12-30", "2026-01-10", DEFAULT_OFFICE, only(2568)] as const;
  expect(missedHalfDays([], ...range, at("2025-12-31T23:59"))).toMatchObject({ missingYears: [] });
  expect(missedHalfDays([], ...range, at("2026-01-01T00:00"))).toMatchObject({ missingYears: [2569] });
  expect(() =>
    missedHalfDays([], "2025-12-30", "later", DEFAULT_OFFICE, OWN, at("2025-12-30T00:00")),
  ).toThrow(RangeError);
});

test("half days lie in working time, in order, and one opening in each leaves none missed", () => {
  const days = fc
    .date({ min: new Date("2024-01-01"), max: new Date("2026-06-01"), noInvalidDate: true })
    .map((day) => day.toISOString().slice(0, 10));
  const now = new Date("2027-01-01T00:00:00Z");
  fc.assert(
    fc.property(
      days,
      days,
      fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
      (a, b, places) => {
        const [first, last] = [a, b].sort() as [string, string];
        const range = [first, last, DEFAULT_OFFICE, OWN] as const;
        const all = halfDays(...range).halfDays;
        let lastMs = 0;
        for (const { from, to } of all) {
          expect(from.getTime()).toBeGreaterThanOrEqual(lastMs);
          expect(deemedReceipt(from, DEFAULT_OFFICE, OWN).at).toEqual(from);
          lastMs = to.getTime();
        }
        const openings = all.map(({ from, to }) => {
          const fraction = places.next().value ?? 0;
          return new Date(from.getTime() + Math.floor((to.getTime() - from.getTime()) * fraction));
        });
        openings.reverse();
        expect(missedHalfDays(openings, ...range, now).missed).toEqual([]);
        expect(missedHalfDays(openings.slice(1), ...range, now).missed).toEqual(all.slice(-1));
      },
    ),
    { seed: SEED, numRuns: 60 },
  );
});
