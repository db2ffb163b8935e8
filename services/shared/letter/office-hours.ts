import {
  dayOf,
  dayOfIsoDate,
  isoDateOfDay,
  startOfDayMs,
  type Weekday,
  weekdayOfDay,
  yearOfDay,
} from "./bangkok-day.ts";
import { type Calendar, type CalendarYear, calendarYearOf, holidayOn, isProvisional } from "./holidays.ts";
import { buddhistYear } from "./stamp.ts";

/** When an agency works. Times are of Asia/Bangkok. */
export interface Office {
  /** Half-open: at 16:30:00.000 an office that works until 16:30 is closed. Two or more when it has a break. */
  readonly hours: readonly { readonly from: string; readonly to: string }[];
  /** Where the morning ends and the afternoon begins (Annex 7). */
  readonly noon: string;
  readonly workingDays: readonly Weekday[];
  /** Regions whose own holidays it keeps, as the year files name them. */
  readonly regions: readonly string[];
  /** ISO dates (C.E.) on which this office alone is closed, or works though others do not. */
  readonly extraHolidays: readonly string[];
  readonly extraWorkingDays: readonly string[];
}

export const DEFAULT_OFFICE = Object.freeze<Office>({
  hours: [{ from: "08:30", to: "16:30" }],
  noon: "12:00",
  workingDays: ["Mon", "Tue", "Wed", "Thu", "Fri"],
  regions: [],
  extraHolidays: [],
  extraWorkingDays: [],
});

/** `basis` says which rule and which year files decided; `missingYear` (B.E.) which file would have to be there. */
export type DeemedReceipt =
  | { readonly at: Date; readonly basis: string }
  | { readonly at: null; readonly missingYear: number };

/**
 * When a letter counts as received: its arrival in the system (Annex 6 §2.2.5) when that lies in working time, otherwise
 * the start of the next working time (e-Government Act, B.E. 2565, section 10). Where the calendar does not reach, no
 * time is told: a guess would be taken for a fact in a dispute.
 */
export function deemedReceipt(arrivedAt: Date, office: Office, calendar: Calendar): DeemedReceipt {
  const arrivedMs = arrivedAt.getTime();
  const arrivalDay = dayOf(arrivedMs);
  let rule = "";
  for (let day = arrivalDay; ; day++) {
    const year = calendarYearOf(calendar, day);
    // Also the end of the search for an office that never works: the years of a calendar are finite.
    if (year === undefined) return { at: null, missingYear: buddhistYear(yearOfDay(day)) };
    const closed = closedBecause(day, office, year);
    const workingMs =
      closed === null ? firstWorkingMs(Math.max(arrivedMs, startOfDayMs(day)), day, office) : null;
    if (day === arrivalDay) rule = closed ?? ruleOfArrival(arrivedMs, workingMs, day, office);
    if (workingMs !== null) {
      const at = workingMs === arrivedMs ? arrivedAt : new Date(workingMs);
      return { at, basis: `${rule}; holidays ${yearsText(arrivalDay, day, office, calendar)}` };
    }
  }
}

/** Why an office does not work on a day; null when it does. */
export function closedBecause(day: number, office: Office, year: CalendarYear): string | null {
  if (office.extraHolidays.length > 0 || office.extraWorkingDays.length > 0) {
    const date = isoDateOfDay(day);
    if (office.extraHolidays.includes(date)) return "on a holiday of the office";
    if (office.extraWorkingDays.includes(date)) return null;
  }
  if (!office.workingDays.includes(weekdayOfDay(day))) return "on a weekly day off";
  const holiday = holidayOn(year, day, office.regions);
  return holiday === undefined ? null : `on a holiday (${holiday.nameEnglish})`;
}

/** Milliseconds from midnight of "08:30". */
export function timeOfDayMs(text: string): number {
  return (Number(text.slice(0, 2)) * 60 + Number(text.slice(3))) * 60_000;
}

/** The first instant of a working day's hours that is not before `fromMs`; null when they are over. */
function firstWorkingMs(fromMs: number, day: number, office: Office): number | null {
  const midnightMs = startOfDayMs(day);
  for (const { from, to } of office.hours) {
    if (fromMs < midnightMs + timeOfDayMs(to)) return Math.max(fromMs, midnightMs + timeOfDayMs(from));
  }
  return null;
}

function ruleOfArrival(arrivedMs: number, workingMs: number | null, day: number, office: Office): string {
  if (workingMs === arrivedMs) return "within office hours";
  if (workingMs === null) return "after office hours";
  return workingMs === firstWorkingMs(startOfDayMs(day), day, office)
    ? "before office hours"
    : "between office hours";
}

/** Such as "2569" or "2569+2570 (provisional)". */
function yearsText(fromDay: number, toDay: number, office: Office, calendar: Calendar): string {
  const texts: string[] = [];
  for (let commonEra = yearOfDay(fromDay); commonEra <= yearOfDay(toDay); commonEra++) {
    const year = calendar.years.get(commonEra) as CalendarYear;
    texts.push(isProvisional(year, office.regions) ? `${year.year} (provisional)` : String(year.year));
  }
  return texts.join("+");
}

/** What is wrong with an office as it was written in a file, one text a fault; the functions here trust that it is none. */
export function officeFaults(office: Office): string[] {
  const faults: string[] = [];
  const { hours, noon, workingDays, extraHolidays, extraWorkingDays } = office;
  if (hours.length === 0) faults.push("hours are empty");
  if (workingDays.length === 0) faults.push("workingDays are empty");
  let lastMs = 0;
  for (const { from, to } of hours) {
    if (!isTimeOfDay(from) || !(isTimeOfDay(to) || to === "24:00")) {
      faults.push(`hours ${from}-${to} are not like 08:30-16:30`);
      continue;
    }
    if (timeOfDayMs(from) >= timeOfDayMs(to)) faults.push(`hours ${from}-${to} end before they begin`);
    if (timeOfDayMs(from) < lastMs) faults.push(`hours ${from}-${to} begin before the ones above end`);
    lastMs = timeOfDayMs(to);
  }
  if (!isTimeOfDay(noon)) faults.push(`noon ${noon} is not like 12:00`);
  for (const date of [...extraHolidays, ...extraWorkingDays]) {
    if (dayOfIsoDate(date) === null) faults.push(`${date} is not a date like 2026-04-13`);
  }
  for (const date of extraHolidays) {
    if (extraWorkingDays.includes(date)) faults.push(`${date} is an extra holiday and an extra working day`);
  }
  return faults;
}

function isTimeOfDay(text: string): boolean {
  return /^(?:[01]\d|2[0-3]):[0-5]\d$/.test(text);
}
