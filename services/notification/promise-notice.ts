import type { Transaction } from "kysely";
import { isOpen } from "../shared/letter/outbox.ts";
import type { Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { together } from "../shared/runtime/database.ts";
import { newId } from "../shared/runtime/ids.ts";
import { type NoticeWay, oneToNode, reasonOfChannel, senderWay } from "./choose-channel.ts";
import { layLetter, layReceipt } from "./inbox/fill-inbox.ts";
import { issueInForce, issueOf } from "./issue-owed.ts";
import { alertOf, isUnsigned, type SenderFacts, senderFactsOf } from "./notice-facts.ts";
import {
  alertsOfLastHour,
  findNotices,
  insertNotice,
  type Notice,
  type NoticeFacts,
  type NoticeKind,
  stateOf,
  withholdNotice,
} from "./notice-store.ts";
import { isInTray, type Owed, owedBy } from "./owed-notices.ts";
import type { EvidenceIssuer, IssuedEvidence } from "./receipts/issue-evidence.ts";
import { type NoticeSubject, readSubject } from "./subject-store.ts";
import { promiseWebhookCalls, receiptIssued } from "./webhook/promise-calls.ts";
import { reasonToWithhold, reasonToWithholdCopy } from "./withhold-notice.ts";

/**
 * Promises what an arrival is owed and has not been promised yet, from what stands in the books, and tells the notices that
 * the job "notify-sender" sends. What is promised once stays as it was: the same arrival gets the same messages however
 * often this runs.
 */
export async function promiseNotices(
  transaction: Transaction<Tables>,
  issuer: EvidenceIssuer,
  intakeId: string,
  stamp: Stamp,
): Promise<Notice[]> {
  const [subject, found] = await together(
    readSubject(transaction, intakeId),
    findNotices(transaction, { intakeId }),
  );
  if (!subject) throw new Error("the arrival cannot be found");
  const missing = owedBy(subject).filter((owed) => !found.some((notice) => isFor(notice, owed)));
  const notices = [...found];
  for (const owed of missing)
    notices.push(...(await promise(transaction, issuer, subject, owed, found, stamp)));
  const isTold = notices.some(isWaitingArrival) ? await isOpen(transaction, "tell-arrival", intakeId) : false;
  return oneToNode(inTheirOrder(notices.filter((notice) => !isTold || !isWaitingArrival(notice))));
}

/** An arrival that has yet to be told by mail. A node hears of it before anything else, whichever job comes first. */
function isWaitingArrival({ kind, state, channel }: Notice): boolean {
  return kind === "arrival" && state === "due" && channel === "mail";
}

const REPLACING: ReadonlySet<NoticeKind> = new Set(["acknowledgement", "correction", "cancellation"]);

/**
 * Without the corrections of a receipt that was tried and has not got there: overtaken by one, the receipt that comes after it
 * would seem to take it back.
 */
function inTheirOrder(notices: readonly Notice[]): Notice[] {
  const first = notices.findIndex(
    ({ kind, state, attempts }) => REPLACING.has(kind) && state === "due" && attempts > 0,
  );
  return notices.filter(({ kind }, index) => first < 0 || index <= first || !REPLACING.has(kind));
}

/**
 * Promises to tell a sender that the letter has arrived, while it waits for its number; nothing when it waits no longer.
 * What has not been told by the time that the number is known is not told any more: the acknowledgement says it too.
 */
export async function promiseArrival(
  transaction: Transaction<Tables>,
  issuer: EvidenceIssuer,
  intakeId: string,
  stamp: Stamp,
): Promise<Notice[]> {
  const owed: Owed = { kind: "arrival", eventId: null };
  const notices = await findNotices(transaction, { intakeId });
  if (
    !notices.some((notice) => isFor(notice, owed)) &&
    ((await isOpen(transaction, "register-letter", intakeId)) ||
      (await isOpen(transaction, "register-closed", intakeId)))
  ) {
    const subject = await readSubject(transaction, intakeId);
    if (!subject) throw new Error("the arrival cannot be found");
    notices.push(...(await promise(transaction, issuer, subject, owed, notices, stamp)));
  }
  const arrival = notices.find(({ kind }) => kind === "arrival");
  if (!arrival) return [];
  if (arrival.state !== "due" || !notices.some(({ kind }) => kind === "acknowledgement")) return [arrival];
  // The job that promised the acknowledgement tells a node of both, one after the other.
  if (arrival.channel === "ecms") return [];
  await withholdNotice(transaction, arrival.id, "overtaken", stamp.at);
  return [];
}

function isFor(notice: Notice, { kind, eventId }: Owed): boolean {
  return notice.kind === kind && notice.eventId === eventId;
}

/** Anyone may write ลับ into a subject: beyond this the quarantine's list tells of the others. */
const MOST_ALERTS_AN_HOUR = 30;

interface Promised extends NoticeWay {
  readonly facts: NoticeFacts;
  readonly receipt: IssuedEvidence | null;
  /** Null when it is to be sent. */
  readonly withheld: string | null;
}

/** @returns the notice as it stands in the table: of two workers the second gets what the first has promised */
async function promise(
  transaction: Transaction<Tables>,
  issuer: EvidenceIssuer,
  subject: NoticeSubject,
  owed: Owed,
  found: readonly Notice[],
  stamp: Stamp,
): Promise<readonly Notice[]> {
  const { agencyId, intakeId, domain, closedClient } = subject;
  const id = newId();
  const { receipt, ...message } = await promised(transaction, issuer, subject, owed, found, id, stamp);
  const messageId = `<${MESSAGE_ID_WORDS[owed.kind]}.${id}@${domain}>`;
  const notice = { ...message, ...owed, id, agencyId, intakeId, messageId, closedClient };
  const receiptId = receipt?.evidence.evidenceId ?? null;
  if (!(await insertNotice(transaction, { ...notice, receiptId }, stamp)))
    return (await findNotices(transaction, { intakeId })).filter((one) => isFor(one, owed));
  const state = stateOf(notice);
  const { clientId } = subject;
  // A copy says nothing new; what it carries was told of with its own arrival. That a classified letter came is its registrar's
  // to know, and no program's but that which handed it in.
  const isOpenLetter = closedClient === null && subject.outcomeReason !== "classified";
  const isNews = owed.kind !== "copy" && isOpenLetter;
  await together(
    state === "delivered" && clientId !== null && receiptId !== null
      ? layReceipt(transaction, id, { agencyId, clientId, intakeId, receiptId }, stamp)
      : Promise.resolve(),
    owed.kind === "acknowledgement" && isOpenLetter
      ? layLetter(transaction, agencyId, intakeId, stamp)
      : Promise.resolve(),
    receipt && isNews
      ? promiseWebhookCalls(transaction, agencyId, intakeId, receiptIssued(receipt), stamp)
      : Promise.resolve(),
  );
  return [
    {
      ...notice,
      ...{ letterId: null, recipientId: null, receipt, madeAt: stamp.at },
      ...{ attempts: 0, firstAttemptAt: null, lastAttemptAt: null, lastResult: null },
      state,
      answersTo: owed.kind === "alert" ? null : subject.messageId,
    },
  ];
}

const MESSAGE_ID_WORDS: Readonly<Record<NoticeKind, string>> = {
  arrival: "arrival",
  acknowledgement: "ack",
  copy: "copy",
  refusal: "refusal",
  rejection: "rejection",
  alert: "alert",
  handover: "handover",
  correction: "correction",
  cancellation: "cancellation",
  "recall-answer": "recall-answer",
  letter: "letter",
  recall: "recall",
  owner: "owner",
};

async function promised(
  transaction: Transaction<Tables>,
  issuer: EvidenceIssuer,
  subject: NoticeSubject,
  owed: Owed,
  notices: readonly Notice[],
  id: string,
  stamp: Stamp,
): Promise<Promised> {
  if (owed.kind === "alert") return promisedAlert(transaction, subject, id, stamp);
  if (owed.kind === "copy") return promisedCopy(transaction, issuer, subject, stamp);
  const way = senderWay(subject);
  const withheld =
    way.channel === "mail" ? reasonToWithhold(subject) : reasonOfChannel(way.channel, owed.kind);
  // What stands in a book is stated whether its sender may be answered or not: programs of the agency hear of it, and the
  // same letter in another message is answered with it. What does not is not stated to nobody.
  if (withheld !== null && !subject.entry)
    return { ...way, facts: senderFactsOf(subject), receipt: null, withheld };
  const receipt = await issueOf(transaction, issuer, subject, owed, stamp);
  return {
    ...way,
    facts: senderFactsOf(subject, toldBeside(subject, owed, receipt, notices)),
    receipt,
    withheld,
  };
}

function toldBeside(
  { outcome, keepUntil }: NoticeSubject,
  { kind }: Owed,
  { evidence }: IssuedEvidence,
  notices: readonly Notice[],
): Partial<Omit<SenderFacts["told"], "office">> {
  switch (kind) {
    case "arrival":
      return { waitsFor: isInTray(outcome) ? "officer" : "number" };
    case "refusal":
      return { keepUntil: keepUntil?.toISOString() ?? null };
    case "correction":
    case "cancellation": {
      // The sender of a letter that was acknowledged before receipts were signed knows another id than the signed one.
      const first = notices.find((notice) => notice.kind === "acknowledgement")?.facts;
      const isFirst =
        first !== undefined && isUnsigned(first) && !notices.some((one) => one.kind === "correction");
      return { replaces: isFirst ? first.evidenceId : evidence.replaces };
    }
    default:
      return {};
  }
}

async function promisedAlert(
  transaction: Transaction<Tables>,
  subject: NoticeSubject,
  id: string,
  stamp: Stamp,
): Promise<Promised> {
  const { classifiedRegistrar, clerk } = subject.contacts;
  const contact = subject.outcomeReason === "classified" ? classifiedRegistrar : clerk;
  const facts = alertOf(id, subject);
  if (contact === undefined) return { ...mailTo(""), facts, receipt: null, withheld: "no-contact" };
  const sent = await alertsOfLastHour(transaction, subject.agencyId, stamp.at);
  const withheld = sent < MOST_ALERTS_AN_HOUR ? null : "too-many-alerts";
  return { ...mailTo(contact), facts, receipt: null, withheld };
}

function mailTo(recipient: string): NoticeWay {
  return { channel: "mail", recipient };
}

/** The receipt of the letter that this one repeats, or was merged into: the same one, whichever is promised first. */
async function promisedCopy(
  transaction: Transaction<Tables>,
  issuer: EvidenceIssuer,
  subject: NoticeSubject,
  stamp: Stamp,
): Promise<Promised> {
  const earlierIntakeId = subject.decision?.earlierIntakeId ?? subject.earlierIntakeId;
  const earlier = earlierIntakeId === null ? undefined : await readSubject(transaction, earlierIntakeId);
  if (!earlier?.entry) throw new Error("a repeated letter has no first receipt");
  const way = senderWay(subject);
  const withheld = reasonToWithholdCopy(subject, earlier);
  if (withheld !== null) return { ...way, facts: senderFactsOf(subject), receipt: null, withheld };
  const acknowledged = (await findNotices(transaction, { intakeId: earlier.intakeId })).find(
    ({ kind }) => kind === "acknowledgement",
  )?.facts;
  const isCorrected = earlier.events.some(({ what }) => what === "corrected" || what === "cancelled");
  // Promised before receipts were signed: what was said then is said again.
  if (acknowledged && isUnsigned(acknowledged) && !isCorrected && way.channel === "mail")
    return { ...way, facts: acknowledged, receipt: null, withheld };
  const receipt = await issueInForce(transaction, issuer, earlier, stamp);
  return { ...way, facts: senderFactsOf(subject), receipt, withheld };
}
