import fc from "fast-check";
import { expect, test } from "vitest";
import { dayOf, dayOfIsoDate, isoDateOfDay, startOfDayMs, weekdayOfDay, yearOfDay } from "./bangkok-day.ts";

const SEED = 20261121;

test("a day begins at 17:00 UTC of the day before, to the millisecond", () => {
  const newYear = dayOfIsoDate("2026-01-01") as number;
  expect(dayOf(Date.parse("2025-12-31T16:59:59.999Z"))).toBe(newYear - 1);
  expect(dayOf(Date.parse("2025-12-31T17:00:00.000Z"))).toBe(newYear);
  expect(startOfDayMs(newYear)).toBe(Date.parse("2026-01-01T00:00:00+07:00"));
});

test("date, weekday and year agree with the time zone data, also before 1970", () => {
  const inBangkok = new Intl.DateTimeFormat("en-US", {
    timeZone: "Asia/Bangkok",
    weekday: "short",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  });
  const moments = fc.date({ min: new Date("1950-01-01"), max: new Date("2150-01-01"), noInvalidDate: true });
  fc.assert(
    fc.property(moments, (at) => {
      const parts = new Map(inBangkok.formatToParts(at).map(({ type, value }) => [type, value]));
      const day = dayOf(at.getTime());
      expect(isoDateOfDay(day)).toBe(`${parts.get("year")}-${parts.get("month")}-${parts.get("day")}`);
      expect(weekdayOfDay(day)).toBe(parts.get("weekday"));
      expect(yearOfDay(day)).toBe(Number(parts.get("year")));
      expect(dayOfIsoDate(isoDateOfDay(day))).toBe(day);
    }),
    { seed: SEED },
  );
});

test.each([
  "0000-01-01",
  "2025-02-29",
  "2025-02-30",
  "2025-13-01",
  "2025-00-10",
  "2568-1-1",
  "25680101",
  "2025-01-01T00:00",
  "",
])("%s is no date", (text) => {
  expect(dayOfIsoDate(text)).toBeNull();
});
