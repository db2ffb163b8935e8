import type { ActRefusal } from "../shared/letter/act-refusal.ts";
import { handOn } from "../shared/letter/outbox.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Transaction } from "../shared/runtime/database.ts";
import type { ActResult, Place } from "./act-store.ts";

export function refused(reason: ActRefusal): ActResult {
  return { result: "refused", reason, place: null };
}

export function done(place: Place | null = null): ActResult {
  return { result: "done", reason: "", place };
}

/** The sender of an arrival is to hear what has become of it; of a letter on paper there is nobody to tell. */
export async function tellSender(
  transaction: Transaction<Tables>,
  agencyId: string,
  intakeId: string | null,
): Promise<void> {
  if (intakeId === null) return;
  await handOn(transaction, "registry", [{ job: "notify-sender", agencyId, subjectId: intakeId }]);
}
