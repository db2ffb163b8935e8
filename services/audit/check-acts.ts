import type { Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import { type ActFault, countActs, findActFaults, findTraceFaults, type TraceFault } from "./acts-store.ts";
import {
  BY_HAND,
  type CheckResult,
  named,
  placeId,
  placeWords,
  resultOf,
  retryWords,
} from "./check-result.ts";

/**
 * What clerks asked for: each act has exactly one result, or open work that is not stuck; what was done stands in the
 * books, and nothing stands there by a clerk's hand that no act has put there.
 */
export async function checkActs(transaction: Transaction<Tables>, stuckBefore: Date): Promise<CheckResult> {
  const { acts, ...figures } = await countActs(transaction);
  const faults = await findActFaults(transaction, stuckBefore);
  const traces = await findTraceFaults(transaction);
  return resultOf("acts", acts, figures, [
    named(
      faults,
      ({ actId }) => actId,
      (row) => `act ${row.actId} of ${row.agencyId}: ${WORDS[row.fault](row)}`,
    ),
    named(traces, whereOf, (row) => `${traceWords(row)}: ${TRACE_WORDS[row.fault]} ${BY_HAND}`),
  ]);
}

const WORDS: Readonly<Record<ActFault["fault"], (row: ActFault) => string>> = {
  "act-missing": () => `a result or work names it, but no such act is there. ${BY_HAND}`,
  "result-missing": ({ madeAt }) =>
    `it was asked for at ${madeAt?.toISOString()} and has neither a result nor open work: nothing will carry it out. ${BY_HAND}`,
  "set-aside": ({ madeAt, workId }) =>
    `it was asked for at ${madeAt?.toISOString()} and has no result; ${retryWords(workId)}.`,
  stuck: ({ madeAt }) =>
    `it was asked for at ${madeAt?.toISOString()} and has no result yet: see /readyz, saraban jobs and saraban clock for what it waits for.`,
  "result-repeated": () => `it has more than one result. ${BY_HAND}`,
};

const TRACE_WORDS: Readonly<Record<TraceFault["fault"], string>> = {
  "done-without-line": "it is done, but the line that it made is not there.",
  "done-without-event": "it is done, but the line has no such event.",
  "done-without-decision": "it is done, but the letter has no such decision.",
  "done-without-letter-event": "it is done, but our own letter has no such event.",
  "line-without-act": "it stands there by a clerk's hand, but no act that was done has made it.",
  "event-without-act":
    "something happened to it, but neither an act that was done nor a sender's mail says so.",
  "decision-without-act": "a clerk's decision is recorded, but no act that was done says so.",
  "letter-event-without-act": "something was done with it, but no act that was done says so.",
};

function placeOf({ bookId, year, number }: TraceFault) {
  return bookId === null || year === null ? null : { bookId, year, number };
}

/** An act by its id; a line without one by its place, a decision by its letter, an event of a letter of ours by that letter. */
function whereOf(row: TraceFault): string {
  if (row.fault.startsWith("done-")) return String(row.actId);
  const place = placeOf(row);
  return place ? placeId(place) : String(row.intakeId ?? row.letterId);
}

function traceWords(row: TraceFault): string {
  const place = placeOf(row);
  const letter = row.intakeId ?? row.letterId;
  const where = place ? placeWords(place) : `letter ${letter} of ${row.agencyId}`;
  return row.fault.startsWith("done-") ? `act ${row.actId}, ${where}` : where;
}
