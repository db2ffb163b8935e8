import type { Transaction } from "kysely";
import { bangkokYear, type Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { lastOfBook } from "./book-store.ts";

/** A book's time stands still while the clock is behind its last entry; further behind than this, nothing is numbered. */
const MOST_AHEAD_MS = 60 * 60 * 1000;

/** Thrown inside a transaction, so that it is rolled back: the moment that its numbers would carry is not good enough. */
export class ClockHeld extends Error {
  override readonly name = "ClockHeld";
}

/** Where a book goes on. */
export interface NextPlace {
  readonly year: number;
  /** The number that the next line gets. */
  readonly number: number;
  readonly registeredAt: Date;
}

/** A book's newest entry. */
export type LastEntry = Awaited<ReturnType<typeof lastOfBook>>;

/**
 * The place of a book's next line, for the moment of registration (Annex 6 §2.2.3): the next number of the year in
 * Asia/Bangkok in which that moment lies. Run under the book's lock.
 * @throws ClockHeld when the book is far ahead of the clock
 */
export async function nextPlace(
  transaction: Transaction<Tables>,
  bookId: string,
  stamp: Stamp,
): Promise<NextPlace> {
  return placeAfter(await lastOfBook(transaction, bookId), stamp);
}

/**
 * The same for who has looked up the newest entry, under the book's lock.
 * @throws ClockHeld
 */
export function placeAfter(last: LastEntry, stamp: Stamp): NextPlace {
  if (last && last.registeredAt.getTime() - stamp.at.getTime() > MOST_AHEAD_MS) {
    // One jump of a clock must not carry a book into another year for good: somebody has to look.
    throw new ClockHeld(
      `the book's last entry is of ${last.registeredAt.toISOString()}, far ahead of the clock`,
    );
  }
  // A clock set back, over New Year too, never takes the book back: it stands at the last entry's moment.
  const registeredAt = last && last.registeredAt > stamp.at ? last.registeredAt : stamp.at;
  const year = bangkokYear(registeredAt);
  return { registeredAt, year, number: last && last.year === year ? last.number + 1 : 1 };
}
