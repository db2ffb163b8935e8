import { EVIDENCE_SCHEMA, type Evidence } from "../../shared/letter/evidence/evidence.ts";
import { DEFAULT_OFFICE } from "../../shared/letter/office-hours.ts";
import type { SenderFacts, UnsignedFacts } from "../notice-facts.ts";

/** What was told beside a notice before receipts were signed: nothing, so the common office hours are named. */
export const UNSIGNED_TOLD: SenderFacts["told"] = Object.freeze({
  office: {
    hours: DEFAULT_OFFICE.hours.map(({ from, to }) => [from, to] as const),
    days: DEFAULT_OFFICE.workingDays,
  },
  waitsFor: null,
  keepUntil: null,
  replaces: null,
});

/** The facts of a notice of that time in today's form, for its text alone: it proves nothing, and has no code. */
export function evidenceOfUnsigned(facts: UnsignedFacts): Evidence {
  const { type, reason, clock, message } = facts;
  const unknown = { state: "unsynchronised", reason: "" } as const;
  return {
    schema: EVIDENCE_SCHEMA,
    evidenceId: facts.evidenceId,
    type,
    issuedAt: facts.receivedAt,
    agency: facts.agency,
    letter: facts.letter ?? null,
    register: facts.register ?? null,
    receivedAt: facts.receivedAt,
    // Those promised before there was a calendar do not have the field.
    deemedReceivedAt: facts.deemedReceivedAt ?? null,
    registeredAt: facts.registeredAt ?? null,
    handedOver: null,
    receiver: facts.receiver ?? null,
    clock: { received: unknown, registered: null, ...clock, issued: unknown },
    channel: "smtp",
    message: { sizeBytes: 0, contentsSha256: null, ...message },
    reason:
      reason === undefined
        ? null
        : type === "rejected"
          ? { code: type, words: reason }
          : { code: reason, words: null },
    changes: null,
    replaces: null,
    code: "",
    verifyUrl: null,
  };
}
