import { tenDigits } from "../../shared/ecms/codes.ts";
import type { NotifierType } from "../../shared/ecms/message.ts";
import { isoDateOf } from "../../shared/ecms/wire-date.ts";
import { normaliseLetterNumber } from "../../shared/letter/letter-number.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Transaction } from "../../shared/runtime/database.ts";
import { insertReport, type KeptReport } from "../report-store.ts";
import { findByNumber } from "./evidence-store.ts";
import { type NotifierNews, newsOfNotifier } from "./notifier-news.ts";
import {
  type ArrivedNotifier,
  domainOfOffice,
  newestLetterNotice,
  readArrivedNotifier,
  saidSinceSent,
} from "./notifier-store.ts";
import { type NumberDispute, recordDispute } from "./record-dispute.ts";
import { recordNews } from "./record-news.ts";

/** What was made of a notifier, for the log. */
export interface RecordedNotifier {
  readonly kind: "notifier";
  readonly type: NotifierType;
  /** Whether the letter that it names was found. */
  readonly isMatched: boolean;
  readonly news?: NotifierNews["what"] | NumberDispute;
  readonly proof?: NotifierNews["proof"];
}

/**
 * A notifier of another office, by e-CMS: four of them say what became of a letter of ours there, the fifth that our number for
 * a letter of theirs is wrong. The letter is found by number, date and office, all three: numbers begin again each year, and
 * one office must not answer for another.
 * @returns null when the arrival is no notifier
 */
export async function recordNotifier(
  transaction: Transaction<Tables>,
  agencyId: string,
  intakeId: string,
  stamp: Stamp,
): Promise<RecordedNotifier | null> {
  const arrived = await readArrivedNotifier(transaction, intakeId);
  if (!arrived) return null;
  const { type } = arrived.notifier;
  const known = await namedBy(transaction, arrived);
  const found = known === null ? null : await record(transaction, arrived, known, stamp);
  const kept: KeptReport = {
    ...{ noticeId: found?.noticeId ?? null, matchedBy: found?.noticeId ? "number" : "nothing" },
    ...{ kind: "notifier", action: type, status: null, recipient: known?.domain ?? null, diagnostic: null },
  };
  await insertReport(transaction, agencyId, intakeId, kept, stamp);
  const { news, proof } = found ?? {};
  return {
    kind: "notifier",
    type,
    isMatched: found !== null,
    ...(news === undefined ? {} : { news }),
    ...(proof === undefined ? {} : { proof }),
  };
}

/** What a notifier speaks of, and who says it. */
export interface NamedLetter {
  /** Canonical. */
  readonly number: string;
  /** yyyy-MM-dd, C.E. */
  readonly date: string;
  /** Of the office that says it. */
  readonly domain: string;
  /** Whether who brought it is who says it: another office's number in it makes it a claim. */
  readonly isTheirs: boolean;
}

/**
 * The office is that in whose name it came; a node that passes on what others say names it as AcceptDepartment. Of
 * InvalidAcceptIDNotifier that is the department whose number is disputed: ours.
 */
async function namedBy(
  transaction: Transaction<Tables>,
  { notifier, senderDomain }: ArrivedNotifier,
): Promise<NamedLetter | null> {
  const number = notifier.letterId === null ? null : normaliseLetterNumber(notifier.letterId);
  // As at the door that has taken it in: a notifier that it understood must not find no letter here.
  const date = isoDateOf(notifier.correspondenceDate);
  const saysWho = notifier.type !== "InvalidAcceptIDNotifier";
  const department = saysWho ? tenDigits(notifier.acceptDepartment) : null;
  const said = department === null ? null : await domainOfOffice(transaction, department);
  const domain = senderDomain ?? said;
  if (number === null || date === null || domain === null) return null;
  return { number, date, domain, isTheirs: said === null || said === domain };
}

interface Found {
  /** Our message that it answers; null where none was promised yet. */
  readonly noticeId: string | null;
  readonly news?: NotifierNews["what"] | NumberDispute;
  readonly proof?: NotifierNews["proof"];
}

async function record(
  transaction: Transaction<Tables>,
  arrived: ArrivedNotifier,
  named: NamedLetter,
  stamp: Stamp,
): Promise<Found | null> {
  const { agencyId, intakeId, arrivedAt, notifier } = arrived;
  if (notifier.type === "InvalidAcceptIDNotifier") return recordDispute(transaction, arrived, named, stamp);
  const { number, date, domain } = named;
  const recipients = await findByNumber(transaction, agencyId, number, date);
  const recipient = recipients.find((one) => one.domain === domain);
  if (!recipient) return null;
  const { recipientId, letterId } = recipient;
  const noticeId = await newestLetterNotice(transaction, recipientId);
  const said = await saidSinceSent(transaction, recipientId);
  const news = newsOfNotifier(notifier, said, named.isTheirs);
  if (news === null) return { noticeId };
  await recordNews(
    transaction,
    {
      ...{ recipientId, letterId, agencyId, intakeId, evidenceId: null, source: "ecms" },
      ...news,
      // AcceptDate is anybody's clock: what counts is when it was heard, or a wrong one would stand before all that is said later.
      happenedAt: arrivedAt,
    },
    stamp,
  );
  return { noticeId, news: news.what, proof: news.proof };
}
