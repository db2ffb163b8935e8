import type { Transaction } from "kysely";
import type { Evidence } from "../../shared/letter/evidence/evidence.ts";
import { readOwnKeys, readPartnerKeys } from "../../shared/letter/evidence/public-key-store.ts";
import { verifyEvidence } from "../../shared/letter/evidence/verify-evidence.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { type Addressed, findByMessageId, findByNumber, ownDomain } from "./evidence-store.ts";

/** What a receipt that came to us comes to. */
export type JudgedEvidence =
  | { readonly state: "proved"; readonly recipient: Addressed; readonly evidence: Evidence }
  | {
      readonly state: "unproved";
      /**
       * other-letter: not about a letter that we have sent to the office that speaks; unknown-key: nobody here knows the key
       * as that office's; revoked-key, tampered: as verify-evidence.ts has it.
       */
      readonly because: "not-a-receipt" | "other-letter" | "unknown-key" | "revoked-key" | "tampered";
      /** Which recipient it claims to speak for, and what it claims; null for other-letter and not-a-receipt. */
      readonly claims: { readonly recipient: Addressed; readonly evidence: Evidence } | null;
      /** Domain of the office that it claims to be from. */
      readonly domain: string | null;
    };

/**
 * Checks another office's receipt. It counts for the one recipient of a letter of ours that it names (by the Message-ID of the
 * mail that brought the letter, or by the letter's number and date) whose office it is, signed with that office's key: a
 * genuine receipt for another letter proves nothing, and who brings it is of no matter.
 */
export async function judgeEvidence(
  transaction: Transaction<Tables>,
  agencyId: string,
  jws: string,
): Promise<JudgedEvidence> {
  const unsigned = verifyEvidence(jws, []);
  if (unsigned.state !== "unknown-key")
    return { state: "unproved", because: "not-a-receipt", claims: null, domain: null };
  const { claims, kid } = unsigned;
  const domain = domainOf(claims.agency.mailbox);
  const recipient = await findRecipient(transaction, agencyId, claims, domain);
  if (recipient === null) return { state: "unproved", because: "other-letter", claims: null, domain };
  const own = await ownDomain(transaction, domain);
  // Of another partner, who may publish what names he likes, none counts: or this office's own would not be asked for. And a
  // ministry's key does not speak for an office below its domain that is served here.
  const theirs = (await readPartnerKeys(transaction, kid)).filter(
    ({ holder }) => own !== "served" && `.${domain}`.endsWith(`.${holder}`),
  );
  const keys = [...theirs, ...(own === null ? [] : await readOwnKeys(transaction))];
  const verified = verifyEvidence(jws, keys);
  if (verified.state === "genuine") return { state: "proved", recipient, evidence: verified.evidence };
  return { state: "unproved", because: verified.state, claims: { recipient, evidence: claims }, domain };
}

async function findRecipient(
  transaction: Transaction<Tables>,
  agencyId: string,
  { type, agency, message, letter }: Evidence,
  domain: string,
): Promise<Addressed | null> {
  const speaksFor = (recipient: Addressed): boolean =>
    recipient.domain === domain || domainOf(recipient.address) === domain;
  if (message.messageId !== null) {
    // Who has entered the mail with the recall as a letter has not entered the letter under that number.
    const isOfRecall = type === "recall-accepted" || type === "recall-refused";
    const kinds = isOfRecall ? (["letter", "recall"] as const) : (["letter"] as const);
    const named = await findByMessageId(transaction, message.messageId, kinds);
    if (named.recipient !== null && speaksFor(named.recipient)) return named.recipient;
    // A message of ours, but not one that has brought this office a letter: the number must not make up for that.
    if (named.isOurs) return null;
  }
  if (letter?.number == null || letter.date === null) return null;
  const numbered = (await findByNumber(transaction, agencyId, letter.number, letter.date)).filter(speaksFor);
  const [only] = numbered;
  // Several units of one office have each got it: the one whose address speaks.
  return numbered.length === 1 && only !== undefined
    ? only
    : (numbered.find(({ address }) => address === agency.mailbox.toLowerCase()) ?? null);
}

export function domainOf(address: string): string {
  return address
    .slice(address.lastIndexOf("@") + 1)
    .toLowerCase()
    .replace(/\.$/, "");
}
