import { dayOf, dayOfIsoDate, isoDateOfDay, startOfDayMs, yearOfDay } from "./bangkok-day.ts";
import { type Calendar, calendarYearOf } from "./holidays.ts";
import { closedBecause, type Office, timeOfDayMs } from "./office-hours.ts";
import { buddhistYear } from "./stamp.ts";

/**
 * Half of a working day: the mailbox is to be looked into once in each (Annex 7). It holds `from` and not `to`; with a
 * break at noon the morning ends where the break begins, and the afternoon begins where it ends.
 */
export interface HalfDay {
  /** ISO date (C.E.) in Bangkok. */
  readonly date: string;
  readonly half: "morning" | "afternoon";
  readonly from: Date;
  readonly to: Date;
}

export interface HalfDays {
  readonly halfDays: readonly HalfDay[];
  /** Years (B.E.) of the range without a year file: their days are not in the list, worked or not. */
  readonly missingYears: readonly number[];
}

export interface MissedHalfDays {
  readonly missed: readonly HalfDay[];
  /** As in `HalfDays`. */
  readonly missingYears: readonly number[];
}

/**
 * The half working days from one date to another, both included (ISO, C.E.), in order.
 * @throws RangeError when a date is none
 */
export function halfDays(fromDate: string, toDate: string, office: Office, calendar: Calendar): HalfDays {
  const found: HalfDay[] = [];
  const missingYears: number[] = [];
  const halves = halvesOf(office);
  const lastDay = knownDay(toDate);
  for (let day = knownDay(fromDate); day <= lastDay; day++) {
    const year = calendarYearOf(calendar, day);
    if (year === undefined) {
      const missing = yearOfDay(day);
      missingYears.push(buddhistYear(missing));
      while (day < lastDay && yearOfDay(day + 1) === missing) day++;
      continue;
    }
    if (closedBecause(day, office, year) !== null) continue;
    const date = isoDateOfDay(day);
    const midnightMs = startOfDayMs(day);
    for (const { half, fromMs, toMs } of halves) {
      found.push({ date, half, from: new Date(midnightMs + fromMs), to: new Date(midnightMs + toMs) });
    }
  }
  return { halfDays: found, missingYears };
}

/**
 * The half days of the range that have ended by `now` and in which the mailbox was not opened. Days after `now` are not
 * looked at, so a year that has not begun is not missed yet.
 * @throws RangeError when a date is none
 */
export function missedHalfDays(
  openings: readonly Date[],
  fromDate: string,
  toDate: string,
  office: Office,
  calendar: Calendar,
  now: Date,
): MissedHalfDays {
  const lastDay = Math.min(knownDay(toDate), dayOf(now.getTime()));
  const range = halfDays(fromDate, isoDateOfDay(lastDay), office, calendar);
  const openedMs = openings.map((opening) => opening.getTime()).sort((a, b) => a - b);
  let next = 0;
  const missed = range.halfDays.filter(({ from, to }) => {
    if (to.getTime() > now.getTime()) return false;
    while (next < openedMs.length && (openedMs[next] as number) < from.getTime()) next++;
    const opened = openedMs[next];
    return opened === undefined || opened >= to.getTime();
  });
  return { missed, missingYears: range.missingYears };
}

/** From the first to the last working minute on either side of noon, ms from midnight; a side without any is left out. */
function halvesOf(office: Office): { half: HalfDay["half"]; fromMs: number; toMs: number }[] {
  const noonMs = timeOfDayMs(office.noon);
  const hours = office.hours.map(({ from, to }) => ({ fromMs: timeOfDayMs(from), toMs: timeOfDayMs(to) }));
  const before = hours.filter(({ fromMs }) => fromMs < noonMs);
  const after = hours.filter(({ toMs }) => toMs > noonMs);
  const sides = [];
  if (before.length > 0) {
    const fromMs = Math.min(...before.map((span) => span.fromMs));
    const toMs = Math.min(noonMs, Math.max(...before.map((span) => span.toMs)));
    sides.push({ half: "morning" as const, fromMs, toMs });
  }
  if (after.length > 0) {
    const fromMs = Math.max(noonMs, Math.min(...after.map((span) => span.fromMs)));
    const toMs = Math.max(...after.map((span) => span.toMs));
    sides.push({ half: "afternoon" as const, fromMs, toMs });
  }
  return sides;
}

function knownDay(date: string): number {
  const day = dayOfIsoDate(date);
  if (day === null) throw new RangeError(`${date} is not a date like 2026-04-13`);
  return day;
}
