import type { Transaction } from "kysely";
import type { Office } from "../shared/letter/office-hours.ts";
import type { Channel } from "../shared/letter/register-line.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { readAgency } from "./agency-store.ts";

/** When an arrival counts as received, and what decided that; `at` null: no calendar for its year, told in `basis`. */
export interface Deemed {
  readonly at: Date | null;
  readonly basis: string;
}

/** Deemed receipt by an office's hours (e-Government Act s. 10, Annex 6 §2.2.5). */
export type Deem = (arrivedAt: Date, office: Partial<Office>) => Deemed;

/** What an agency has decided about its registry. */
export interface AgencyRules {
  /** Whether letters of this channel wait in the tray for a clerk. */
  readonly registeredByClerk: (channel: Channel) => boolean;
  readonly deem: (arrivedAt: Date) => Deemed;
  /** Code letters and owner number of its own letters; null when it has not said. */
  readonly letterCode: string | null;
}

export async function agencyRules(
  transaction: Transaction<Tables>,
  agencyId: string,
  deem: Deem,
): Promise<AgencyRules> {
  const { registration, office, letterCode } = await readAgency(transaction, agencyId);
  return {
    registeredByClerk: (channel) => registration[channel] === "clerk",
    deem: (arrivedAt) => deem(arrivedAt, office),
    letterCode,
  };
}
