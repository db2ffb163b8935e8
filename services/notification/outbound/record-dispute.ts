import { handOn } from "../../shared/letter/outbox.ts";
import { buddhistYear, type Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Transaction } from "../../shared/runtime/database.ts";
import { layDispute } from "../inbox/fill-inbox.ts";
import { insertReceiptItem } from "../inbox/inbox-store.ts";
import { promiseDisputeAlert } from "../promise-dispute-alert.ts";
import { arabic } from "./notifier-news.ts";
import {
  type ArrivedNotifier,
  findRegisteredArrival,
  type RegisteredArrival,
  sendNoticeAgain,
} from "./notifier-store.ts";
import type { NamedLetter } from "./record-notifier.ts";

/** told-again: the number that it disputes is not ours, and ours was sent once more; disputed: it is, and a clerk has to look. */
export type NumberDispute = "told-again" | "disputed";

/**
 * An office says that the number is wrong which it was told for its letter. A number that we never gave was garbled on its way:
 * our own goes out again. Ours is not changed by a program: persons and programs of the agency are told of the dispute.
 * @returns null for a letter that came from that office to no line of ours
 */
export async function recordDispute(
  transaction: Transaction<Tables>,
  arrived: ArrivedNotifier,
  named: NamedLetter,
  stamp: Stamp,
): Promise<{ readonly noticeId: string | null; readonly news: NumberDispute } | null> {
  const { agencyId, intakeId, notifier } = arrived;
  const letter = await findRegisteredArrival(transaction, agencyId, named);
  if (letter === null) return null;
  const { noticeId } = letter;
  if (!isOurs(notifier.acceptId, letter) && !letter.isCancelled)
    if (await tellAgain(transaction, arrived, letter, stamp)) return { noticeId, news: "told-again" };
  await layDispute(transaction, agencyId, intakeId, stamp);
  await promiseDisputeAlert(transaction, arrived, letter, stamp);
  return { noticeId, news: "disputed" };
}

/** 12, 12/2569 and ๑๒/๒๕๖๙ are the same number of ours; what says none disputes it all the same. */
function isOurs(acceptId: string | null, { number, year }: RegisteredArrival): boolean {
  const text = arabic((acceptId ?? "").trim());
  if (text === "") return true;
  const [, said, saidYear] = /^0*(\d{1,9})(?:\/(\d{4}))?$/.exec(text) ?? [];
  if (said === undefined || Number(said) !== number) return false;
  return saidYear === undefined || Number(saidYear) === year || Number(saidYear) === buddhistYear(year);
}

/** To the program that has asked, in its inbox; where none has, the way that the acknowledgement went. */
async function tellAgain(
  transaction: Transaction<Tables>,
  { agencyId, intakeId, clientId }: ArrivedNotifier,
  { intakeId: letterId, noticeId, receiptId }: RegisteredArrival,
  stamp: Stamp,
): Promise<boolean> {
  if (clientId !== null) {
    if (receiptId === null) return false;
    await insertReceiptItem(transaction, { agencyId, clientId, intakeId, receiptId }, stamp.at);
    return true;
  }
  if (noticeId === null || !(await sendNoticeAgain(transaction, noticeId))) return false;
  await handOn(transaction, "notification", [{ job: "notify-sender", agencyId, subjectId: letterId }]);
  return true;
}
