import { dayOf, dayOfIsoDate, isoDateOfDay } from "../letter/bangkok-day.ts";
import { findThaiDates } from "../letter/thai-date.ts";

/** A date with a time of another zone, as toolkits write it: midnight in Thailand is the evening before in UTC. */
const ZONED =
  /^((?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2})T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})$/u;

/** yyyy-MM-dd in Thailand of a date as the wire has it (with a time behind it, or B.E., from some); null for no date. */
export function isoDateOf(text: string | null): string | null {
  if (text === null) return null;
  const day = ZONED.exec(text)?.[1];
  const instant = day !== undefined && dayOfIsoDate(day) !== null ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(instant)) return isoDateOfDay(dayOf(instant));
  return findThaiDates(text.slice(0, 40))[0]?.iso ?? null;
}
