import type { Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import {
  countNotices,
  countOwed,
  findNoticeFaults,
  findStateFaults,
  type NoticeFault,
  type StateFault,
} from "./acknowledgements-store.ts";
import { BY_HAND, type CheckResult, letterWords, named, resultOf, retryWords } from "./check-result.ts";

/**
 * Every registered letter that came by a door is acknowledged, every refused or rejected one is answered, or the reason
 * why not is recorded (Annex 6 §1.1); and nobody is told what is not so. Notices that wait for a server are no fault as
 * long as work for them is open: how long they are tried is the notification's to decide.
 * @param stuckBefore what is owed since then must have been promised
 */
export async function checkAcknowledgements(
  transaction: Transaction<Tables>,
  stuckBefore: Date,
): Promise<CheckResult> {
  const { owed, notYetPromised } = await countOwed(transaction);
  const states = await countNotices(transaction);
  const figures = Object.fromEntries(
    states.map(({ state, reason, notices }) => [reason === "" ? state : `${state}: ${reason}`, notices]),
  );
  const faults = await findNoticeFaults(transaction, stuckBefore);
  const unproved = await findStateFaults(transaction);
  return resultOf("acknowledgements", owed, { notYetPromised, ...figures }, [
    named(
      faults,
      ({ intakeId }) => intakeId,
      (row) => `${letterWords(row)}: ${WORDS[row.fault](row)}`,
    ),
    named(
      unproved,
      ({ intakeId }) => intakeId,
      (row) => `${letterWords(row)}: ${STATE_WORDS[row.fault](row)}`,
    ),
  ]);
}

// One wording for acknowledgements, refusals and rejections: a report must not tell which letters were classified.
const WORDS: Readonly<Record<NoticeFault["fault"], (row: NoticeFault) => string>> = {
  "notice-missing": () => `its sender was promised no notice, and no work is open for one. ${BY_HAND}`,
  "notice-stuck": ({ owedSince }) =>
    `its sender waits for a notice since ${owedSince?.toISOString()}, and none is promised yet: is the notification service running (/readyz)?`,
  "notice-set-aside": ({ workId }) => `its sender has not been told; ${retryWords(workId)}.`,
  "notice-forgotten": () => `its notice is due, but no work is open that would send it. ${BY_HAND}`,
  "notice-unfounded": () =>
    `its notice says what the books do not: an acknowledgement needs a line, other notices their decision. ${BY_HAND}`,
  "notice-repeated": () => `it has more than one notice of a kind. ${BY_HAND}`,
};

const STATE_WORDS: Readonly<Record<StateFault["fault"], (row: StateFault) => string>> = {
  "reason-missing": ({ state }) => `its notice is ${state}, and no reason is recorded. ${BY_HAND}`,
  "delivery-unproved": () =>
    `its notice is delivered, but no attempt is recorded that a server accepted. ${BY_HAND}`,
  "not-in-inbox": () =>
    `its notice is delivered into the inbox of a client, and does not lie there. ${BY_HAND}`,
  "not-told-there": () =>
    `a client handed it in, and its notice was sent by mail and not laid into the client's inbox. ${BY_HAND}`,
};
