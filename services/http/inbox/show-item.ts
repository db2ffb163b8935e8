import type { InboxItem, InboxLine } from "../../shared/letter/exchange-types.ts";
import { readLines } from "../../shared/letter/read-lines.ts";
import { recipientState } from "../../shared/letter/recipient-state.ts";
import type { RegisterLine } from "../../shared/letter/register-line.ts";
import { buddhistYear } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Transaction } from "../../shared/runtime/database.ts";
import { readNews } from "../recipient-store.ts";
import type { WaitingItem } from "./inbox-store.ts";
import {
  lineOfArrival,
  readKnownNews,
  readKnownNotifier,
  readKnownReceipt,
  readLetterArrival,
} from "./item-store.ts";
import { readAskedBack, readSentLetter } from "./sent-item-store.ts";
import { showFiles } from "./show-files.ts";
import { showRecall, showSentLetter } from "./show-sent-letter.ts";

/**
 * An item as its client is told (schemas/api/inbox-item.schema.json): what the tables say now, so that an item which waited for
 * long shows a line with its corrections.
 * @returns null for a letter of the agency that was taken back before anybody fetched it
 * @throws where what it speaks of is gone, which the tables do not allow
 */
export async function showItem(
  transaction: Transaction<Tables>,
  item: WaitingItem,
): Promise<InboxItem | null> {
  const { id, kind, agencyId, madeAt, doneAt } = item;
  const self = `/api/v1/inbox/${id}`;
  const subject = await showSubject(transaction, item, self);
  if (subject === null) return null;
  return {
    id,
    kind,
    agencyId,
    madeAt: madeAt.toISOString(),
    ...(doneAt === null ? {} : { acknowledgedAt: doneAt.toISOString() }),
    ...subject,
    links: { self, acknowledge: `${self}/acknowledge` },
  };
}

type Subject = Pick<InboxItem, "letter" | "receipt" | "news" | "dispute" | "sentLetter" | "recall">;

/** @returns null for a letter that was taken back */
async function showSubject(
  transaction: Transaction<Tables>,
  { id, kind, intakeId, receiptId, newsId }: WaitingItem,
  self: string,
): Promise<Subject | null> {
  if (kind === "sent-letter") {
    const sent = await readSentLetter(transaction, id);
    return sent ? { sentLetter: showSentLetter(sent, self) } : null;
  }
  if (kind === "recall") {
    const asked = await readAskedBack(transaction, id);
    return asked ? { recall: showRecall(asked) } : null;
  }
  if (kind === "letter" && intakeId !== null)
    return { letter: await showLetter(transaction, intakeId, self) };
  if (kind === "receipt" && receiptId !== null)
    return { receipt: await showReceipt(transaction, receiptId, intakeId) };
  if (kind === "news" && newsId !== null) return { news: await showNews(transaction, newsId) };
  if (kind === "dispute" && intakeId !== null) return { dispute: await showDispute(transaction, intakeId) };
  throw new Error(`an item of kind ${kind} names nothing`);
}

async function showLetter(
  transaction: Transaction<Tables>,
  intakeId: string,
  self: string,
): Promise<NonNullable<Subject["letter"]>> {
  const arrival = await readLetterArrival(transaction, intakeId);
  const line = await lineOfArrival(transaction, intakeId);
  if (!arrival || !line) throw new Error("the letter of an item cannot be found");
  const { senderAgency, senderAddress, senderDomain } = arrival;
  return {
    id: arrival.id,
    channel: arrival.channel,
    arrivedAt: arrival.arrivedAt.toISOString(),
    sender: { agency: senderAgency, address: senderAddress, domain: senderDomain },
    number: line.letterNumber,
    numberPrinted: line.letterNumberPrinted,
    date: line.letterDate,
    subject: line.subject,
    from: line.from,
    to: line.to,
    urgency: line.urgency,
    secrecy: line.secrecy,
    letterKind: line.kind,
    references: line.references,
    enclosures: line.enclosures,
    line: showLine(line),
    files: showFiles(arrival.attachments, self),
  };
}

async function showReceipt(
  transaction: Transaction<Tables>,
  receiptId: string,
  intakeId: string | null,
): Promise<NonNullable<Subject["receipt"]>> {
  const receipt = await readKnownReceipt(transaction, receiptId);
  if (!receipt) throw new Error("the receipt of an item cannot be found");
  const { letterId, evidence, jws } = receipt;
  const asked = intakeId === null ? undefined : await readKnownNotifier(transaction, intakeId);
  // Sent once more because its number was disputed: it is the receipt of the letter itself, and no copy's.
  const handedIn = intakeId === null || asked?.notifier != null ? letterId : intakeId;
  const statement = evidence as unknown as Readonly<Record<string, unknown>>;
  return {
    letterId: handedIn,
    type: evidence.type,
    isCopy: handedIn !== letterId,
    evidence: statement,
    jws,
  };
}

async function showNews(
  transaction: Transaction<Tables>,
  newsId: string,
): Promise<NonNullable<Subject["news"]>> {
  const news = await readKnownNews(transaction, newsId);
  if (!news) throw new Error("the news of an item cannot be found");
  const { letterId, recipientId, name, domain, address, what, source, proof, evidenceId, details } = news;
  const [line] = news.line === null ? [] : await readLines(transaction, [news.line]);
  const known = (await readNews(transaction, [recipientId])).get(recipientId) ?? [];
  const { receiveNumber, receiveYear, reason } = details;
  return {
    letterId,
    recipientId,
    recipient: { name, domain, address },
    ...(line?.letterNumber == null ? {} : { letterNumber: line.letterNumber }),
    ...(line?.letterDate == null ? {} : { letterDate: line.letterDate }),
    ...(line === undefined ? {} : { line: showLine(line) }),
    what,
    source,
    proof: proof as NonNullable<Subject["news"]>["proof"],
    ...(evidenceId === null ? {} : { evidenceId }),
    ...(receiveNumber == null ? {} : { receiveNumber: String(receiveNumber) }),
    ...(typeof receiveYear === "number" ? { receiveYear } : {}),
    ...(typeof reason === "string" ? { reason } : {}),
    happenedAt: news.happenedAt.toISOString(),
    status: recipientState(known).state,
  };
}

async function showDispute(
  transaction: Transaction<Tables>,
  intakeId: string,
): Promise<NonNullable<Subject["dispute"]>> {
  const known = await readKnownNotifier(transaction, intakeId);
  const { letterId = null, notifier = null, senderDomain = null } = known ?? {};
  const line = letterId === null ? undefined : await lineOfArrival(transaction, letterId);
  return {
    notifierId: intakeId,
    sender: senderDomain,
    letterNumber: notifier?.letterId ?? null,
    letterDate: notifier?.correspondenceDate ?? null,
    disputedNumber: notifier?.acceptId ?? null,
    ...(letterId === null ? {} : { letterId }),
    ...(line === undefined ? {} : { line: showLine(line) }),
  };
}

function showLine({
  bookId,
  number,
  year,
  status,
  registeredAt,
  deemedReceivedAt,
  registeredByName,
}: RegisterLine): InboxLine {
  return {
    book: bookId,
    number,
    year,
    yearBuddhist: buddhistYear(year),
    state: status,
    registeredAt: registeredAt.toISOString(),
    ...(deemedReceivedAt === null ? {} : { deemedReceivedAt: deemedReceivedAt.toISOString() }),
    ...(registeredByName === null ? {} : { receiver: registeredByName }),
  };
}
