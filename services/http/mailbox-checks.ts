import { dayOf, dayOfIsoDate, isoDateOfDay } from "../shared/letter/bangkok-day.ts";
import { type HalfDay, halfDays, missedHalfDays } from "../shared/letter/half-days.ts";
import type { Calendar } from "../shared/letter/holidays.ts";
import type { Office } from "../shared/letter/office-hours.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Kysely, type Transaction } from "../shared/runtime/database.ts";
import { type DutyAgency, dutyAgencies, firstOpenings } from "./mailbox-check-store.ts";

/** A half working day, and whether somebody looked into the tray in it. */
export interface CheckedHalfDay extends HalfDay {
  /** open: it has not ended yet. */
  readonly state: "checked" | "missed" | "open";
  /** The first look. */
  readonly checkedAt: Date | null;
  readonly checkedBy: string | null;
}

export interface MailboxChecks {
  readonly halfDays: readonly CheckedHalfDay[];
  /** Years (B.E.) of the range whose holidays are not known: their days are not in the list. */
  readonly missingYears: readonly number[];
}

/** The half working days of a range (ISO dates, both included), each with its first look into the tray (Annex 7). */
export async function readMailboxChecks(
  transaction: Transaction<Tables>,
  { id, office, since }: DutyAgency,
  range: { readonly from: string; readonly to: string },
  calendar: Calendar,
  now: Date,
): Promise<MailboxChecks> {
  const found = halfDays(range.from, range.to, office, calendar);
  const all = { ...found, halfDays: found.halfDays.filter(({ to }) => to > since) };
  const openings = new Map(
    (await firstOpenings(transaction, id, all.halfDays)).map((opening) => [opening.place, opening]),
  );
  const openedAt = [...openings.values()].map((opening) => opening.openedAt);
  const missed = missedHalfDays(openedAt, range.from, range.to, office, calendar, now).missed;
  const missedFrom = new Set(missed.map(({ from }) => from.getTime()));
  return {
    halfDays: all.halfDays.map((halfDay, place) => {
      const opening = openings.get(place);
      const state = opening ? "checked" : missedFrom.has(halfDay.from.getTime()) ? "missed" : "open";
      return {
        ...halfDay,
        state,
        checkedAt: opening?.openedAt ?? null,
        checkedBy: opening?.openedBy ?? null,
      };
    }),
    missingYears: all.missingYears,
  };
}

/** Far enough back to hold ten working days over any holidays. */
const LOOK_BACK_DAYS = 45;

/** From the first of the last so many working days, today among them, until today; null where the calendar knows none. */
export function lastWorkingDays(
  count: number,
  office: Office,
  calendar: Calendar,
  now: Date,
): { readonly from: string; readonly to: string } | null {
  const today = dayOf(now.getTime());
  const to = isoDateOfDay(today);
  const known = halfDays(isoDateOfDay(today - LOOK_BACK_DAYS), to, office, calendar).halfDays;
  const from = [...new Set(known.map(({ date }) => date))].at(-count);
  return from === undefined ? null : { from, to };
}

/** What each agency with the duty has missed in its last so many working days. */
export async function missedChecks(
  database: Kysely<Tables>,
  calendar: Calendar,
  now: Date,
  workingDays: number,
): Promise<Map<string, HalfDay[]>> {
  const agencies = await dutyAgencies(database);
  const acting = { actor: "worker:http", agencies: agencies.map(({ id }) => id) } as const;
  return inTransaction(database, acting, async (transaction) => {
    const missed = new Map<string, HalfDay[]>();
    for (const agency of agencies) {
      const range = lastWorkingDays(workingDays, agency.office, calendar, now);
      const checks = range && (await readMailboxChecks(transaction, agency, range, calendar, now));
      missed.set(agency.id, checks?.halfDays.filter(({ state }) => state === "missed") ?? []);
    }
    return missed;
  });
}

/** Days of a range, both ends included. @param from and to, ISO dates */
export function daysOf({ from, to }: { readonly from: string; readonly to: string }): number {
  return (dayOfIsoDate(to) as number) - (dayOfIsoDate(from) as number) + 1;
}
