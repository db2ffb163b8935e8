import { buddhistYear } from "../shared/letter/stamp.ts";
import type { NoticeSubject } from "./notice-store.ts";
import type { AlertFacts, Receipt, RefusalFacts, RejectionFacts } from "./receipt.ts";

/** The notice's id, which is the evidence id on it, and the arrival that it speaks of. */
export interface NoticeIds {
  readonly evidenceId: string;
  readonly intakeId: string;
}

export function receiptOf({ evidenceId, intakeId }: NoticeIds, subject: NoticeSubject): Receipt {
  const { entry } = subject;
  if (!entry) throw new Error("the arrival has no entry in a book");
  return {
    schema: "https://saraban.example.go.th/schemas/receipt.schema.json",
    evidenceId,
    type: "registered",
    agency: agencyOf(subject),
    letter: { number: entry.letterNumber, numberPrinted: entry.letterNumberPrinted, date: entry.letterDate },
    register: {
      book: entry.bookId,
      number: entry.number,
      year: entry.year,
      yearBuddhist: buddhistYear(entry.year),
    },
    receivedAt: subject.arrivedAt.toISOString(),
    deemedReceivedAt: entry.deemedReceivedAt === null ? null : new Date(entry.deemedReceivedAt).toISOString(),
    registeredAt: new Date(entry.registeredAt).toISOString(),
    receiver: { name: entry.registeredByName ?? subject.receiverName, unit: receivingUnit(subject) },
    clock: { received: subject.arrivedClock, registered: entry.clock },
    message: {
      intakeId,
      messageId: subject.messageId,
      sha256: subject.sha256,
      sizeBytes: subject.sizeBytes,
    },
  };
}

export function refusalOf({ evidenceId, intakeId }: NoticeIds, subject: NoticeSubject): RefusalFacts {
  return {
    schema: "https://saraban.example.go.th/schemas/refusal.schema.json",
    evidenceId,
    type: "refused",
    agency: agencyOf(subject),
    reason: refusalReason(subject),
    receivedAt: subject.arrivedAt.toISOString(),
    message: { intakeId, messageId: subject.messageId, sha256: subject.sha256 },
  };
}

export function rejectionOf(ids: NoticeIds, subject: NoticeSubject): RejectionFacts {
  return {
    ...refusalOf(ids, subject),
    schema: "https://saraban.example.go.th/schemas/rejection.schema.json",
    type: "rejected",
    reason: subject.decision?.reason ?? "",
  };
}

export function alertOf({ evidenceId, intakeId }: NoticeIds, subject: NoticeSubject): AlertFacts {
  return {
    evidenceId,
    type: "alert",
    agency: agencyOf(subject),
    reason: refusalReason(subject),
    intakeId,
    receivedAt: subject.arrivedAt.toISOString(),
    keepUntil: subject.keepUntil?.toISOString() ?? null,
  };
}

/** Which row of refusals.ts an outcome's reason is told by; what is neither classified nor infected lies with the sender. */
function refusalReason({ outcomeReason }: NoticeSubject): RefusalFacts["reason"] {
  if (outcomeReason === "infected") return "infected";
  return outcomeReason === "classified" ? "classified-by-mail" : "sender-not-accepted";
}

function agencyOf({ agencyId, nameThai, nameEnglish, mailbox, domain }: NoticeSubject) {
  return { id: agencyId, nameThai, nameEnglish, mailbox: `${mailbox}@${domain}` };
}

function receivingUnit({ nameThai, unit }: NoticeSubject): string {
  return unit === null ? nameThai : `${nameThai} (${unit})`;
}
