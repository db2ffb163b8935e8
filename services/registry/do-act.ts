import { type Act, OUTBOUND_ACTS } from "../shared/letter/act.ts";
import { finish, isOpen } from "../shared/letter/outbox.ts";
import type { Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, isDataFault, type Transaction } from "../shared/runtime/database.ts";
import { refused } from "./act-answer.ts";
import { actOnClosed, isOnClosedBook } from "./act-on-closed.ts";
import { type ActResult, insertActResult, type Place, readAct } from "./act-store.ts";
import { answerOnLine } from "./answer-line.ts";
import { takeTurn } from "./book-store.ts";
import { decideOnTray } from "./decide-on-tray.ts";
import { ClockHeld } from "./next-place.ts";
import { doOutboundAct, lockForAct } from "./outbound/do-outbound-act.ts";
import type { RegistryParts } from "./register-letter.ts";
import { change, enter } from "./write-line.ts";

/** Drafts and notes carry no official time: they need not wait for the clock. */
const WITHOUT_CLOCK: ReadonlySet<string> = new Set(["draft", "check", "return", "note-answer"]);

/**
 * The job "do-act": carries out what a clerk has asked for, under the lock of the book, of the outbound letter, or of both (the
 * book's first: the other order would be a deadlock), and records what came of it, in one transaction. An act that is
 * delivered twice finds its work done. What cannot be done is refused with a reason, which the clerk reads, and leaves
 * nothing; it is not tried again.
 * @returns why it has to wait for the clock; null when it is done
 */
export async function doAct(parts: RegistryParts, agencyId: string, actId: string): Promise<string | null> {
  const acting = { actor: "worker:registry", agencies: [agencyId] } as const;
  try {
    await inTransaction(parts.database, acting, async (transaction) => {
      const act = await openAct(transaction, actId);
      if (!act) return;
      const [result, stamp] = await carryOut(parts, transaction, act);
      await insertActResult(transaction, act, result, stamp);
      await finish(transaction, "do-act", [actId]);
    });
    return null;
  } catch (error) {
    if (error instanceof ClockHeld) return error.message;
    if (!isDataFault(error)) throw error;
    // The database's own rules have the last word; what they refuse once they refuse always.
    parts.log.error({ err: error, act: actId }, "an act was refused by the database");
    await inTransaction(parts.database, acting, async (transaction) => {
      const act = await openAct(transaction, actId);
      if (!act) return;
      await insertActResult(transaction, act, refused("against-the-rules-of-the-book"), parts.now());
      await finish(transaction, "do-act", [actId]);
    });
    return null;
  }
}

async function openAct(transaction: Transaction<Tables>, actId: string): Promise<Act | undefined> {
  return (await isOpen(transaction, "do-act", actId)) ? readAct(transaction, actId) : undefined;
}

async function carryOut(
  parts: RegistryParts,
  transaction: Transaction<Tables>,
  act: Act,
): Promise<[ActResult, Stamp]> {
  const isOutbound = act.act === "pass-on" || (OUTBOUND_ACTS as readonly string[]).includes(act.act);
  const letter = isOutbound ? await lockForAct(transaction, act) : undefined;
  if (!isOutbound)
    await takeTurn(transaction, act.bookId ?? `${act.agencyId}.inbound.ordinary`, act.agencyId);
  // Taken under the lock: what is numbered stands in the order of its time.
  const stamp = parts.now();
  const held = WITHOUT_CLOCK.has(act.act) ? null : parts.reasonToHold(stamp.clock);
  if (held !== null) throw new ClockHeld(held);
  const result = isOutbound
    ? await doOutboundAct(transaction, act, letter, stamp)
    : await doInBook(parts, transaction, act, stamp);
  return [result, stamp];
}

function doInBook(
  parts: RegistryParts,
  transaction: Transaction<Tables>,
  act: Act,
  stamp: Stamp,
): Promise<ActResult> {
  if (isOnClosedBook(act)) return actOnClosed(parts, transaction, act, stamp);
  switch (act.act) {
    case "register":
    case "reject":
    case "invalid":
    case "not-a-letter":
    case "merge":
      return decideOnTray(parts, transaction, act, stamp);
    case "enter":
    case "reserve":
      return enter(parts, transaction, act, stamp);
    case "fill":
    case "correct":
    case "cancel":
      return change(parts, transaction, act, lineOf(act), stamp);
    case "hand-over":
    case "answer-recall":
      return answerOnLine(transaction, act, lineOf(act), stamp);
    default:
      throw new Error(`the registry has no act ${act.act}`);
  }
}

/** The line that an act names; the database takes no such act without one. */
function lineOf({ bookId, year, number }: Act): Place {
  return { bookId: bookId as string, year: year as number, number: number as number };
}
