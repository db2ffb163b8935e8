import { cameToReturnPathsOnly } from "../shared/letter/return-path.ts";
import {
  type SenderKind,
  type SenderRules,
  type Standing,
  senderReason,
  senderRule,
} from "../shared/letter/sender-rules.ts";
import type { Attachment, Reading, ReadingProblem } from "./reading.ts";

export type Envelope = { mailFrom: string; recipients: readonly string[] };

/** What is known of the sender, and what the agency makes of such senders. */
export type SenderJudged = { standing: Standing; kind: SenderKind; rules: SenderRules };

export type Verdict = {
  /** ready: to be registered; triage: an officer decides; ignored: kept at most; refused: told so, never opened. */
  outcome: "ready" | "triage" | "ignored" | "refused";
  /** A code without any content of the message: fit for logs. */
  reason: string;
};

// Worst first: the officer is told one reason, the one to look at. What cannot be opened might be marked as classified, or be
// another letter. A scan, which can be opened and has no text, passes by what the mail says of it, and is marked.
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
  "pdf-unreadable",
  "encrypted-attachment",
  "archive-too-large",
  "text-cut",
  "empty",
  "machine-sent",
  "several-messages",
  "several-numbers",
  "conflicting-facts",
];

// They stop a letter only where it may be the letter itself that is locked: an enclosure's password often comes by another way.
const OF_ENCLOSURES: readonly ReadingProblem[] = ["encrypted-attachment", "archive-too-large"];

/** Whether the letter itself lies here and can be read. */
function holdsLetter({ role, marks, members }: Attachment): boolean {
  return (role === "main" && marks.length === 0) || members.some(holdsLetter);
}

/**
 * What becomes of a message. The order is the rule: what a machine sent is never answered, so it goes before all; what is
 * infected is not looked at; a marked letter is refused whoever sent it and however damaged; then who sent it; everything
 * doubtful is an officer's.
 */
export function judgeMessage(reading: Reading, envelope: Envelope, sender: SenderJudged): Verdict {
  // RFC 5321 §4.5.5: the null reverse-path belongs to notifications, and must never be answered.
  const machine = reading.kind !== "letter" && reading.kind !== "unreadable";
  if (machine) return { outcome: "ignored", reason: reading.kind };
  if (envelope.mailFrom === "" || envelope.mailFrom === "<>") {
    return { outcome: "ignored", reason: "null-reverse-path" };
  }
  if (cameToReturnPathsOnly(envelope.recipients)) return { outcome: "ignored", reason: "return-path" };
  if (reading.problems.includes("infected")) return { outcome: "refused", reason: "infected" };
  if (reading.facts.secrecy !== "normal") return { outcome: "refused", reason: "classified" };
  const { standing, kind, rules } = sender;
  const rule = senderRule(standing, kind, rules);
  if (rule === "refuse") return { outcome: "refused", reason: senderReason(standing, kind) };
  if (standing === "forged") return { outcome: "triage", reason: senderReason(standing, kind) };
  const isOpen = reading.attachments.some(holdsLetter);
  const blocking = BLOCKING.find(
    (problem) => reading.problems.includes(problem) && !(isOpen && OF_ENCLOSURES.includes(problem)),
  );
  if (blocking !== undefined) return { outcome: "triage", reason: blocking };
  if (reading.facts.number === null) {
    const uncertain = reading.problems.includes("uncertain-number");
    return { outcome: "triage", reason: uncertain ? "uncertain-number" : "no-number" };
  }
  if (rule === "tray") return { outcome: "triage", reason: senderReason(standing, kind) };
  return { outcome: "ready", reason: "letter" };
}
