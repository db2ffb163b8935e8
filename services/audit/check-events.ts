import type { Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import { BY_HAND, type CheckResult, named, placeWords, resultOf } from "./check-result.ts";
import { countEvents, type EventFault, findEventFaults } from "./events-store.ts";

/**
 * What happened to lines after they were written: events of a book are 1 … n, their times never fall, each belongs to a
 * line, a reserved number is filled at most once, a letter handed over at most once, a recall answered only when somebody
 * has asked for it, and nothing follows a cancellation.
 */
export async function checkEvents(transaction: Transaction<Tables>, latest: Date): Promise<CheckResult> {
  const { events, ...figures } = await countEvents(transaction);
  const faults = await findEventFaults(transaction, latest);
  return resultOf("events", events, figures, [
    named(faults, ({ bookId, eventNo }) => `${bookId}/event/${eventNo}`, inWords),
  ]);
}

const WORDS: Readonly<Record<EventFault["fault"], (row: EventFault) => string>> = {
  "event-missing": ({ eventBefore }) =>
    `it follows event ${eventBefore}: what lies between is missing. ${BY_HAND}`,
  "event-repeated": () => `the book has two events of this number. ${BY_HAND}`,
  "time-falls": ({ madeAt, timeBefore }) =>
    `it is of ${madeAt.toISOString()}, the event before it later, of ${timeBefore?.toISOString()}. ${BY_HAND}`,
  "time-ahead": ({ madeAt }) =>
    `it is of ${madeAt.toISOString()}, which is more than an hour from now: see saraban clock, here and on the hosts that register.`,
  "line-missing": () => `there is no such line. ${BY_HAND}`,
  "after-cancellation": () => `the line was cancelled before. ${BY_HAND}`,
  "filled-twice": () => `the reserved number was filled before. ${BY_HAND}`,
  "filled-not-reserved": () => `it fills a line that was not reserved. ${BY_HAND}`,
  "handed-over-twice": () => `the letter was handed over to an officer before. ${BY_HAND}`,
  "answered-unasked": () => `it answers a recall, and nobody has asked for one. ${BY_HAND}`,
};

function inWords(row: EventFault): string {
  return `${placeWords(row)}, event ${row.eventNo}: ${WORDS[row.fault](row)}`;
}
