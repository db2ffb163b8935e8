import type { Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import { type BookFault, countBooks, findBookFaults } from "./books-store.ts";
import { BY_HAND, type CheckResult, named, placeId, placeWords, resultOf } from "./check-result.ts";

/**
 * Each book-year is 1 … n without hole or repeat; times never fall, over years too, and lie in their year in Asia/Bangkok
 * (Annex 6 §2.2.3), from which it follows that the years stand in order; book_year says where the book ends. Classified
 * books as well: of them only numbers and times are read.
 */
export async function checkBooks(transaction: Transaction<Tables>, latest: Date): Promise<CheckResult> {
  const { lines, ...figures } = await countBooks(transaction);
  const faults = await findBookFaults(transaction, latest);
  return resultOf("books", lines, figures, [named(faults, placeId, inWords)]);
}

const WORDS: Readonly<Record<BookFault["fault"], (row: BookFault) => string>> = {
  "number-missing": ({ number, numberBefore }) =>
    `${missing(Number(numberBefore) + 1, Number(number) - 1)} before this line. ${BY_HAND}`,
  "number-repeated": () => `the number stands there more than once. ${BY_HAND}`,
  "time-falls": ({ registeredAt, timeBefore }) =>
    `it was registered at ${iso(registeredAt)}, the line before it later, at ${iso(timeBefore)}. ${BY_HAND}`,
  "wrong-year": ({ registeredAt }) =>
    `it was registered at ${iso(registeredAt)}, in another year in Asia/Bangkok. ${BY_HAND}`,
  "time-ahead": ({ registeredAt }) =>
    `it was registered at ${iso(registeredAt)}, which is more than an hour from now: see saraban clock, here and on the hosts that register.`,
  "not-its-book": ({ agencyId }) => `the line is of ${agencyId}, the book is not. ${BY_HAND}`,
  "last-line-differs": ({ registeredAt, lastNumber, lastRegisteredAt }) =>
    `this is the last line, of ${iso(registeredAt)}, but book_year ends at ${lastNumber ?? "none"}, ${iso(lastRegisteredAt)}: lines were taken away or added. ${BY_HAND}`,
  "year-without-lines": ({ lastNumber }) =>
    `book_year ends at ${lastNumber}, but there is no line. ${BY_HAND}`,
};

function inWords(row: BookFault): string {
  return `${placeWords(row)}: ${WORDS[row.fault](row)}`;
}

function missing(first: number, last: number): string {
  return first === last ? `${first} is missing` : `${first} to ${last} are missing`;
}

function iso(at: Date | null): string {
  return at?.toISOString() ?? "none";
}
