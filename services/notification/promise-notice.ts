import type { Transaction } from "kysely";
import { isOpen } from "../shared/letter/outbox.ts";
import type { Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { together } from "../shared/runtime/database.ts";
import { newId } from "../shared/runtime/ids.ts";
import { type NoticeWay, oneToNode, reasonOfChannel, senderWay } from "./choose-channel.ts";
import { issueInForce, statementOf } from "./issue-owed.ts";
import { alertOf, isUnsigned, type SenderFacts, senderFactsOf } from "./notice-facts.ts";
import {
  alertsOfLastHour,
  findNotices,
  type Notice,
  type NoticeFacts,
  type NoticeKind,
  stateOf,
  withholdNotice,
} from "./notice-store.ts";
import { isInTray, type Owed, owedBy } from "./owed-notices.ts";
import { writePromise } from "./promise-store.ts";
import type { EvidenceIssuer, IssuedEvidence, SignedEvidence } from "./receipts/issue-evidence.ts";
import { findReceipt } from "./receipts/receipt-store.ts";
import { type NoticeSubject, readSubject } from "./subject-store.ts";
import { promiseCallsTo, receiptIssued } from "./webhook/promise-calls.ts";
import { activeWebhooks } from "./webhook/webhook-store.ts";
import { reasonToWithhold, reasonToWithholdCopy } from "./withhold-notice.ts";

/** What stands in the books about an arrival, and what was promised of it. */
export type SeenArrival = readonly [subject: NoticeSubject | undefined, promised: readonly Notice[], unknown];

export function lookAtArrival(
  transaction: Transaction<Tables>,
  issuer: EvidenceIssuer,
  intakeId: string,
  stamp: Stamp,
): Promise<SeenArrival> {
  return together(
    readSubject(transaction, intakeId),
    findNotices(transaction, { intakeId }),
    // Hardly ever not needed: asked for with the rest, and known from then on.
    issuer.signer(transaction, stamp.at),
  );
}

/**
 * Promises what an arrival is owed and has not been promised yet, from what stands in the books, and tells the notices that
 * the job "notify-sender" sends. What is promised once stays as it was: the same arrival gets the same messages however
 * often this runs.
 * @param seen by a look behind the lock of the job
 */
export async function promiseNotices(
  transaction: Transaction<Tables>,
  issuer: EvidenceIssuer,
  intakeId: string,
  stamp: Stamp,
  seen?: SeenArrival,
): Promise<Notice[]> {
  const [subject, found] = seen ?? (await lookAtArrival(transaction, issuer, intakeId, stamp));
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
    (await isOpen(transaction, "register-letter", intakeId))
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
  readonly statement: IssuedEvidence | SignedEvidence | null;
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
  const { agencyId, intakeId, domain, clientId } = subject;
  const id = newId();
  const { statement, ...message } = await promised(transaction, issuer, subject, owed, found, id, stamp);
  const messageId = `<${MESSAGE_ID_WORDS[owed.kind]}.${id}@${domain}>`;
  const notice = { ...message, ...owed, id, agencyId, intakeId, messageId };
  // A copy says nothing new; what it carries was told of with its own arrival. That a classified letter came is its registrar's
  // to know, and no program's.
  const isNews = statement && owed.kind !== "copy" && subject.outcomeReason !== "classified";
  const write = (by: IssuedEvidence | SignedEvidence | null) =>
    writePromise(transaction, {
      notice: { ...notice, receiptId: by?.evidence.evidenceId ?? null },
      signed: by && "kid" in by ? by : null,
      laidFor: stateOf(notice) === "delivered" && by ? clientId : null,
      tellsPrograms: owed.kind === "acknowledgement",
      stamp,
    });
  const [first, webhooks] = await together(
    write(statement),
    isNews ? activeWebhooks(transaction, agencyId) : Promise.resolve([]),
  );
  let written = first;
  let receipt = statement;
  if (statement && first.state === "signed-before") {
    // Another worker has made it a moment before: that one stands.
    const { type } = statement.evidence;
    receipt = (await findReceipt(transaction, intakeId, type, owed.eventId)) ?? null;
    if (!receipt) throw new Error("the receipt was written and cannot be found");
    written = await write(receipt);
  }
  if (written.state !== "written")
    return (await findNotices(transaction, { intakeId })).filter((one) => isFor(one, owed));
  receipt = written.receipt ?? receipt;
  if (receipt && isNews)
    await promiseCallsTo(transaction, webhooks, agencyId, intakeId, receiptIssued(receipt), stamp);
  const state = stateOf(notice);
  return [
    {
      ...notice,
      ...{ letterId: null, recipientId: null, receipt, madeAt: stamp.at },
      ...{ attempts: 0, firstAttemptAt: null, lastAttemptAt: null, lastResult: null },
      ...{ state, answersTo: owed.kind === "alert" ? null : subject.messageId },
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
    return { ...way, facts: senderFactsOf(subject), statement: null, withheld };
  const statement = await statementOf(transaction, issuer, subject, owed, stamp);
  return {
    ...way,
    facts: senderFactsOf(subject, toldBeside(subject, owed, statement, notices)),
    statement,
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
  if (contact === undefined) return { ...mailTo(""), facts, statement: null, withheld: "no-contact" };
  const sent = await alertsOfLastHour(transaction, subject.agencyId, stamp.at);
  const withheld = sent < MOST_ALERTS_AN_HOUR ? null : "too-many-alerts";
  return { ...mailTo(contact), facts, statement: null, withheld };
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
  if (withheld !== null) return { ...way, facts: senderFactsOf(subject), statement: null, withheld };
  const acknowledged = (await findNotices(transaction, { intakeId: earlier.intakeId })).find(
    ({ kind }) => kind === "acknowledgement",
  )?.facts;
  const isCorrected = earlier.events.some(({ what }) => what === "corrected" || what === "cancelled");
  // Promised before receipts were signed: what was said then is said again.
  if (acknowledged && isUnsigned(acknowledged) && !isCorrected && way.channel === "mail")
    return { ...way, facts: acknowledged, statement: null, withheld };
  const statement = await issueInForce(transaction, issuer, earlier, stamp);
  return { ...way, facts: senderFactsOf(subject), statement, withheld };
}
