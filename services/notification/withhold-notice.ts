import { mayAnswer } from "../shared/letter/sender-rules.ts";
import type { NoticeSubject } from "./subject-store.ts";

type Answered = Pick<
  NoticeSubject,
  | "mailFrom"
  | "senderAddress"
  | "senderAgency"
  | "problems"
  | "decision"
  | "standing"
  | "dmarcFailed"
  | "outcome"
  | "senderDomain"
>;

/**
 * RFC 3834 §2: no automatic answer to a null sender, to addresses that programs and lists send from, nor to messages that
 * programs have sent. None where the sender is forged, or could not be looked up: the address is a stranger's then; a clerk
 * who registers such a letter vouches for it, one who rejects it does not. And none to an envelope sender of another domain
 * than that of the letter's From or one below it (a mail server's own), which has to be proved (DMARC) or a known agency's: that would let a stranger have us
 * write to anybody. And none of what is refused from no known agency, to another address than that in From: what a freemail
 * provider has signed for its customer is proved, and he could send it out again with any other customer in the envelope.
 * Unless a clerk has looked at the letter and decided: that is a person's answer, not a program's.
 * @returns a code of the reason; null when it may be sent
 */
export function reasonToWithhold(subject: Answered): string | null {
  const { mailFrom, senderAddress, senderAgency, problems, decision, standing } = subject;
  if (mailFrom === "") return "null-sender";
  const localPart = mailFrom.slice(0, mailFrom.lastIndexOf("@")).toLowerCase();
  if (AUTOMATIC_SENDER.test(localPart)) return "automatic-sender";
  if (problems.includes("machine-sent")) return "automatic-message";
  const isDoubtful = !mayAnswer(standing) || standing === "undecided";
  if (isDoubtful && decision?.decision !== "registered") return `${standing}-sender`;
  if (decision !== null) return null;
  if (subject.dmarcFailed && standing !== "proved") return "unproved-sender";
  const from = senderAddress ?? "";
  if (senderAgency === null && standing !== "proved") return "unproved-sender";
  const isStranger = senderAgency === null && subject.outcome === "refused";
  const isHis = isStranger
    ? mailFrom.toLowerCase() === from.toLowerCase()
    : isOfDomain(domainOf(mailFrom), domainOf(from));
  return isHis ? null : "unproved-sender";
}

/** A receipt goes once more only to where the letter first came from; and no clerk has decided anything about this mail. */
export function reasonToWithholdCopy(
  subject: Answered,
  earlier: Pick<Answered, "senderAddress" | "senderDomain">,
): string | null {
  // Who hands in by program has said who he is; nobody's mail is answered thereby.
  const isByProgram = subject.senderDomain !== null;
  const reason = isByProgram ? null : reasonToWithhold({ ...subject, decision: null });
  if (reason !== null) return reason;
  return officeOf(subject) === officeOf(earlier) ? null : "other-sender";
}

/** The same office may send a letter by mail and hand it in by program. */
function officeOf({ senderDomain, senderAddress }: Pick<Answered, "senderAddress" | "senderDomain">): string {
  return senderDomain ?? domainOf(senderAddress ?? "");
}

const AUTOMATIC_SENDER =
  /^(mailer-daemon|postmaster|no-?reply|do-?not-?reply|owner-.*|.*-(request|owner|relay)|(.*-)?bounces?([+-].*)?)$/;

function isOfDomain(domain: string, above: string): boolean {
  return domain === above || domain.endsWith(`.${above}`);
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1).toLowerCase();
}
