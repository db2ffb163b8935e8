import type { Calendar } from "../shared/letter/holidays.ts";
import { DEFAULT_OFFICE, deemedReceipt } from "../shared/letter/office-hours.ts";
import type { Log } from "../shared/runtime/log.ts";
import type { Deem } from "./agency-rules.ts";

/**
 * Deemed receipt by the calendar of this installation. Where a year's file is missing no time is told: the line says so,
 * and so does the log, once for each year.
 */
export function deemByCalendar(calendar: Calendar, log: Log): Deem {
  const told = new Set<number>();
  return (arrivedAt, office) => {
    const deemed = deemedReceipt(arrivedAt, { ...DEFAULT_OFFICE, ...office }, calendar);
    if (deemed.at !== null) return deemed;
    if (!told.has(deemed.missingYear)) {
      told.add(deemed.missingYear);
      log.error(
        { year: deemed.missingYear },
        `no holidays for B.E. ${deemed.missingYear}: letters get no deemed time; add config/holidays/${deemed.missingYear}.yaml`,
      );
    }
    return { at: null, basis: `no calendar for B.E. ${deemed.missingYear}` };
  };
}
