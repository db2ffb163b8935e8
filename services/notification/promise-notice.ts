import type { Transaction } from "kysely";
import { buddhistYear } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { newId } from "../shared/runtime/ids.ts";
import { type Notice, type NoticeKind, type NoticeSubject, readSubject } from "./notice-store.ts";
import type { Receipt, RefusalFacts } from "./receipt.ts";

/** A notice to be written, and why it is withheld if it is. */
export interface Promised {
  readonly notice: Omit<Notice, "attempts" | "madeAt">;
  readonly reason: string;
}

/** Makes the notice for an arrival from what stands in the books. @throws when the arrival has no entry to acknowledge */
export async function promiseNotice(
  transaction: Transaction<Tables>,
  kind: NoticeKind,
  intakeId: string,
): Promise<Promised> {
  const subject = await readSubject(transaction, intakeId);
  if (!subject) throw new Error("the arrival cannot be found");
  const id = newId();
  const reason = reasonToWithhold(subject.mailFrom);
  return {
    notice: {
      id,
      kind,
      recipient: subject.mailFrom,
      messageId: `<${kind === "acknowledgement" ? "ack" : "refusal"}.${id}@${subject.domain}>`,
      facts: kind === "acknowledgement" ? receiptOf(id, intakeId, subject) : refusalOf(id, intakeId, subject),
      state: reason === null ? "due" : "withheld",
    },
    reason: reason ?? "",
  };
}

/**
 * RFC 3834 §2: no automatic answer to a null sender, nor to addresses that programs and lists send from. Lists and
 * automatic messages are never registered in the first place (reading); this is the last gate.
 */
export function reasonToWithhold(mailFrom: string): string | null {
  if (mailFrom === "") return "null-sender";
  const localPart = mailFrom.slice(0, mailFrom.lastIndexOf("@")).toLowerCase();
  if (
    /^(mailer-daemon|postmaster|no-?reply|do-?not-?reply|owner-.*|.*-(request|owner|bounces?|relay))$/.test(
      localPart,
    )
  ) {
    return "automatic-sender";
  }
  return null;
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
    registeredAt: new Date(entry.registeredAt).toISOString(),
    receiver: { name: subject.receiverName, unit: receivingUnit(subject) },
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

function receivingUnit({ nameThai, unit }: NoticeSubject): string {
  return unit === null ? nameThai : `${nameThai} (${unit})`;
}
