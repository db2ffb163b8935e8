import type { Transaction } from "kysely";
import { DAY_MS } from "../shared/letter/bangkok-day.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { WaitingLetter } from "./decide-outcome.ts";

/** How long the octets of refused letters are kept. */
export interface KeepDays {
  readonly keepDays: number;
  /** Of letters marked as classified. */
  readonly classifiedKeepDays: number;
}

/** Sets the day on which the octets of refused letters are removed, in the transaction of their outcome. */
export async function insertQuarantine(
  transaction: Transaction<Tables>,
  agencyId: string,
  refused: readonly Pick<WaitingLetter, "intakeId" | "reason">[],
  since: Date,
  { keepDays, classifiedKeepDays }: KeepDays,
): Promise<void> {
  if (refused.length === 0) return;
  await transaction
    .insertInto("quarantine")
    .values(
      refused.map(({ intakeId, reason }) => ({
        intake_id: intakeId,
        agency_id: agencyId,
        reason,
        since,
        keep_until: new Date(
          since.getTime() + (reason === "classified" ? classifiedKeepDays : keepDays) * DAY_MS,
        ),
      })),
    )
    .execute();
}
