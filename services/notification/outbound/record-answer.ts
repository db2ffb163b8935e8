import type { Transaction } from "kysely";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { KeptReport, Report, ReportedNotice } from "../report-store.ts";
import { findSentTo } from "./evidence-store.ts";
import { domainOf, judgeEvidence } from "./judge-evidence.ts";
import { newsOfEvidence, newsOfReport } from "./news-of-report.ts";
import type { RecipientNews } from "./recipient-event-store.ts";
import { recordNews } from "./record-news.ts";

/** A mail that speaks of a message of ours, and what was made of it so far. */
export interface Answer {
  readonly intakeId: string;
  readonly agencyId: string;
  readonly mail: Report;
  readonly kept: KeptReport;
  readonly notice: ReportedNotice | null;
  /** It came to the return path that our message alone carried, and names no other message. */
  readonly isProved: boolean;
  /** It says that the message did not get there. */
  readonly isFailure: boolean;
}

/**
 * Records what an answer says of a letter of ours at one recipient, if it is about one: by its receipt, which counts whoever
 * has brought it; else by the message that it answers, or as a last resort by the number that it names.
 * @returns what was recorded; null for nothing
 */
export async function recordAnswer(
  transaction: Transaction<Tables>,
  answer: Answer,
  stamp: Stamp,
): Promise<Pick<RecipientNews, "what" | "proof"> | null> {
  const { intakeId, agencyId, mail } = answer;
  const jws = mail.report?.evidence ?? null;
  const judged = jws === null ? null : await judgeEvidence(transaction, agencyId, jws);
  const said = judged === null ? null : newsOfEvidence(judged, { intakeId, arrivedAt: mail.arrivedAt });
  if (said !== null) return record(transaction, { ...said.news, ...placeOf(said.recipient) }, stamp);
  const because = judged?.state === "unproved" ? judged.because : null;
  const told = await toldByMail(transaction, answer, because);
  return told === null ? null : record(transaction, told, stamp);
}

async function record(
  transaction: Transaction<Tables>,
  news: RecipientNews,
  stamp: Stamp,
): Promise<Pick<RecipientNews, "what" | "proof"> | null> {
  return (await recordNews(transaction, news, stamp)) ? { what: news.what, proof: news.proof } : null;
}

/** @param because why the receipt that it carried proves nothing; null when it carried none */
async function toldByMail(
  transaction: Transaction<Tables>,
  { intakeId, agencyId, mail, kept, notice, isProved, isFailure }: Answer,
  because: string | null,
): Promise<RecipientNews | null> {
  const proof = isProved ? "token" : "claim";
  const rest = { intakeId, evidenceId: null, happenedAt: mail.arrivedAt };
  const receiveNumber = mail.report?.receiveNumber ?? null;
  if (notice !== null) {
    const { letterId, recipientId } = notice;
    const news = newsOfReport(notice, kept, receiveNumber, isFailure);
    if (news === null || letterId === null || recipientId === null) return null;
    const details = because === null ? news.details : { ...news.details, reason: because };
    return { ...rest, ...news, details, proof, letterId, recipientId, agencyId };
  }
  const number = mail.report?.letter ?? null;
  if (kept.kind !== "acknowledgement" || number === null || mail.sender === null) return null;
  const recipient = await findSentTo(transaction, agencyId, number, domainOf(mail.sender));
  if (recipient === null) return null;
  const details = {
    letterNumber: number,
    ...(receiveNumber === null ? {} : { receiveNumber }),
    ...(because === null ? {} : { reason: because }),
  };
  return { ...rest, what: "answered", source: "answer", proof: "claim", details, ...placeOf(recipient) };
}

function placeOf({
  recipientId,
  letterId,
  agencyId,
}: Pick<RecipientNews, "recipientId" | "letterId" | "agencyId">) {
  return { recipientId, letterId, agencyId };
}
