import type { Transaction } from "kysely";
import type { Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { arrivedFacts, eventFacts, refusedFacts, registeredFacts, rejectedFacts } from "./notice-facts.ts";
import type { Owed } from "./owed-notices.ts";
import {
  type EvidenceFacts,
  type EvidenceIssuer,
  type IssuedEvidence,
  issueEvidence,
} from "./receipts/issue-evidence.ts";
import { findReceipt } from "./receipts/receipt-store.ts";
import type { NoticeSubject, SubjectEvent } from "./subject-store.ts";

/** Issues the statement that a promise carries, or finds the one that was made of it. */
export async function issueOf(
  transaction: Transaction<Tables>,
  issuer: EvidenceIssuer,
  subject: NoticeSubject,
  { kind, eventId }: Owed,
  stamp: Stamp,
): Promise<IssuedEvidence> {
  const { agencyId, events, closedClient } = subject;
  const event = events.find(({ id }) => id === eventId);
  if (event && isReplacing(event)) return issueInForce(transaction, issuer, subject, stamp, event);
  const facts = event
    ? asReceivedBy(
        await findReceipt(transaction, subject.intakeId, "registered", null),
        eventFacts(subject, event, null),
      )
    : kind === "acknowledgement"
      ? registeredFacts(subject)
      : kind === "rejection"
        ? rejectedFacts(subject)
        : kind === "refusal"
          ? refusedFacts(subject)
          : arrivedFacts(subject);
  return issueEvidence(transaction, issuer, { agencyId, closedClient }, eventId, facts, stamp);
}

/**
 * The statement about a registered letter that is in force: its registration, or the last correction or cancellation, each
 * of which names the one before. Those that were not issued yet are issued, in the order of the events.
 * @param until the event to stop at; by default the last one
 */
export async function issueInForce(
  transaction: Transaction<Tables>,
  issuer: EvidenceIssuer,
  subject: NoticeSubject,
  stamp: Stamp,
  until?: SubjectEvent,
): Promise<IssuedEvidence> {
  const { agencyId, events, closedClient } = subject;
  const of = { agencyId, closedClient };
  let issued = await issueEvidence(transaction, issuer, of, null, registeredFacts(subject), stamp);
  for (const event of events) {
    if (!isReplacing(event)) continue;
    const facts = asReceivedBy(issued, eventFacts(subject, event, issued.evidence.evidenceId));
    issued = await issueEvidence(transaction, issuer, of, event.id, facts, stamp);
    if (event.id === until?.id) break;
  }
  return issued;
}

/**
 * Who has received a letter stands in its first receipt: later ones say the same, whatever the agency is called by then. A
 * receipt is contradicted by none but a correction that says so.
 */
function asReceivedBy(first: IssuedEvidence | undefined, facts: EvidenceFacts): EvidenceFacts {
  return { ...facts, receiver: first?.evidence.receiver ?? facts.receiver };
}

function isReplacing({ what }: SubjectEvent): boolean {
  return what === "corrected" || what === "cancelled";
}
