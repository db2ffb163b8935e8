import type { Transaction } from "kysely";
import { buddhistYear } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { newId } from "../shared/runtime/ids.ts";
import { type Notice, type NoticeKind, type NoticeSubject, readSubject } from "./notice-store.ts";
import type { Receipt, RefusalFacts, RejectionFacts } from "./receipt.ts";

/** A notice to be written, and why it is withheld if it is. */
export interface Promised {
  readonly notice: Omit<Notice, "attempts" | "firstAttemptAt" | "madeAt">;
  readonly reason: string;
}

/**
 * Makes the notice for an arrival from what stands in the books: an acknowledgement of its entry, else the rejection that
 * a clerk has decided on, else a refusal.
 */
export async function promiseNotice(transaction: Transaction<Tables>, intakeId: string): Promise<Promised> {
  const subject = await readSubject(transaction, intakeId);
  if (!subject) throw new Error("the arrival cannot be found");
  const id = newId();
  const kind: NoticeKind = subject.entry
    ? "acknowledgement"
    : subject.decision?.decision === "rejected"
      ? "rejection"
      : "refusal";
  const reason = reasonToWithhold(subject);
  return {
    notice: {
      id,
      kind,
      recipient: subject.mailFrom,
      messageId: `<${MESSAGE_ID_WORDS[kind]}.${id}@${subject.domain}>`,
      facts: FACTS[kind](id, intakeId, subject),
      state: reason === null ? "due" : "withheld",
    },
    reason: reason ?? "",
  };
}

const MESSAGE_ID_WORDS = { acknowledgement: "ack", refusal: "refusal", rejection: "rejection" } as const;
const FACTS = { acknowledgement: receiptOf, refusal: refusalOf, rejection: rejectionOf } as const;

/**
 * RFC 3834 §2: no automatic answer to a null sender, to addresses that programs and lists send from, nor to messages that
 * programs have sent. And none to an envelope sender of another domain than that of the known agency which the letter
 * says it is from: until senders are proved (SPF, DKIM) that would let a stranger have us write to anybody. Unless a clerk
 * has looked at the letter and decided: that is a person's answer, not a program's.
 */
export function reasonToWithhold(
  subject: Pick<NoticeSubject, "mailFrom" | "senderAddress" | "senderAgency" | "problems" | "decision">,
): string | null {
  const { mailFrom, senderAddress, senderAgency, problems, decision } = subject;
  if (mailFrom === "") return "null-sender";
  const localPart = mailFrom.slice(0, mailFrom.lastIndexOf("@")).toLowerCase();
  if (AUTOMATIC_SENDER.test(localPart)) return "automatic-sender";
  if (problems.includes("machine-sent")) return "automatic-message";
  if (decision !== null) return null;
  if (senderAgency === null || domainOf(mailFrom) !== domainOf(senderAddress ?? "")) return "unproved-sender";
  return null;
}

const AUTOMATIC_SENDER =
  /^(mailer-daemon|postmaster|no-?reply|do-?not-?reply|owner-.*|.*-(request|owner|relay)|(.*-)?bounces?([+-].*)?)$/;

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1).toLowerCase();
}

function agencyOf({ agencyId, nameThai, nameEnglish, mailbox, domain }: NoticeSubject) {
  return { id: agencyId, nameThai, nameEnglish, mailbox: `${mailbox}@${domain}` };
}

function receiptOf(evidenceId: string, intakeId: string, subject: NoticeSubject): Receipt {
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

function refusalOf(evidenceId: string, intakeId: string, subject: NoticeSubject): RefusalFacts {
  return {
    schema: "https://saraban.example.go.th/schemas/refusal.schema.json",
    evidenceId,
    type: "refused",
    agency: agencyOf(subject),
    reason: "classified-by-mail",
    receivedAt: subject.arrivedAt.toISOString(),
    message: { intakeId, messageId: subject.messageId, sha256: subject.sha256 },
  };
}

function rejectionOf(evidenceId: string, intakeId: string, subject: NoticeSubject): RejectionFacts {
  return {
    ...refusalOf(evidenceId, intakeId, subject),
    schema: "https://saraban.example.go.th/schemas/rejection.schema.json",
    type: "rejected",
    reason: subject.decision?.reason ?? "",
  };
}

function receivingUnit({ nameThai, unit }: NoticeSubject): string {
  return unit === null ? nameThai : `${nameThai} (${unit})`;
}
