import type { Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import { BY_HAND, type CheckResult, letterWords, named, resultOf, retryWords } from "./check-result.ts";
import {
  countOutcomes,
  type EarlierFault,
  findEarlierFaults,
  findOutcomeFaults,
  type OutcomeFault,
} from "./outcomes-store.ts";

/**
 * Nothing accepted is lost: each arrival has exactly one outcome, or open work that is not stuck. What was registered
 * stands in a book exactly once, by the rule or by one decision of a clerk on what lay in the tray; and no line, outcome or
 * decision is of an arrival that is not there.
 * @param stuckBefore open work for arrivals before it is stuck
 */
export async function checkOutcomes(
  transaction: Transaction<Tables>,
  stuckBefore: Date,
  latest: Date,
): Promise<CheckResult> {
  const { arrivals, ...figures } = await countOutcomes(transaction);
  const faults = await findOutcomeFaults(transaction, stuckBefore, latest);
  const earlier = await findEarlierFaults(transaction);
  return resultOf("outcomes", arrivals, figures, [
    named(
      faults,
      ({ intakeId }) => intakeId,
      (row) => `${letterWords(row)}: ${WORDS[row.fault](row)}`,
    ),
    named(
      earlier,
      ({ intakeId }) => intakeId,
      (row) => `${letterWords(row)}: ${EARLIER_WORDS[row.fault](row)}`,
    ),
  ]);
}

const WORDS: Readonly<Record<OutcomeFault["fault"], (row: OutcomeFault) => string>> = {
  "arrival-missing": () =>
    `an outcome, a line, a decision or work names it, but no such arrival is there. ${BY_HAND}`,
  "outcome-missing": ({ arrivedAt }) =>
    `it was accepted at ${arrivedAt?.toISOString()} and has neither an outcome nor open work: nothing will take it up. ${BY_HAND}`,
  "set-aside": ({ arrivedAt, workId }) =>
    `it was accepted at ${arrivedAt?.toISOString()} and has no outcome; ${retryWords(workId)}.`,
  stuck: ({ arrivedAt }) =>
    `it was accepted at ${arrivedAt?.toISOString()} and has no outcome yet: see /readyz, saraban jobs and saraban clock for what it waits for.`,
  "outcome-repeated": () => `it has more than one outcome. ${BY_HAND}`,
  "line-repeated": () => `it stands in the books more than once. ${BY_HAND}`,
  "registered-without-line": () => `its outcome is registered, but it stands in no book. ${BY_HAND}`,
  "line-without-outcome": () => `it was registered by rule, but its outcome does not say so. ${BY_HAND}`,
  "not-in-the-tray": () => `a clerk's decision is recorded, but it did not lie in the tray. ${BY_HAND}`,
  "decision-repeated": () => `more than one decision is recorded. ${BY_HAND}`,
  "decided-without-line": () =>
    `a clerk had it registered, but there is no line by a clerk's hand for it. ${BY_HAND}`,
  "line-without-decision": () =>
    `it stands in a book by a clerk's hand, but no such decision is recorded. ${BY_HAND}`,
  "time-ahead": ({ arrivedAt }) =>
    `it arrived at ${arrivedAt?.toISOString()}, which is more than an hour from now: see saraban clock, here and at the doors.`,
};

const EARLIER_WORDS: Readonly<Record<EarlierFault["fault"], (row: EarlierFault) => string>> = {
  "earlier-missing": ({ earlierId }) =>
    `it repeats ${earlierId ?? "nothing"}, which is not there. ${BY_HAND}`,
  "earlier-is-itself": () => `it is said to repeat itself. ${BY_HAND}`,
  "earlier-is-none": ({ earlierId }) =>
    `it repeats ${earlierId}, which itself is a duplicate, was ignored or has no outcome. ${BY_HAND}`,
  "earlier-without-line": ({ earlierId }) => `it repeats ${earlierId}, which stands in no book. ${BY_HAND}`,
};
