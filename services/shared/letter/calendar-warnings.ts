import { type Calendar, fileOfYear } from "./holidays.ts";
import { bangkokYear, buddhistYear } from "./stamp.ts";

/** The Cabinet mostly sets a year's holidays in the last months of the year before. */
const REMIND_FROM_MONTH = 10;

/**
 * What an operator has to do about the working calendar, one text a thing, the most pressing first; empty when nothing.
 * The next year counts from 1 October (Bangkok) on: before, nobody could act on it.
 */
export function calendarWarnings(calendar: Calendar, now: Date): string[] {
  const year = bangkokYear(now);
  const remindFrom = Date.parse(`${year}-${REMIND_FROM_MONTH}-01T00:00:00+07:00`);
  const years = now.getTime() >= remindFrom ? [year, year + 1] : [year];
  return years.flatMap((each) => {
    const warning = warningFor(calendar, each, each === year);
    return warning === null ? [] : [warning];
  });
}

function warningFor(calendar: Calendar, commonEra: number, isCurrent: boolean): string | null {
  const known = calendar.years.get(commonEra);
  const file = fileOfYear(calendar, commonEra);
  const year = buddhistYear(commonEra);
  if (known === undefined) {
    return isCurrent
      ? `The holidays of this year (B.E. ${year}) are missing: no time of deemed receipt can be told. Add ${file} with what the Cabinet has set.`
      : `The holidays of next year (B.E. ${year}) are missing: from its first day on no time of deemed receipt can be told. Add ${file} with what the Cabinet has set.`;
  }
  if (known.status === "provisional") {
    return `The holidays of B.E. ${year} are provisional, and so are times of deemed receipt. Check ${file} against the list of the Cabinet Secretariat, then set its status to announced.`;
  }
  if (known.provisionalRegions.length > 0) {
    return `The holidays of B.E. ${year} are provisional in ${known.provisionalRegions.join(", ")}. Check the regional days of ${file}, then remove the region from provisionalRegions.`;
  }
  return null;
}
