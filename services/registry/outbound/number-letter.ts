import { type Act, normaliseFacts } from "../../shared/letter/act.ts";
import type { ActRefusal } from "../../shared/letter/act-refusal.ts";
import type { OutboundFacts } from "../../shared/letter/outbound.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Transaction } from "../../shared/runtime/database.ts";
import type { Place } from "../act-store.ts";
import { changesOf, overlaid, signature } from "../compose-line.ts";
import { insertEntries } from "../entry-store.ts";
import { type CurrentLine, insertEvent, readLine } from "../line-store.ts";
import { nextPlace } from "../next-place.ts";

/** Where a letter will stand: a new line, or one that was reserved (its line as it reads now). */
export interface LetterPlace extends Place {
  /** The book's moment (next-place.ts); null for a reserved line, whose moment has passed. */
  readonly registeredAt: Date | null;
  readonly reserved: CurrentLine | null;
}

/** The next number of the book, or the reserved one that the act names. Takes nothing yet. */
export async function placeFor(
  transaction: Transaction<Tables>,
  act: Act,
  bookId: string,
  stamp: Stamp,
): Promise<LetterPlace | ActRefusal> {
  if (act.bookId === null)
    return { bookId, ...(await nextPlace(transaction, bookId, stamp)), reserved: null };
  if (act.bookId !== bookId || act.year === null || act.number === null)
    return "the-number-is-of-another-book";
  const place = { bookId, year: act.year, number: act.number };
  const line = await readLine(transaction, place);
  if (!line) return "no-such-line";
  if (line.status === "cancelled") return "the-line-is-cancelled";
  if (line.status !== "reserved") return "the-number-is-not-reserved";
  return { ...place, registeredAt: null, reserved: line };
}

/** Writes the letter's line, or fills the reserved one. */
export async function numberLetter(
  transaction: Transaction<Tables>,
  act: Act,
  facts: OutboundFacts,
  { place, letterNumber }: { readonly place: LetterPlace; readonly letterNumber: string },
  stamp: Stamp,
): Promise<void> {
  const {
    series: _,
    text: __,
    recipients: ___,
    files: ____,
    ownerMail: _____,
    replaces: ______,
    ...columns
  } = facts;
  const line = { ...normaliseFacts(columns), letterNumber, letterNumberPrinted: letterNumber };
  if (place.reserved !== null) {
    const changes = changesOf(place.reserved, line);
    return insertEvent(transaction, act, place, { what: "filled", changes }, stamp);
  }
  const { bookId, year, number, registeredAt } = place;
  await insertEntries(transaction, bookId, act.agencyId, [
    {
      letter: { ...overlaid(null, line), channel: "smtp" },
      year,
      number,
      registeredAt: registeredAt ?? stamp.at,
      ...signature(act, stamp),
      deemed: null,
    },
  ]);
}
