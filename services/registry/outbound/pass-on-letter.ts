import type { Act } from "../../shared/letter/act.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Transaction } from "../../shared/runtime/database.ts";
import { done, refused } from "../act-answer.ts";
import type { ActResult } from "../act-store.ts";
import { readAgency } from "../agency-store.ts";
import {
  insertLetterEvent,
  insertPassedOn,
  isOwnSendingClient,
  type OutboundLetter,
  readLetter,
} from "./letter-store.ts";
import { prepareSending, sendOut } from "./send-letter.ts";

/**
 * Sends a letter that a system of the agency's own has signed and numbered in its own book: no number of ours is taken and no
 * line written, and from then on it is tracked as any letter of ours. Only such a system may, under its own credentials:
 * that it was appointed to send is what stands for the signature here.
 * @param letter undefined, as a letter is passed on once
 */
export async function passOnLetter(
  transaction: Transaction<Tables>,
  act: Act,
  letter: OutboundLetter | undefined,
  stamp: Stamp,
): Promise<ActResult> {
  if (letter) return refused("the-letter-is-sent");
  const facts = act.details.letter;
  const { letterNumber, letterNumberPrinted } = act.facts;
  if (!facts?.letterDate || !letterNumber || !letterNumberPrinted) return refused("a-letter-is-needed");
  if (!facts.subject) return refused("a-subject-is-needed");
  const agency = await readAgency(transaction, act.agencyId);
  const [, clientId] = /^client:([^/]+)$/u.exec(act.madeBy) ?? [];
  if (clientId === undefined || !(await isOwnSendingClient(transaction, agency, clientId)))
    return refused("no-right-to-approve");
  const sending = await prepareSending(transaction, agency, facts);
  if (typeof sending === "string") return refused(sending);

  const id = act.letterId as string;
  const number = { canonical: letterNumber, printed: letterNumberPrinted };
  if (!(await insertPassedOn(transaction, act, facts, number, stamp))) {
    // The id is the asker's choice: another agency's letter, which is not seen here, may have it.
    if (!(await readLetter(transaction, id))) return refused("no-such-letter");
    throw new Error("the same letter was passed on a moment ago: the act is tried again");
  }
  const details = { recipients: sending.recipients.length };
  const sentAt = await insertLetterEvent(transaction, act, id, { what: "sent", version: 1, details }, stamp);
  const place = { year: Number(facts.letterDate.slice(0, 4)) };
  await sendOut(transaction, act, { id, place }, { ...sending, letterNumber, agency, sentAt });
  return done();
}
