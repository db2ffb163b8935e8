import type { Transaction } from "kysely";
import { handOn } from "../shared/letter/outbox.ts";
import { buddhistYear, type Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { newId } from "../shared/runtime/ids.ts";
import { agencyOf, type DisputeFacts } from "./notice-facts.ts";
import { alertsOfLastHour, insertNotice } from "./notice-store.ts";
import { readSubject } from "./subject-store.ts";

/** An office whose program goes wrong may dispute each of its letters. */
const MOST_ALERTS_AN_HOUR = 30;

/** Promises a mail to the agency's clerk: an office says that our number for its letter is wrong. */
export async function promiseDisputeAlert(
  transaction: Transaction<Tables>,
  { agencyId, intakeId }: { readonly agencyId: string; readonly intakeId: string },
  line: { readonly intakeId: string; readonly number: number; readonly year: number },
  stamp: Stamp,
): Promise<void> {
  const notifier = await readSubject(transaction, intakeId);
  if (!notifier) throw new Error("the notifier cannot be found");
  const id = newId();
  const facts: DisputeFacts = {
    type: "dispute",
    agency: agencyOf(notifier),
    letterId: line.intakeId,
    registerNumber: `${line.number}/${buddhistYear(line.year)}`,
    receivedAt: notifier.arrivedAt.toISOString(),
  };
  const contact = notifier.contacts.clerk;
  const sent = contact === undefined ? 0 : await alertsOfLastHour(transaction, agencyId, stamp.at);
  const tooMany = sent < MOST_ALERTS_AN_HOUR ? null : "too-many-alerts";
  const isNew = await insertNotice(
    transaction,
    {
      ...{ id, agencyId, intakeId, facts, kind: "alert", recipient: contact ?? "" },
      messageId: `<alert.${id}@${notifier.domain}>`,
      withheld: contact === undefined ? "no-contact" : tooMany,
    },
    stamp,
  );
  if (isNew)
    await handOn(transaction, "notification", [{ job: "notify-sender", agencyId, subjectId: intakeId }]);
}
