import type { JobData } from "../../shared/letter/flow.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Transaction } from "../../shared/runtime/database.ts";
import { type DeliveryParts, deliverNotices } from "../mail/deliver-notices.ts";
import type { SendResult } from "../mail/mail-transport.ts";
import type { OutgoingMail } from "../mail/outgoing-mail.ts";
import type { Notice } from "../notice-store.ts";
import type { EvidenceIssuer } from "../receipts/issue-evidence.ts";
import { composeLetter, type OpenFile } from "./compose-letter.ts";
import { composeRecall } from "./compose-recall.ts";
import type { LetterNoticeFacts, RecallNoticeFacts } from "./letter-facts.ts";
import { openerOf, type SentFiles } from "./open-sent-file.ts";
import { promiseLetter } from "./promise-letter.ts";
import { recordNews, serverNews } from "./record-news.ts";

export interface SendLetterParts extends DeliveryParts, SentFiles {
  /** Signs recalls, with the key that signs the receipts. */
  readonly issuer: EvidenceIssuer;
}

/**
 * The job "send-letter", one for each recipient: the letter, the letter once more when somebody asks for that, and its
 * recall. Each is one mail with a return path of its own, so that what comes back to it is about this recipient; or, to who
 * is reached by e-CMS, one post to a node, or an item in the inbox of his own program. That a program has taken its item runs
 * the job once more.
 */
export function sendLetter(parts: SendLetterParts, data: JobData): Promise<void> {
  return deliverNotices(parts, data, "send-letter", {
    promise: (transaction, stamp) => promiseLetter(transaction, parts.issuer, data.subjectId, stamp),
    compose: (notice, returnPath) => compose(notice, returnPath, openerOf(parts, data.agencyId)),
    settled,
  });
}

function compose(notice: Notice, returnPath: string, open: OpenFile): OutgoingMail | Promise<OutgoingMail> {
  // What this room has promised under a kind has that kind's facts.
  if (notice.kind === "recall") return composeRecall(notice, notice.facts as RecallNoticeFacts, returnPath);
  return composeLetter(notice, notice.facts as LetterNoticeFacts, returnPath, open);
}

/** What the next server's answer means for the recipient, once it is final. */
async function settled(
  transaction: Transaction<Tables>,
  { id, kind, agencyId, letterId, recipientId }: Notice,
  { result, reply }: SendResult,
  stamp: Stamp,
): Promise<void> {
  if (letterId === null || recipientId === null) return;
  const place = { agencyId, letterId, recipientId };
  const isTaken = result === "accepted";
  const what =
    kind === "recall" ? (isTaken ? "recall-sent" : "recall-refused") : isTaken ? "accepted" : "failed";
  const details = { noticeId: id, reply, ...(isTaken ? {} : { reason: reasonOf(result) }) };
  await recordNews(transaction, serverNews(place, what, details, stamp), stamp);
}

function reasonOf(result: SendResult["result"]): string {
  return result === "permanent" ? "not-taken" : "given-up";
}
