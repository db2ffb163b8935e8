import type { Transaction } from "kysely";
import type { Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { newId } from "../shared/runtime/ids.ts";
import { alertOf, receiptOf, refusalOf, rejectionOf } from "./notice-facts.ts";
import {
  alertsOfLastHour,
  findNotices,
  insertNotice,
  type Notice,
  type NoticeKind,
  type NoticeSubject,
  readSubject,
} from "./notice-store.ts";
import type { NoticeFacts, Receipt } from "./receipt.ts";
import { reasonToWithhold, reasonToWithholdCopy } from "./withhold-notice.ts";

/**
 * Promises what an arrival is owed and has not been promised yet, from what stands in the books, and tells all its notices.
 * What is promised once stays as it was: the same arrival gets the same messages however often this runs.
 */
export async function promiseNotices(
  transaction: Transaction<Tables>,
  agencyId: string,
  intakeId: string,
  stamp: Stamp,
): Promise<Notice[]> {
  const subject = await readSubject(transaction, intakeId);
  if (!subject) throw new Error("the arrival cannot be found");
  const found = await findNotices(transaction, intakeId);
  const missing = owedKinds(subject).filter((kind) => !found.some((notice) => notice.kind === kind));
  if (missing.length === 0) return found;
  for (const kind of missing) {
    const id = newId();
    const { recipient, facts, withheld } = await promised(
      transaction,
      kind,
      { evidenceId: id, intakeId },
      subject,
      stamp,
    );
    const messageId = `<${MESSAGE_ID_WORDS[kind]}.${id}@${subject.domain}>`;
    const state = withheld === null ? "due" : "withheld";
    const notice = { id, kind, recipient, messageId, facts, state } as const;
    await insertNotice(transaction, agencyId, intakeId, notice, stamp, withheld ?? "");
  }
  // Another worker may have promised them a moment before: what stands in the table is what goes out.
  return findNotices(transaction, intakeId);
}

const MESSAGE_ID_WORDS: Readonly<Record<NoticeKind, string>> = {
  acknowledgement: "ack",
  copy: "copy",
  refusal: "refusal",
  rejection: "rejection",
  alert: "alert",
};

/** What becomes of an arrival decides who is told what; a clerk's decision may add to it later. */
function owedKinds({ entry, decision, outcome, outcomeReason }: NoticeSubject): NoticeKind[] {
  const kinds: NoticeKind[] = [];
  if (outcome === "possible-duplicate" && outcomeReason === "same-letter") kinds.push("copy");
  if (entry) kinds.push("acknowledgement");
  else if (decision?.decision === "rejected") kinds.push("rejection");
  else if (outcome === "refused") {
    kinds.push("refusal");
    if (ALERTING.has(outcomeReason ?? "")) kinds.push("alert");
  }
  return kinds;
}

/** Whom an agency has chosen to refuse it need not hear of each time; these somebody has to know of. */
const ALERTING: ReadonlySet<string> = new Set(["classified", "infected", "forged-sender"]);
/** Anyone may write ลับ into a subject: beyond this the quarantine's list tells of the others. */
const MOST_ALERTS_AN_HOUR = 30;

interface Promised {
  readonly recipient: string;
  readonly facts: NoticeFacts;
  /** Null when it is to be sent. */
  readonly withheld: string | null;
}

async function promised(
  transaction: Transaction<Tables>,
  kind: NoticeKind,
  ids: { readonly evidenceId: string; readonly intakeId: string },
  subject: NoticeSubject,
  stamp: Stamp,
): Promise<Promised> {
  const recipient = subject.mailFrom;
  switch (kind) {
    case "acknowledgement":
      return { recipient, facts: receiptOf(ids, subject), withheld: reasonToWithhold(subject) };
    case "rejection":
      return { recipient, facts: rejectionOf(ids, subject), withheld: reasonToWithhold(subject) };
    case "refusal":
      return { recipient, facts: refusalOf(ids, subject), withheld: reasonToWithhold(subject) };
    case "copy": {
      const { receipt, earlier } = await firstReceipt(transaction, subject, stamp);
      return { recipient, facts: receipt, withheld: reasonToWithholdCopy(subject, earlier) };
    }
    case "alert": {
      const { classifiedRegistrar, clerk } = subject.contacts;
      const contact = subject.outcomeReason === "classified" ? classifiedRegistrar : clerk;
      const facts = alertOf(ids, subject);
      if (contact === undefined) return { recipient: "", facts, withheld: "no-contact" };
      const sent = await alertsOfLastHour(transaction, subject.agencyId, stamp.at);
      return { recipient: contact, facts, withheld: sent < MOST_ALERTS_AN_HOUR ? null : "too-many-alerts" };
    }
  }
}

/** The receipt of the same letter's first arrival. Promised here when both have come at the same moment. */
async function firstReceipt(
  transaction: Transaction<Tables>,
  { agencyId, earlierIntakeId }: NoticeSubject,
  stamp: Stamp,
): Promise<{ receipt: Receipt; earlier: NoticeSubject }> {
  if (earlierIntakeId === null) throw new Error("a repeated letter without the one that it repeats");
  const earlier = await readSubject(transaction, earlierIntakeId);
  const notices = await promiseNotices(transaction, agencyId, earlierIntakeId, stamp);
  const receipt = notices.find(({ kind }) => kind === "acknowledgement")?.facts;
  if (!earlier || receipt?.type !== "registered") throw new Error("a repeated letter has no first receipt");
  return { receipt, earlier };
}
