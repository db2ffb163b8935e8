import type { Act } from "../../shared/letter/act.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Transaction } from "../../shared/runtime/database.ts";
import { done, refused } from "../act-answer.ts";
import type { ActResult } from "../act-store.ts";
import { insertLetterEvent, type OutboundLetter, updateLetter } from "./letter-store.ts";

/** Somebody has read a draft: it is in order ("check"), or goes back to who wrote it, with the reason ("return"). */
export async function judgeDraft(
  transaction: Transaction<Tables>,
  act: Act,
  letter: OutboundLetter,
  stamp: Stamp,
): Promise<ActResult> {
  const { id, state, version } = letter;
  if (state === "sent") return refused("the-letter-is-sent");
  if (state === "approved") return refused("the-letter-is-numbered");
  if (act.act === "check" && state === "checked") return refused("the-letter-is-checked-already");
  const isGood = act.act === "check";
  await updateLetter(transaction, id, { state: isGood ? "checked" : "draft" });
  await insertLetterEvent(transaction, act, id, { what: isGood ? "checked" : "returned", version }, stamp);
  return done();
}
