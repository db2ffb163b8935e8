import type { Transaction } from "kysely";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { findDoneItems, insertRecall, insertSentLetter, withdrawUnseen } from "../inbox/sent-item-store.ts";
import { insertAttempt } from "../mail/delivery-store.ts";
import type { Notice } from "../notice-store.ts";
import type { LetterSubject } from "./outbound-store.ts";
import { recordNews, serverNews } from "./record-news.ts";

type Place = Pick<LetterSubject, "recipientId" | "letterId" | "agencyId">;

/**
 * Delivers a letter of ours to an office whose own program fetches it here: it lies in that program's inbox with the commit of
 * the promise. Of a letter that goes there once more the first one is taken away, unless somebody has seen it.
 * @param earlier notices of the same letter that lie there
 */
export async function layLetter(
  transaction: Transaction<Tables>,
  place: Place,
  noticeId: string,
  earlier: readonly string[],
  stamp: Stamp,
): Promise<void> {
  if (earlier.length > 0) await withdrawUnseen(transaction, earlier, stamp.at);
  const clients = await insertSentLetter(transaction, { noticeId, recipientId: place.recipientId }, stamp.at);
  await recordLaid(transaction, place, noticeId, "accepted", clients, stamp);
}

/** Tells the programs that have seen the letter that it is asked back. @param letterNoticeIds of the letter */
export async function layRecall(
  transaction: Transaction<Tables>,
  place: Place,
  noticeId: string,
  letterNoticeIds: readonly string[],
  stamp: Stamp,
): Promise<void> {
  const clients = await insertRecall(transaction, noticeId, letterNoticeIds, stamp.at);
  await recordLaid(transaction, place, noticeId, "recall-sent", clients, stamp);
}

async function recordLaid(
  transaction: Transaction<Tables>,
  place: Place,
  noticeId: string,
  what: "accepted" | "recall-sent",
  clients: readonly string[],
  stamp: Stamp,
): Promise<void> {
  const times = { startedAt: stamp.at, endedAt: stamp.at };
  const reply = `laid into the inbox of ${clients.join(", ")}`;
  const { agencyId } = place;
  await insertAttempt(transaction, {
    ...{ agencyId, noticeId, channel: "inbox", ...times },
    ...{ result: "accepted", reply },
  });
  await recordNews(transaction, serverNews(place, what, { noticeId, reply }, stamp), stamp);
}

/**
 * What became known of what lies in inboxes: that a program has taken the letter, under its own credentials; or that it has
 * passed over the recall, for which e-CMS has no word, so that somebody has to ask by other ways.
 */
export async function recordTaken(
  transaction: Transaction<Tables>,
  { recipientId, letterId, agencyId }: Place,
  stamp: Stamp,
): Promise<void> {
  const place = { recipientId, letterId, agencyId };
  for (const { itemId, noticeId, clientId, kind, doneAt, isSeen } of await findDoneItems(
    transaction,
    recipientId,
  )) {
    const details = { noticeId, itemId, clientId };
    if (kind === "sent-letter" && isSeen) {
      const told = { what: "delivered", source: "ecms", proof: "client", happenedAt: doneAt } as const;
      const news = { ...place, ...told, intakeId: null, evidenceId: null, details };
      await recordNews(transaction, news, stamp);
    }
    if (kind === "recall" && !isSeen) {
      const unsaid = { ...details, reason: "no-notifier" };
      await recordNews(transaction, serverNews(place, "recall-refused", unsaid, stamp), stamp);
    }
  }
}

/** Which of the letters may be with the recipient, of those in inboxes: what nobody has fetched yet is taken away. */
export async function seenInInboxes(
  transaction: Transaction<Tables>,
  letters: readonly Notice[],
  { at }: Stamp,
): Promise<ReadonlySet<string>> {
  const ids = letters.filter(isInInbox).map(({ id }) => id);
  return ids.length === 0 ? new Set() : withdrawUnseen(transaction, ids, at);
}

export function isInInbox({ channel, state, kind }: Notice): boolean {
  return kind === "letter" && channel === "inbox" && state === "delivered";
}
