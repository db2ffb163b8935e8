import { type KnownSenders, type Reading, type ReadingProblem, senderOf } from "./reading.ts";

export type Envelope = { mailFrom: string; recipients: readonly string[] };

export type Verdict = {
  /** ready: to be registered; triage: an officer decides; ignored: kept at most; refused: told so, never opened. */
  outcome: "ready" | "triage" | "ignored" | "refused";
  /** A code without any content of the message: fit for logs. */
  reason: string;
};

// Worst first: the officer is told one reason, the one to look at.
const BLOCKING: readonly ReadingProblem[] = [
  "bare-newline",
  "too-large",
  "too-deep",
  "too-many-parts",
  "header-too-large",
  "unreadable-structure",
  "no-parts",
  "ambiguous-from",
  "encrypted",
  "sensitivity-header",
  "undecodable-attachment",
  "undecodable-body",
  "text-cut",
  "empty",
  "machine-sent",
  "several-messages",
  "several-numbers",
];

/**
 * What becomes of a message. The order is the rule: what a machine sent is never answered, so it goes before all;
 * a marked letter is refused whoever sent it and however damaged; everything doubtful is an officer's.
 */
export function judgeMessage(reading: Reading, envelope: Envelope, known: KnownSenders): Verdict {
  // RFC 5321 §4.5.5: the null reverse-path belongs to notifications, and must never be answered.
  const machine = reading.kind !== "letter" && reading.kind !== "unreadable";
  if (envelope.mailFrom === "" || envelope.mailFrom === "<>") {
    return { outcome: "ignored", reason: machine ? reading.kind : "null-reverse-path" };
  }
  if (machine) return { outcome: "ignored", reason: reading.kind };
  if (reading.facts.secrecy !== "normal") return { outcome: "refused", reason: "classified" };
  const blocking = BLOCKING.find((problem) => reading.problems.includes(problem));
  if (blocking !== undefined) return { outcome: "triage", reason: blocking };
  if (reading.facts.number === null) {
    const uncertain = reading.problems.includes("uncertain-number");
    return { outcome: "triage", reason: uncertain ? "uncertain-number" : "no-number" };
  }
  if (senderOf(reading.fromAddress, known) === null) return { outcome: "triage", reason: "unknown-sender" };
  return { outcome: "ready", reason: "letter" };
}
