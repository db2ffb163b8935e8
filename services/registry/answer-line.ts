import type { Act } from "../shared/letter/act.ts";
import type { Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Transaction } from "../shared/runtime/database.ts";
import { done, refused, tellSender } from "./act-answer.ts";
import type { ActResult, Place } from "./act-store.ts";
import { insertEvent, readLine } from "./line-store.ts";

/**
 * What the office tells the sender of a letter that stands in its book: that the responsible officer has opened it, or
 * whether it is given back as he asked. The number stays used either way. Run under the book's lock.
 */
export async function answerOnLine(
  transaction: Transaction<Tables>,
  act: Act,
  place: Place,
  stamp: Stamp,
): Promise<ActResult> {
  const line = await readLine(transaction, place);
  if (!line) return refused("no-such-line");
  if (line.status === "cancelled") return refused("the-line-is-cancelled");
  const { officer, accept } = act.details;
  if (act.act === "hand-over") {
    if (line.direction !== "inbound") return refused("only-inbound-lines-are-handed-over");
    if (officer === undefined || officer === "") return refused("an-officer-is-needed");
    if (line.isHandedOver) return refused("already-handed-over");
    await insertEvent(transaction, act, place, { what: "handed-over", details: { officer } }, stamp);
  } else {
    if (line.direction !== "inbound" || line.openRecallId === null) return refused("no-recall-is-open");
    if (accept === undefined) return refused("an-answer-is-needed");
    const what = accept ? "recall-accepted" : "recall-refused";
    await insertEvent(transaction, act, place, { what, details: { requestId: line.openRecallId } }, stamp);
  }
  await tellSender(transaction, act.agencyId, line.intakeId);
  return done(place);
}
