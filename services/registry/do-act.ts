import type { Act } from "../shared/letter/act.ts";
import { finish, handOn, isOpen } from "../shared/letter/outbox.ts";
import type { Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, isDataFault, type Transaction } from "../shared/runtime/database.ts";
import {
  type ActResult,
  hasMerged,
  insertActResult,
  insertEvent,
  insertTrayDecision,
  isRegistered,
  readAct,
  readLine,
  readTrayLetter,
  type TrayLetter,
} from "./act-store.ts";
import { agencyRules } from "./agency-rules.ts";
import { takeTurn } from "./book-store.ts";
import { changesOf, composedNumber, overlaid } from "./compose-line.ts";
import { isSameLetter } from "./decide-outcome.ts";
import { findNumbered } from "./earlier-store.ts";
import { insertEntries } from "./entry-store.ts";
import { ClockHeld, nextPlace } from "./next-place.ts";
import type { RegistryParts } from "./register-letter.ts";

/**
 * The job "do-act": carries out what a clerk has asked for, under the lock of the book, and records what came of it, in
 * one transaction. An act that is delivered twice finds its work done. What cannot be done is refused with a reason, which
 * the clerk reads; it is not tried again.
 * @returns why it has to wait for the clock; null when it is done
 */
export async function doAct(parts: RegistryParts, agencyId: string, actId: string): Promise<string | null> {
  const acting = { actor: "worker:registry", agencies: [agencyId] } as const;
  try {
    await inTransaction(parts.database, acting, async (transaction) => {
      const act = await openAct(transaction, actId);
      if (!act) return;
      await takeTurn(transaction, act.bookId ?? `${agencyId}.inbound.ordinary`, agencyId);
      const stamp = parts.now();
      const held = parts.reasonToHold(stamp.clock);
      if (held !== null) throw new ClockHeld(held);
      await insertActResult(transaction, act, await carryOut(parts, transaction, act, stamp), stamp);
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

function refused(reason: string): ActResult {
  return { result: "refused", reason, place: null };
}

type Place = NonNullable<ActResult["place"]>;

function done(place: Place | null = null): ActResult {
  return { result: "done", reason: "", place };
}

function carryOut(
  parts: RegistryParts,
  transaction: Transaction<Tables>,
  act: Act,
  stamp: Stamp,
): Promise<ActResult> {
  switch (act.act) {
    case "register":
    case "reject":
    case "not-a-letter":
    case "merge":
      return decideOnTray(parts, transaction, act, stamp);
    case "enter":
    case "reserve":
      return enter(parts, transaction, act, stamp);
    case "fill":
    case "correct":
    case "cancel":
      return change(parts, transaction, act, stamp);
  }
}

const DECISIONS = { reject: "rejected", "not-a-letter": "not-a-letter", merge: "merged" } as const;

async function decideOnTray(
  parts: RegistryParts,
  transaction: Transaction<Tables>,
  act: Act,
  stamp: Stamp,
): Promise<ActResult> {
  const letter = await readTrayLetter(transaction, act.intakeId as string);
  if (!letter || !["triage", "possible-duplicate"].includes(letter.outcome ?? ""))
    return refused("not-in-the-tray");
  if (letter.decision !== null) return refused("already-decided");
  if (act.act === "register") return registerFromTray(parts, transaction, act, letter, stamp);
  if (act.act === "merge" && !(await mergesIntoRegistered(transaction, act)))
    return refused("the-other-letter-is-not-registered");
  await insertTrayDecision(transaction, act, DECISIONS[act.act as keyof typeof DECISIONS], stamp);
  // The sender of a rejected letter is told; one that is no letter, or is here already, gets no second word.
  if (act.act === "reject") await tellSender(transaction, act);
  return done();
}

/** A letter is merged into another arrival that stands in a book, or into a line (of a letter that came on paper, say). */
async function mergesIntoRegistered(transaction: Transaction<Tables>, act: Act): Promise<boolean> {
  const { bookId, year, number, earlierIntakeId, intakeId } = act;
  if (earlierIntakeId !== null)
    return earlierIntakeId !== intakeId && (await isRegistered(transaction, earlierIntakeId));
  if (bookId === null || year === null || number === null) return false;
  const line = await readLine(transaction, { bookId, year, number });
  return line?.status === "registered" && line.direction === "inbound";
}

async function registerFromTray(
  parts: RegistryParts,
  transaction: Transaction<Tables>,
  act: Act,
  found: TrayLetter,
  stamp: Stamp,
): Promise<ActResult> {
  const letter = overlaid(found, act.facts);
  if (letter.subject === null) return refused("a-subject-is-needed");
  const registered =
    letter.number === null ? [] : await findNumbered(transaction, act.agencyId, [letter.number]);
  // Who registers it all the same says why.
  if (act.reason === "" && registered.some((other) => isSameLetter(letter, other)))
    return refused("the-same-letter-is-registered");
  const bookId = `${act.agencyId}.inbound.ordinary`;
  const place = { bookId, ...(await nextPlace(transaction, bookId, stamp)) };
  const rules = await agencyRules(transaction, act.agencyId, parts.deem);
  await insertEntries(transaction, bookId, act.agencyId, [
    { letter, ...place, ...signature(act, stamp), deemed: rules.deem(found.arrivedAt) },
  ]);
  await insertTrayDecision(transaction, act, "registered", stamp);
  await tellSender(transaction, act);
  return done(place);
}

async function enter(
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

async function change(
  parts: RegistryParts,
  transaction: Transaction<Tables>,
  act: Act,
  stamp: Stamp,
): Promise<ActResult> {
  const place: Place = {
    bookId: act.bookId as string,
    year: act.year as number,
    number: act.number as number,
  };
  const line = await readLine(transaction, place);
  if (!line) return refused("no-such-line");
  if (line.status === "cancelled") return refused("the-line-is-cancelled");
  if (act.act === "cancel") {
    if (await hasMerged(transaction, place)) return refused("other-letters-were-merged-into-it");
    await insertEvent(transaction, act, "cancelled", {}, stamp);
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
  await insertEvent(transaction, act, act.act === "fill" ? "filled" : "corrected", changes, stamp);
  return done(place);
}

function signature(act: Act, stamp: Stamp) {
  return {
    clock: stamp.clock,
    registeredBy: act.madeBy,
    registeredByName: act.madeByName,
    actId: act.id,
  };
}

function tellSender(transaction: Transaction<Tables>, act: Act): Promise<void> {
  const work = { agencyId: act.agencyId, subjectId: act.intakeId as string };
  return handOn(transaction, "registry", [{ job: "notify-sender", ...work }]);
}
