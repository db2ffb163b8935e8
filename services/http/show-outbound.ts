import type { LineKey } from "../shared/letter/read-lines.ts";
import { recipientState } from "../shared/letter/recipient-state.ts";
import { buddhistYear } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Transaction } from "../shared/runtime/database.ts";
import {
  type OutboundEvent,
  type OutboundFile,
  type OutboundInFull,
  type OutboundRow,
  readOutbound,
  readOutboundEvents,
  readOutboundFiles,
  readOutboundOfLine,
} from "./outbound-store.ts";
import {
  listUnanswered,
  type RecipientRow,
  type RecordedNews,
  readNews,
  readRecipients,
  type UnansweredRow,
} from "./recipient-store.ts";

/** A draft names no more. */
const MOST_RECIPIENTS = 1000;
const MOST_EVENTS = 200;
/** Beside a line of the book. */
const MOST_BESIDE_A_LINE = 100;
const HOUR_MS = 60 * 60 * 1000;

/** A letter in a list, as the API shows it. */
export function outboundMember<Row extends OutboundRow>(row: Row) {
  const { state, recipientCount: total, unansweredCount, line, ...rest } = row;
  const answered = state === "sent" ? total - unansweredCount : 0;
  return { ...rest, state, line: lineMember(line), recipients: { total, answered } };
}

function lineMember(line: LineKey | null) {
  return line && { ...line, yearBuddhist: buddhistYear(line.year) };
}

/** A recipient and what became of the letter there. */
function recipientMember(row: RecipientRow, news: readonly RecordedNews[]) {
  const { claim, ...state } = recipientState(news);
  const claimed = claim && { what: claim.what, happenedAt: claim.happenedAt, details: claim.details };
  return { ...row, status: { ...state, claim: claimed } };
}

/** A letter in full, as GET /outbound/ID answers. */
export interface OutboundAnswer
  extends Omit<ReturnType<typeof outboundMember<OutboundInFull>>, "recipients"> {
  readonly files: readonly OutboundFile[];
  readonly events: readonly OutboundEvent[];
  /** Empty until it is sent: to whom it is to go stands in facts.recipients. */
  readonly recipients: readonly (ReturnType<typeof recipientMember> & {
    readonly events: readonly Omit<RecordedNews, "recipientId">[];
  })[];
  readonly answered: number;
  /** False when there are more than 200 events; of a recipient's news the newest are shown. */
  readonly complete: boolean;
}

/** @returns undefined when there is no such letter, or none that the transaction may see */
export async function readOutboundAnswer(
  transaction: Transaction<Tables>,
  letterId: string,
): Promise<OutboundAnswer | undefined> {
  const letter = await readOutbound(transaction, letterId);
  if (!letter) return undefined;
  const files = await readOutboundFiles(transaction, letterId);
  const events = await readOutboundEvents(transaction, letterId, MOST_EVENTS + 1);
  const rows = await readRecipients(transaction, letterId, MOST_RECIPIENTS);
  const news = await readNews(
    transaction,
    rows.map(({ recipientId }) => recipientId),
  );
  const { recipients, ...member } = outboundMember(letter);
  return {
    ...member,
    files,
    events: events.slice(-MOST_EVENTS),
    recipients: rows.map((row) => {
      const known = news.get(row.recipientId) ?? [];
      return {
        ...recipientMember(row, known),
        events: known.map(({ recipientId: _, ...one }) => one),
      };
    }),
    answered: recipients.answered,
    complete: events.length <= MOST_EVENTS,
  };
}

/** The letter behind a line of an outbound book, with where it stands at its first 100 recipients; null when there is none. */
export async function readLetterOfLine(transaction: Transaction<Tables>, key: LineKey) {
  const letter = await readOutboundOfLine(transaction, key);
  if (!letter) return null;
  const rows = await readRecipients(transaction, letter.letterId, MOST_BESIDE_A_LINE);
  const news = await readNews(
    transaction,
    rows.map(({ recipientId }) => recipientId),
  );
  const { recipients, line: _, agencyId: __, ...member } = outboundMember(letter);
  return {
    ...member,
    ...recipients,
    recipients: rows.map((row) => recipientMember(row, news.get(row.recipientId) ?? [])),
  };
}

/** Who has not answered, how long each has been waited for, and what is known all the same. */
export async function readUnanswered(
  transaction: Transaction<Tables>,
  agencyId: string,
  after: string | null,
  limit: number,
  at: Date,
) {
  const rows: UnansweredRow[] = await listUnanswered(transaction, agencyId, after, limit);
  const news = await readNews(
    transaction,
    rows.map(({ recipientId }) => recipientId),
  );
  return rows.map((row) => ({
    ...recipientMember(row, news.get(row.recipientId) ?? []),
    letterId: row.letterId,
    subject: row.subject,
    letterNumber: row.letterNumber,
    line: lineMember(row.line),
    sentAt: row.sentAt,
    waitingSince: row.waitingSince,
    recalledAt: row.recalledAt,
    /** Of the clock, not of the office. */
    waitedHours: Math.floor((at.getTime() - row.waitingSince.getTime()) / HOUR_MS),
  }));
}
