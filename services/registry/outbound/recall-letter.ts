import type { Act } from "../../shared/letter/act.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Transaction } from "../../shared/runtime/database.ts";
import { done, refused } from "../act-answer.ts";
import type { ActResult } from "../act-store.ts";
import { insertEvent } from "../line-store.ts";
import { insertLetterEvent, type OutboundLetter, readLetter, updateLetter } from "./letter-store.ts";
import { handOnToAll } from "./send-letter.ts";
import { recipientsOf } from "./sending-store.ts";

/**
 * A letter that was sent by mistake is asked back from each recipient. What was sent stays as it is, in the book too, where the
 * request stands beside the line; what each recipient answers, the notification records.
 */
export async function recallLetter(
  transaction: Transaction<Tables>,
  act: Act,
  letter: OutboundLetter,
  stamp: Stamp,
): Promise<ActResult> {
  const { id, place, version } = letter;
  if (letter.state !== "sent") return refused("the-letter-is-not-sent");
  if (letter.recalledAt !== null) return refused("the-letter-is-recalled");
  const { replacedBy } = act.details;
  if (replacedBy !== undefined) {
    const other = await readLetter(transaction, replacedBy);
    if (!other || other.id === id || other.state === "withdrawn") return refused("no-such-replacement");
  }
  const details = replacedBy === undefined ? {} : { replacedBy };
  const event = { what: "recall-requested", details } as const;
  const recalledAt = await insertLetterEvent(transaction, act, id, { ...event, version }, stamp);
  // One that is passed on stands in no book of ours.
  if (place !== null) await insertEvent(transaction, act, place, event, stamp);
  await updateLetter(transaction, id, { recalledAt });
  await handOnToAll(transaction, act.agencyId, await recipientsOf(transaction, id));
  return done(place);
}

/** A letter that has not been sent is given up; its number, when it has one, is cancelled with it and stays used. */
export async function withdrawLetter(
  transaction: Transaction<Tables>,
  act: Act,
  letter: OutboundLetter,
  stamp: Stamp,
): Promise<ActResult> {
  const { id, place, version } = letter;
  if (letter.state === "sent") return refused("the-letter-is-sent");
  if (place !== null) await insertEvent(transaction, act, place, { what: "cancelled" }, stamp);
  await updateLetter(transaction, id, { state: "withdrawn" });
  await insertLetterEvent(transaction, act, id, { what: "withdrawn", version }, stamp);
  return done(place);
}
