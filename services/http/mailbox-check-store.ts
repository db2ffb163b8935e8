import { type Kysely, sql, type Transaction } from "kysely";
import type { HalfDay } from "../shared/letter/half-days.ts";
import { DEFAULT_OFFICE, type Office } from "../shared/letter/office-hours.ts";
import type { Tables } from "../shared/letter/tables.ts";

/** An agency whose tray has to be opened in each half of its working days. */
export interface DutyAgency {
  readonly id: string;
  readonly office: Office;
  /** When the duty began: half days before it are nobody's. */
  readonly since: Date;
}

/** The agencies with that duty. Public facts: no row-level security. */
export async function dutyAgencies(database: Kysely<Tables>): Promise<DutyAgency[]> {
  const { rows } = await sql<{ id: string; office: Partial<Office>; since: Date }>`
    select id, office, tray_duty_since as since from agency where active and tray_duty_since is not null order by id`.execute(
    database,
  );
  return rows.map(({ id, office, since }) => ({ id, since, office: { ...DEFAULT_OFFICE, ...office } }));
}

/** The first opening of a tray within a half day. */
export interface Opening {
  /** Place of the half day in the list that was asked for. */
  readonly place: number;
  readonly openedAt: Date;
  readonly openedBy: string;
}

/** For each half day in which the agency's tray was opened, the first time: one look-up a half day, however many openings. */
export async function firstOpenings(
  transaction: Transaction<Tables>,
  agencyId: string,
  halfDays: readonly HalfDay[],
): Promise<Opening[]> {
  const { rows } = await sql<Opening>`
    select h.place::integer - 1 as place, t.opened_at as "openedAt", t.opened_by as "openedBy"
      from unnest(${halfDays.map(({ from }) => from)}::timestamptz[], ${halfDays.map(({ to }) => to)}::timestamptz[])
             with ordinality h(opens, closes, place)
     cross join lateral (
       select opened_at, opened_by from tray_opening
        where agency_id = ${agencyId} and opened_at >= h.opens and opened_at < h.closes order by opened_at limit 1) t
     order by h.place`.execute(transaction);
  return rows;
}
