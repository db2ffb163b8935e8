import type { Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import { BY_HAND, type CheckResult, letterWords, named, placeWords, resultOf } from "./check-result.ts";
import { countOutbound, findOutboundFaults, type OutboundFault } from "./outbound-store.ts";

/**
 * Letters of our own (Annex 6 §2.2.1): each that is signed off has a line of its own in its book and says what that line says;
 * who signed it off and when it was sent is recorded (one that is passed on was signed and numbered in a system of the agency's
 * own); a letter that was given up has a cancelled number or none; and each
 * recipient of a letter that was sent has been sent it, or there is open work that will.
 */
export async function checkOutbound(transaction: Transaction<Tables>): Promise<CheckResult> {
  const { letters, ...figures } = await countOutbound(transaction);
  const faults = await findOutboundFaults(transaction);
  return resultOf("outbound", letters, figures, [
    named(
      faults,
      ({ letterId }) => letterId,
      (row) => `${whereWords(row)}: ${WORDS[row.fault](row)} ${BY_HAND}`,
    ),
  ]);
}

const WORDS: Readonly<Record<OutboundFault["fault"], (row: OutboundFault) => string>> = {
  "line-missing": () => "it is signed off, and its line is not there.",
  "number-repeated": () => "another letter has the same number.",
  "not-its-book": () => "its number is of another book than that of its kind.",
  "line-cancelled": () => "its line is cancelled, and the letter is not given up.",
  "line-not-cancelled": () => "it was given up, and its number is not cancelled.",
  "differs-from-line": () => "it says something else than its line in the book.",
  "not-signed-off": () => "it has a number, and nobody is recorded who signed it off.",
  "sending-unrecorded": ({ sentAt }) =>
    `it was sent at ${sentAt?.toISOString()}, and nobody is recorded who sent it then.`,
  "event-missing": () => "something that was done with it is not recorded any more.",
  "sent-to-nobody": () => "it was sent, and no recipient is recorded.",
  "not-sent-and-has-recipients": () => "it was not sent, and recipients are recorded.",
  "recipient-forgotten": () =>
    "a recipient was not sent it, and no work is open that would do it; the act resend has it sent.",
};

function whereWords(row: OutboundFault): string {
  const { bookId, year, number } = row;
  const where = letterWords({ intakeId: row.letterId, agencyId: row.agencyId });
  return bookId === null || year === null ? where : `${where}, ${placeWords({ bookId, year, number })}`;
}
