/** How sure the sender of a message is: reading.standing. */
export type Standing = "unchecked" | "proved" | "unproved" | "forged" | "undecided";

/** What becomes of a letter because of who sent it. register: nothing in the sender stands against it. */
export type SenderRule = "register" | "tray" | "refuse";

/** What the directory and the settings say of the domain in From. */
export interface SenderKind {
  /** In config/partners.yaml, or an agency served here. */
  readonly isPartner: boolean;
  /** Under one of senders.governmentDomains. */
  readonly isGovernment: boolean;
}

/** `senders` of an agency in config/agencies.yaml; what is not said has its default. */
export interface SenderRules {
  readonly partnerProved?: "register" | "tray";
  /** Checks are off (senders.check): the address in From is taken at its word. */
  readonly partnerUnchecked?: "register" | "tray";
  readonly partnerUnproved?: SenderRule;
  readonly partnerUndecided?: "register" | "tray";
  /** In no directory, but under a government domain and proved: จาก is then what the letter says. */
  readonly governmentProved?: "register" | "tray";
  /** Anybody else. */
  readonly unknown?: "tray" | "refuse";
  /** Never "register": no setting may give a number to a letter that somebody else wrote. */
  readonly forged?: "tray" | "refuse";
}

export const DEFAULT_SENDER_RULES: Readonly<Required<SenderRules>> = Object.freeze({
  partnerProved: "register",
  partnerUnchecked: "register",
  partnerUnproved: "tray",
  partnerUndecided: "tray",
  governmentProved: "register",
  unknown: "tray",
  forged: "tray",
});

/** What becomes of a letter by its sender. Forged goes before all, whoever it claims to come from. */
export function senderRule(
  standing: Standing,
  { isPartner, isGovernment }: SenderKind,
  rules: SenderRules,
): SenderRule {
  const all = { ...DEFAULT_SENDER_RULES, ...rules };
  // The schema and the types refuse it; a row written by another hand in the table might hold it all the same.
  if (standing === "forged") return all.forged === "refuse" ? "refuse" : "tray";
  if (isPartner) {
    if (standing === "proved") return all.partnerProved;
    if (standing === "unchecked") return all.partnerUnchecked;
    return standing === "undecided" ? all.partnerUndecided : all.partnerUnproved;
  }
  if (isGovernment && standing === "proved") return all.governmentProved;
  // A government domain whose proof failed to come is nobody's to refuse unseen.
  if (isGovernment && standing !== "unproved") return "tray";
  return all.unknown === "refuse" ? "refuse" : "tray";
}

/**
 * Why a letter went to the tray or was refused by its sender: a code of services/http/tray-reasons.ts. An undecided or
 * unproved sender of no directory is unknown before all.
 */
export function senderReason(standing: Standing, { isPartner, isGovernment }: SenderKind): string {
  if (standing === "forged") return "forged-sender";
  if (!isPartner && !isGovernment) return "unknown-sender";
  if (standing === "undecided") return "sender-undecided";
  if (standing === "unproved") return "unproved-sender";
  return isPartner ? "sender-by-clerk" : "unknown-sender";
}

/** Codes of senderReason that another copy of the same message may be free of: it came on a way that proves its sender. */
export const DOUBTED_SENDER: readonly string[] = ["forged-sender", "unproved-sender", "sender-undecided"];

/**
 * Whether a message may be answered without a clerk's doing: with an acknowledgement, a refusal or anything else. The
 * address of a forged letter is its victim's (RFC 3834 §2).
 */
export function mayAnswer(standing: Standing): boolean {
  return standing !== "forged";
}

/**
 * Whether a domain (lower case, A-labels) lies under one of the government's.
 * @param suffixes senders.governmentDomains as A-labels
 */
export function isGovernmentDomain(domain: string, suffixes: readonly string[]): boolean {
  return suffixes.some((suffix) => domain === suffix || domain.endsWith(`.${suffix}`));
}
