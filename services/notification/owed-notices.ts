import { senderWay } from "./choose-channel.ts";
import type { NoticeKind } from "./notice-store.ts";
import type { NoticeSubject } from "./subject-store.ts";

/** One promise that an arrival gives rise to. */
export interface Owed {
  readonly kind: NoticeKind;
  /** The event in the book that it tells of; null for the letter's own arrival, registration or refusal. */
  readonly eventId: string | null;
}

const KINDS_OF_EVENTS = {
  corrected: "correction",
  cancelled: "cancellation",
  "handed-over": "handover",
  "recall-accepted": "recall-answer",
  "recall-refused": "recall-answer",
} as const satisfies Record<string, NoticeKind>;

/** What becomes of an arrival decides who is told what; what clerks do may add to it later. */
export function owedBy(
  subject: Pick<NoticeSubject, "entry" | "events" | "decision" | "outcome" | "outcomeReason" | "receipts"> &
    Parameters<typeof senderWay>[0],
): Owed[] {
  const { entry, events, decision, outcome, outcomeReason, receipts } = subject;
  const owed: Owed[] = [];
  const isSameLetter = outcome === "possible-duplicate" && outcomeReason === "same-letter";
  const isMerged = decision?.decision === "merged" && decision.earlierIntakeId !== null;
  // At another node a letter goes from ส่งแล้ว to ปลายทางได้รับ to ปลายทางส่งเลขรับ, however soon the number comes. (Who fetches
  // from us is told both of one receipt: room http.)
  const isRejected = decision?.decision === "rejected" || decision?.decision === "invalid";
  if (senderWay(subject).channel === "ecms" && (entry || isRejected))
    owed.push({ kind: "arrival", eventId: null });
  if (isSameLetter || isMerged) owed.push({ kind: "copy", eventId: null });
  if (entry) {
    owed.push({ kind: "acknowledgement", eventId: null });
    for (const { id, what } of events) {
      if (what !== "handed-over" || receipts.handedOver === true)
        owed.push({ kind: KINDS_OF_EVENTS[what], eventId: id });
    }
  } else if (isRejected) {
    owed.push({ kind: "rejection", eventId: null });
  } else if (outcome === "refused") {
    owed.push({ kind: "refusal", eventId: null });
    if (ALERTING.has(outcomeReason ?? "")) owed.push({ kind: "alert", eventId: null });
  } else if (decision === null && !isSameLetter && isInTray(outcome)) {
    owed.push({ kind: "arrival", eventId: null });
  }
  return owed;
}

/** Whether an officer has to look at a letter with this outcome. */
export function isInTray(outcome: string | null): boolean {
  return outcome === "triage" || outcome === "possible-duplicate";
}

/** Whom an agency has chosen to refuse it need not hear of each time; these somebody has to know of. */
const ALERTING: ReadonlySet<string> = new Set(["classified", "infected", "forged-sender"]);
