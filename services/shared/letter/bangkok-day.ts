/**
 * Days of Asia/Bangkok as whole numbers: 0 is 1 January 1970 there. UTC+7 all year, without daylight saving time since
 * 1920, so a day is arithmetic; Intl would cost a thousand times more in batches.
 */
export const BANGKOK_OFFSET_MS = 7 * 60 * 60 * 1000;
export const DAY_MS = 24 * 60 * 60 * 1000;

export const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** The day in Bangkok of an instant (ms since 1970 UTC). */
export function dayOf(instantMs: number): number {
  return Math.floor((instantMs + BANGKOK_OFFSET_MS) / DAY_MS);
}

/** The instant (ms since 1970 UTC) at which a day begins in Bangkok. */
export function startOfDayMs(day: number): number {
  return day * DAY_MS - BANGKOK_OFFSET_MS;
}

/** C.E. year of a day. */
export function yearOfDay(day: number): number {
  return new Date(day * DAY_MS).getUTCFullYear();
}

export function weekdayOfDay(day: number): Weekday {
  // 1 January 1970 was a Thursday; the second % is for days before it.
  return WEEKDAYS[(((day + 4) % 7) + 7) % 7] as Weekday;
}

/** For example "2026-04-13" (C.E.). */
export function isoDateOfDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** The day of "2026-04-13" (C.E.); null when the text is no such date (2025-02-29 is none, and no year is 0000). */
export function dayOfIsoDate(text: string): number | null {
  if (!/^(?!0000)\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  const ms = Date.parse(`${text}T00:00:00Z`);
  // Date.parse takes 2025-02-30 for 2 March.
  if (Number.isNaN(ms) || isoDateOfDay(ms / DAY_MS) !== text) return null;
  return ms / DAY_MS;
}
