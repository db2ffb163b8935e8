import { DAY_MS, dayOf, startOfDayMs, yearOfDay } from "./bangkok-day.ts";
import { type Calendar, calendarYearOf } from "./holidays.ts";
import { closedBecause, type Office, timeOfDayMs } from "./office-hours.ts";
import { buddhistYear } from "./stamp.ts";

/**
 * Working time is measured so that somebody is reminded in time, not so that anything counts as received: where the
 * calendar does not reach, each hour of the clock counts, because a reminder too early harms nobody and none at all does.
 */
export interface WorkingTime {
  readonly ms: number;
  /** Years (B.E.) of the span without a year file: of their days every hour was counted. Whoever shows `ms` says so. */
  readonly missingYears: readonly number[];
}

/** A moment, and for which years (B.E.) on the way there hours of the clock were counted in place of working hours. */
export interface WorkingMoment {
  readonly at: Date;
  readonly missingYears: readonly number[];
}

/** How much working time of an office lies from one moment until before another, in ms; 0 when that is not later. */
export function workingMsBetween(from: Date, to: Date, office: Office, calendar: Calendar): WorkingTime {
  const [fromMs, toMs] = [from.getTime(), to.getTime()];
  const missing = new Set<number>();
  let ms = 0;
  for (let day = dayOf(fromMs); startOfDayMs(day) < toMs && fromMs < toMs; day++) {
    for (const span of workingSpans(day, office, calendar, missing)) {
      ms += Math.max(0, Math.min(toMs, span.toMs) - Math.max(fromMs, span.fromMs));
    }
  }
  return { ms, missingYears: [...missing] };
}

/**
 * The first moment at which so much working time has passed since another one: with hours until 16:30, eight hours after
 * 08:30 it is 16:30, though the office is closed then.
 * @param workingMs none (0 or less) gives `start` itself
 */
export function workingTimeAfter(
  start: Date,
  workingMs: number,
  office: Office,
  calendar: Calendar,
): WorkingMoment {
  const startMs = start.getTime();
  const missing = new Set<number>();
  let leftMs = workingMs;
  if (leftMs <= 0) return { at: start, missingYears: [] };
  // It ends for an office that never works too: the calendar's years are finite, and behind them each hour counts.
  for (let day = dayOf(startMs); ; day++) {
    for (const span of workingSpans(day, office, calendar, missing)) {
      const beginsMs = Math.max(startMs, span.fromMs);
      const lengthMs = Math.max(0, span.toMs - beginsMs);
      if (lengthMs >= leftMs) return { at: new Date(beginsMs + leftMs), missingYears: [...missing] };
      leftMs -= lengthMs;
    }
  }
}

/** The working hours of one day, half-open, in order; of a day of an unknown year the whole day, and its year is noted. */
function workingSpans(
  day: number,
  office: Office,
  calendar: Calendar,
  missing: Set<number>,
): { readonly fromMs: number; readonly toMs: number }[] {
  const midnightMs = startOfDayMs(day);
  const year = calendarYearOf(calendar, day);
  if (year === undefined) {
    missing.add(buddhistYear(yearOfDay(day)));
    return [{ fromMs: midnightMs, toMs: midnightMs + DAY_MS }];
  }
  if (closedBecause(day, office, year) !== null) return [];
  return office.hours.map(({ from, to }) => ({
    fromMs: midnightMs + timeOfDayMs(from),
    toMs: midnightMs + timeOfDayMs(to),
  }));
}
