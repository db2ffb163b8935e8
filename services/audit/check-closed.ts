import type { Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import { BY_HAND, type CheckResult, named, placeId, placeWords, resultOf } from "./check-result.ts";
import { type ClosedFault, countClosed, findClosedFaults } from "./closed-store.ts";

/**
 * Classified letters are whole, and closed: each arrival and each line of a classified book has its sealed facts, under the
 * level that it came with; each arrival its sealed contents; a level that is another one today has the event that made it so; a line
 * says nothing; and what became of a letter is told to its own program alone. Whether there are keys for them,
 * `saraban keys` tells.
 */
export async function checkClosed(transaction: Transaction<Tables>): Promise<CheckResult> {
  const { letters, ...figures } = await countClosed(transaction);
  const faults = await findClosedFaults(transaction);
  return resultOf("classified", letters, figures, [
    named(faults, whereOf, (row) => `${whereWords(row)}: ${WORDS[row.fault]} ${BY_HAND}`),
  ]);
}

const WORDS: Readonly<Record<ClosedFault["fault"], string>> = {
  "facts-missing": "what the register says of it, sealed, is not there.",
  "contents-missing": "the key of its contents is not there, or is for other octets than those that arrived.",
  "contents-lost": "its sealed contents are not stored, were removed, or have another size.",
  "not-sealed": "its contents are stored, and are not sealed.",
  "level-differs": "it came with another level than its sealed facts, or its line, were made for.",
  "level-unexplained": "its level today is not what the last event, or its birth, has made it.",
  "act-missing": "it was written in by hand, and no act says who wrote it in.",
  "line-speaks": "the line, or an event beside it, holds words of the letter.",
  "open-to-all":
    "what became of it is not marked as closed, and may be seen by any program or clerk of the agency.",
};

function placeOf({ bookId, year, number }: ClosedFault) {
  return bookId === null || year === null ? null : { bookId, year, number };
}

function whereOf(row: ClosedFault): string {
  const place = placeOf(row);
  return place ? placeId(place) : String(row.letterId);
}

function whereWords(row: ClosedFault): string {
  const place = placeOf(row);
  return place ? placeWords(place) : `classified letter ${row.letterId} of ${row.agencyId}`;
}
