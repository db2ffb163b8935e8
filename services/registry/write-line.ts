import type { Act } from "../shared/letter/act.ts";
import type { Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Transaction } from "../shared/runtime/database.ts";
import { done, refused, tellSender } from "./act-answer.ts";
import { type ActResult, hasMerged, type Place } from "./act-store.ts";
import { agencyRules } from "./agency-rules.ts";
import { changesOf, composedNumber, overlaid, signature } from "./compose-line.ts";
import { insertEntries } from "./entry-store.ts";
import { insertEvent, readLine } from "./line-store.ts";
import { nextPlace } from "./next-place.ts";
import { followLine } from "./outbound/follow-line.ts";
import { lockLetterOfLine } from "./outbound/letter-store.ts";
import type { RegistryParts } from "./register-letter.ts";

/** A new line that a clerk writes in by hand, or a number that is reserved. Run under the book's lock. */
export async function enter(
  parts: RegistryParts,
  transaction: Transaction<Tables>,
  act: Act,
  stamp: Stamp,
): Promise<ActResult> {
  const bookId = act.bookId as string;
  const [, direction, series] = bookId.split(".");
  const place = { bookId, ...(await nextPlace(transaction, bookId, stamp)) };
  const receivedAt = act.facts.receivedAt === undefined ? null : new Date(act.facts.receivedAt);
  if (receivedAt !== null && (direction !== "inbound" || receivedAt > place.registeredAt))
    return refused("received-after-its-registration");
  const letter = { ...overlaid(null, act.facts), arrivedAt: receivedAt };
  if (act.act === "reserve") {
    if (direction !== "outbound" || series === "classified")
      return refused("only-outbound-numbers-are-reserved");
    // What the number is wanted for stands in the remarks, as clerks pencil it into the paper book.
    const blank = { ...overlaid(null, {}), remarks: act.reason || null };
    await insertEntries(transaction, bookId, act.agencyId, [
      { letter: blank, status: "reserved", ...place, ...signature(act, stamp), deemed: null },
    ]);
    return done(place);
  }
  if (letter.subject === null) return refused("a-subject-is-needed");
  const { letterCode, deem } = await agencyRules(transaction, act.agencyId, parts.deem);
  const own = direction === "outbound" ? composedNumber(letterCode, series, place.number) : null;
  if (direction === "outbound" && own === null) return refused("the-agency-has-no-letter-code");
  await insertEntries(transaction, bookId, act.agencyId, [
    {
      letter: own === null ? letter : { ...letter, number: own, numberPrinted: own },
      ...place,
      ...signature(act, stamp),
      deemed: letter.arrivedAt === null ? null : deem(letter.arrivedAt),
    },
  ]);
  return done(place);
}

/**
 * What happens to a line: it is corrected, a reserved number is filled, a number is cancelled (and stays used). Who was told
 * what the line said hears that it has changed; a letter of our own changes with its line until it is sent. Run under the
 * book's lock.
 */
export async function change(
  parts: RegistryParts,
  transaction: Transaction<Tables>,
  act: Act,
  place: Place,
  stamp: Stamp,
): Promise<ActResult> {
  const line = await readLine(transaction, place);
  if (!line) return refused("no-such-line");
  if (line.status === "cancelled") return refused("the-line-is-cancelled");
  const letter = line.direction === "outbound" ? await lockLetterOfLine(transaction, place) : undefined;
  if (act.act === "cancel") {
    if (await hasMerged(transaction, place)) return refused("other-letters-were-merged-into-it");
    // What recipients hold under this number is recalled first.
    if (letter?.state === "sent" && letter.recalledAt === null) return refused("the-letter-is-sent");
    await insertEvent(transaction, act, place, { what: "cancelled" }, stamp);
    await followLine(transaction, act, letter, null, stamp);
    await tellSender(transaction, act.agencyId, line.intakeId);
    return done(place);
  }
  if ((act.act === "fill") !== (line.status === "reserved"))
    return refused(act.act === "fill" ? "the-number-is-not-reserved" : "the-number-is-only-reserved");
  let facts = act.facts;
  if (line.direction === "outbound") {
    // The number of our own letter follows from its place in the book; nobody writes another one in.
    const { letterNumber: _, letterNumberPrinted: __, ...rest } = facts;
    facts = rest;
    if (act.act === "fill") {
      const { letterCode } = await agencyRules(transaction, act.agencyId, parts.deem);
      const own = composedNumber(letterCode, line.series, place.number);
      if (own === null) return refused("the-agency-has-no-letter-code");
      facts = { ...rest, letterNumber: own, letterNumberPrinted: own };
    }
  }
  const changes = changesOf(line, facts);
  const subject = facts.subject === undefined ? line.subject : facts.subject;
  if (subject === null || subject === undefined) return refused("a-subject-is-needed");
  if (Object.keys(changes).length === 0) return refused("nothing-changes");
  const what = act.act === "fill" ? "filled" : "corrected";
  await insertEvent(transaction, act, place, { what, changes }, stamp);
  await followLine(transaction, act, letter, changes, stamp);
  await tellSender(transaction, act.agencyId, line.intakeId);
  return done(place);
}
