import type { Standing } from "../../shared/letter/sender-rules.ts";

/** What the checks of one message found. Domains in lower case, A-labels. */
export interface SenderFindings {
  /** The one domain in From; null when there is none, or more than one. */
  readonly fromDomain: string | null;
  /** A partner, an agency served here, or a government domain: one that is worth forging. */
  readonly guarded: boolean;
  readonly dmarc: "pass" | "fail" | "none" | "temperror";
  /** What the domain asks for on a failure, its t= and sp= reckoned in. */
  readonly policy: "none" | "quarantine" | "reject";
  /** A check that DNS did not answer would have made the difference. */
  readonly dnsMatters: boolean;
  /** Where there is no DMARC record: a signature, or SPF, of a domain that may speak for From. */
  readonly relatedPass: boolean;
  readonly relatedSpfFail: boolean;
  /** Whether anybody knows from where it came: without it SPF has not been asked, and a failure says little. */
  readonly clientKnown: boolean;
  /** What a believed server says of DMARC for this From; null when it says nothing. */
  readonly believed: "pass" | "fail" | null;
  /** Every sealer of its chain is trusted, and the first one found From proved. */
  readonly vouched: boolean;
}

/** How sure the sender is. Each line is a rule; the first that applies decides. */
export function decideStanding(found: SenderFindings): Standing {
  const { dmarc, guarded } = found;
  if (found.fromDomain === null) return "unproved";
  if (dmarc === "pass" || found.believed === "pass" || found.vouched) return "proved";
  if (dmarc === "none" && found.relatedPass) return "proved";
  if (dmarc === "temperror" || found.dnsMatters) return "undecided";
  if (dmarc === "fail") {
    const serious = guarded || found.policy !== "none";
    return serious && (found.clientKnown || found.believed === "fail") ? "forged" : "unproved";
  }
  return guarded && found.relatedSpfFail ? "forged" : "unproved";
}
