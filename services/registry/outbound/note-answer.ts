import type { Act } from "../../shared/letter/act.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Transaction } from "../../shared/runtime/database.ts";
import { done, refused } from "../act-answer.ts";
import type { ActResult } from "../act-store.ts";
import { insertLetterEvent, type OutboundLetter } from "./letter-store.ts";
import { recipientsOf } from "./sending-store.ts";

/** What a clerk was told by telephone or plain mail of a letter that was sent: who, when and what, and no more than that. */
export async function noteAnswer(
  transaction: Transaction<Tables>,
  act: Act,
  letter: OutboundLetter,
  stamp: Stamp,
): Promise<ActResult> {
  if (letter.state !== "sent") return refused("the-letter-is-not-sent");
  const { recipientId, answer } = act.details;
  if (!answer) return refused("an-answer-is-needed");
  if (recipientId === undefined || !(await recipientsOf(transaction, letter.id)).includes(recipientId))
    return refused("no-such-recipient");
  const event = {
    what: "answer-noted",
    version: letter.version,
    recipientId,
    details: { ...answer },
  } as const;
  await insertLetterEvent(transaction, act, letter.id, event, stamp);
  return done(letter.place);
}
