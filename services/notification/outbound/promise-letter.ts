import type { Transaction } from "kysely";
import { signRecall } from "../../shared/letter/evidence/recall.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { newId } from "../../shared/runtime/ids.ts";
import { isFetchedHere } from "../inbox/sent-item-store.ts";
import {
  findNotices,
  insertNotice,
  type Notice,
  type NoticeChannel,
  withholdNotice,
} from "../notice-store.ts";
import type { EvidenceIssuer } from "../receipts/issue-evidence.ts";
import { isInInbox, layLetter, layRecall, recordTaken, seenInInboxes } from "./lay-letter.ts";
import { agencyOf, isClassified, letterFactsOf, recallOf } from "./letter-facts.ts";
import { isBeingSent, type LetterSubject, newestEvidenceId, readLetterSubject } from "./outbound-store.ts";
import { hasServerEvent } from "./recipient-event-store.ts";
import { recordNews, serverNews } from "./record-news.ts";

/**
 * Promises what is owed to one recipient of a letter of ours: the letter itself, once more for each time that it was asked
 * to be sent again, and its recall. What is promised once stays as it was, however often this runs. Records what the tries
 * since the last run have shown, and that a letter was called back before it had left.
 */
export async function promiseLetter(
  transaction: Transaction<Tables>,
  issuer: EvidenceIssuer,
  recipientId: string,
  stamp: Stamp,
): Promise<Notice[]> {
  const subject = await readLetterSubject(transaction, recipientId);
  if (!subject) throw new Error("the recipient cannot be found");
  const find = () => findNotices(transaction, { recipientId });
  let notices = await find();
  if (await promiseMails(transaction, subject, notices, stamp)) notices = await find();
  await recordDelays(transaction, subject, notices, stamp);
  if (notices.some(({ channel }) => channel === "inbox")) await recordTaken(transaction, subject, stamp);
  if (subject.recall === null) return notices;
  await recallLetter(transaction, issuer, subject, subject.recall, notices, stamp);
  return find();
}

/** @returns whether any was promised */
async function promiseMails(
  transaction: Transaction<Tables>,
  subject: LetterSubject,
  notices: readonly Notice[],
  stamp: Stamp,
): Promise<boolean> {
  const { recipientId, letterId, agencyId, address, agency, recall } = subject;
  const missing = [null, ...subject.resent].filter(
    (eventId) => !notices.some((notice) => notice.kind === "letter" && notice.eventId === eventId),
  );
  if (missing.length === 0) return false;
  const classified = isClassified(subject);
  // Of a classified letter nothing is repeated, here neither.
  const facts = classified ? { agency: agencyOf(subject) } : letterFactsOf(subject);
  const withheld = classified ? "classified" : recall === null ? null : "recalled";
  const isFetched = subject.channel === "ecms" && (await isFetchedHere(transaction, recipientId));
  const channel: NoticeChannel = isFetched ? "inbox" : subject.channel;
  const inInbox = notices.filter(isInInbox).map(({ id }) => id);
  for (const eventId of missing) {
    const id = newId();
    const messageId = `<letter.${id}@${agency.domain}>`;
    const place = { agencyId, letterId, recipientId, eventId, channel };
    const notice = { ...place, id, kind: "letter", recipient: address, messageId, facts, withheld } as const;
    const isNew = await insertNotice(transaction, notice, stamp);
    if (isNew && isFetched && withheld === null) {
      await layLetter(transaction, subject, id, inInbox, stamp);
      inInbox.push(id);
    }
    if (isNew && classified) {
      await recordNews(
        transaction,
        serverNews(subject, "failed", { noticeId: id, reason: "classified" }, stamp),
        stamp,
      );
    }
  }
  return true;
}

/** Once for each notice and each kind of doubt: a server that is away for days is one piece of news. */
async function recordDelays(
  transaction: Transaction<Tables>,
  subject: LetterSubject,
  notices: readonly Notice[],
  stamp: Stamp,
): Promise<void> {
  for (const { id, kind, state, lastResult } of notices) {
    if (kind !== "letter" || state !== "due") continue;
    if (lastResult !== "transient" && lastResult !== "unknown") continue;
    const details = { noticeId: id, reason: lastResult === "unknown" ? "answer-unknown" : "tried-again" };
    if (await hasServerEvent(transaction, subject.recipientId, "delayed", details)) continue;
    await recordNews(transaction, serverNews(subject, "delayed", details, stamp), stamp);
  }
}

/**
 * Called back before any server may have taken it, a letter is not sent at all, and there is nothing to ask for. Where one
 * may have it (the line broke before its answer, or we were killed before we had written it down) the recall goes out. What
 * lies in an inbox and was not fetched yet is taken out of it.
 */
async function recallLetter(
  transaction: Transaction<Tables>,
  issuer: EvidenceIssuer,
  subject: LetterSubject,
  recall: NonNullable<LetterSubject["recall"]>,
  notices: readonly Notice[],
  stamp: Stamp,
): Promise<void> {
  const { recipientId, letterId, agencyId, address, agency } = subject;
  if (notices.some(({ kind, eventId }) => kind === "recall" && eventId === recall.eventId)) return;
  const letters = notices.filter(({ kind }) => kind === "letter");
  const mayHaveLeft = await isBeingSent(transaction, recipientId);
  for (const { id, state } of letters)
    if (state === "due") await withholdNotice(transaction, id, "recalled", stamp.at);
  const seen = await seenInInboxes(transaction, letters, stamp);
  const mayBeThere = letters.filter((letter) => {
    const { id, state, attempts } = letter;
    if (isInInbox(letter)) return seen.has(id);
    return (
      state === "delivered" || wasTaken(subject, id) || (mayHaveLeft && state === "due" && attempts === 0)
    );
  });
  const [first] = mayBeThere;
  if (!first) {
    const details = { reason: letters.some(isInInbox) ? "not-fetched" : "not-sent" };
    if (!(await hasServerEvent(transaction, recipientId, "recall-accepted", details)))
      await recordNews(transaction, serverNews(subject, "recall-accepted", details, stamp), stamp);
    return;
  }
  const messageIds = mayBeThere.map(({ messageId }) => messageId);
  const evidenceId = await newestEvidenceId(transaction, recipientId);
  const asked = recallOf(subject, recall, messageIds, evidenceId, stamp.at);
  const id = newId();
  const facts = {
    agency: agencyOf(subject),
    recall: asked,
    jws: await signRecall(asked, await issuer.signer(transaction, stamp.at)),
    printed: subject.entry?.letterNumberPrinted ?? asked.letter.number,
    letterMessageId: first.messageId,
  };
  // Where the newest of them went: an office may have got a node since the first.
  const channel = mayBeThere.at(-1)?.channel ?? subject.channel;
  const place = { agencyId, letterId, recipientId, eventId: recall.eventId, channel };
  const messageId = `<recall.${id}@${agency.domain}>`;
  const isNew = await insertNotice(
    transaction,
    { ...place, id, kind: "recall", recipient: address, messageId, facts, withheld: null },
    stamp,
  );
  if (!isNew || channel !== "inbox") return;
  const letterNoticeIds = mayBeThere.map((letter) => letter.id);
  await layRecall(transaction, subject, id, letterNoticeIds, stamp);
}

function wasTaken({ tries }: LetterSubject, noticeId: string): boolean {
  const results = tries.find((each) => each.noticeId === noticeId)?.results ?? [];
  return results.includes("accepted") || results.includes("unknown");
}
