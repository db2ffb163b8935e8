import type { Act } from "../../shared/letter/act.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Transaction } from "../../shared/runtime/database.ts";
import { refused } from "../act-answer.ts";
import type { ActResult } from "../act-store.ts";
import { takeTurn } from "../book-store.ts";
import { approveLetter } from "./approve-letter.ts";
import { draftLetter } from "./draft-letter.ts";
import { judgeDraft } from "./judge-draft.ts";
import { lockLetter, type OutboundLetter, readLetter } from "./letter-store.ts";
import { noteAnswer } from "./note-answer.ts";
import { passOnLetter } from "./pass-on-letter.ts";
import { recallLetter, withdrawLetter } from "./recall-letter.ts";
import { resendLetter, sendLetter } from "./send-letter.ts";

/**
 * Takes the turn of the book in which the act will write, then the letter; acts on lines take them in the same order.
 * @returns the letter as it stands under the lock; undefined when there is none
 */
export async function lockForAct(
  transaction: Transaction<Tables>,
  act: Act,
): Promise<OutboundLetter | undefined> {
  const letterId = act.letterId as string;
  const bookId = bookOf(act, await readLetter(transaction, letterId));
  if (bookId !== null) await takeTurn(transaction, bookId, act.agencyId);
  const letter = await lockLetter(transaction, letterId);
  // Which book it is was read without a lock.
  if (bookOf(act, letter) !== bookId)
    throw new Error("the letter has changed meanwhile: the act is tried again");
  return letter;
}

/** The book in which an act writes; null for one that writes in none. */
function bookOf({ act, agencyId }: Act, letter: OutboundLetter | undefined): string | null {
  if (!letter) return null;
  if (act === "approve") return `${agencyId}.outbound.${letter.series}`;
  return act === "withdraw" || act === "recall" ? (letter.place?.bookId ?? null) : null;
}

/** Acts on a letter of our own, from its draft to what becomes of it (Annex 6 §2.2.1). Run under its lock. */
export async function doOutboundAct(
  transaction: Transaction<Tables>,
  act: Act,
  letter: OutboundLetter | undefined,
  stamp: Stamp,
): Promise<ActResult> {
  if (act.act === "draft") return draftLetter(transaction, act, letter, stamp);
  if (act.act === "pass-on") return passOnLetter(transaction, act, letter, stamp);
  if (!letter) return refused("no-such-letter");
  if (letter.state === "withdrawn") return refused("the-letter-is-withdrawn");
  const { version = letter.version } = act.details;
  if (version !== letter.version) return refused("another-version-was-seen");
  switch (act.act) {
    case "check":
    case "return":
      return judgeDraft(transaction, act, letter, stamp);
    case "approve":
      return approveLetter(transaction, act, letter, stamp);
    case "send":
      return sendLetter(transaction, act, letter, stamp);
    case "resend":
      return resendLetter(transaction, act, letter, stamp);
    case "recall":
      return recallLetter(transaction, act, letter, stamp);
    case "withdraw":
      return withdrawLetter(transaction, act, letter, stamp);
    case "note-answer":
      return noteAnswer(transaction, act, letter, stamp);
    default:
      throw new Error(`an outbound letter knows no act ${act.act}`);
  }
}
