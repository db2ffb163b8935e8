import type { Act } from "../shared/letter/act.ts";
import type { Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Transaction } from "../shared/runtime/database.ts";
import { done, refused, tellSender } from "./act-answer.ts";
import type { ActResult, Place } from "./act-store.ts";
import { agencyRules } from "./agency-rules.ts";
import { isAppointed, levelOfLine, readWrittenIn } from "./closed-store.ts";
import { signature } from "./compose-line.ts";
import { insertEntries } from "./entry-store.ts";
import { insertEvent, readLine } from "./line-store.ts";
import { nextPlace } from "./next-place.ts";
import { lineWithoutWords } from "./register-closed.ts";
import type { RegistryParts } from "./register-letter.ts";

/** Whether an act is about a book of classified letters (ทขล.๑, ทขล.๒). */
export function isOnClosedBook({ bookId }: Pick<Act, "bookId">): boolean {
  return bookId?.split(".")[2] === "classified";
}

/**
 * What appointed people do in a classified book: they write a letter in, or cancel a number. An act says a level and no word;
 * what the letter says was sealed by the person who asked, in the transaction that wrote the act down. Run under the book's lock.
 */
export async function actOnClosed(
  parts: RegistryParts,
  transaction: Transaction<Tables>,
  act: Act,
  stamp: Stamp,
): Promise<ActResult> {
  switch (act.act) {
    case "enter":
      return enterClosed(parts, transaction, act, stamp);
    case "cancel":
      return cancelClosed(transaction, act, stamp);
    default:
      // A line has no words that could be corrected, and no number waits for some.
      return refused("classified-lines-hold-no-words");
  }
}

async function enterClosed(
  parts: RegistryParts,
  transaction: Transaction<Tables>,
  act: Act,
  stamp: Stamp,
): Promise<ActResult> {
  const bookId = act.bookId as string;
  const [, direction] = bookId.split(".");
  const written = await readWrittenIn(transaction, act);
  // Policies let nobody else seal a letter; whose appointment has ended since does not number it any more either.
  if (
    written === undefined ||
    written.level !== act.facts.secrecy ||
    written.direction !== direction ||
    !(await isAppointed(transaction, act, written.level))
  )
    return refused("classified-books-take-an-appointed-person");
  const place = { bookId, ...(await nextPlace(transaction, bookId, stamp)) };
  const arrivedAt = act.facts.receivedAt === undefined ? null : new Date(act.facts.receivedAt);
  if (arrivedAt !== null && (direction !== "inbound" || arrivedAt > place.registeredAt))
    return refused("received-after-its-registration");
  const { deem } = await agencyRules(transaction, act.agencyId, parts.deem);
  await insertEntries(transaction, bookId, act.agencyId, [
    {
      letter: lineWithoutWords(written.level, { arrivedAt }),
      ...place,
      ...signature(act, stamp),
      deemed: arrivedAt === null ? null : deem(arrivedAt),
    },
  ]);
  return done(place);
}

async function cancelClosed(transaction: Transaction<Tables>, act: Act, stamp: Stamp): Promise<ActResult> {
  const place: Place = {
    bookId: act.bookId as string,
    year: act.year as number,
    number: act.number as number,
  };
  const level = await levelOfLine(transaction, place);
  if (level === undefined || !(await isAppointed(transaction, act, level)))
    return refused("classified-books-take-an-appointed-person");
  const line = await readLine(transaction, place);
  if (!line) return refused("no-such-line");
  if (line.status === "cancelled") return refused("the-line-is-cancelled");
  await insertEvent(transaction, act, place, { what: "cancelled" }, stamp);
  await tellSender(transaction, act.agencyId, line.intakeId);
  return done(place);
}
