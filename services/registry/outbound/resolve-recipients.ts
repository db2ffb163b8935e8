import type { ActRefusal } from "../../shared/letter/act-refusal.ts";
import type { RecipientFacts } from "../../shared/letter/outbound.ts";
import { newId } from "../../shared/runtime/ids.ts";
import type { RegistryOfAgency } from "../agency-store.ts";
import type { KnownOffice, Recipient } from "./sending-store.ts";

/** What a mail server could be asked for, and nothing that would mean more to it than an address. */
const ADDRESS = /^[A-Za-z0-9._+=&'-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$/;

/** In lower case; what is no address gives no domain that anybody has. */
function domainOf({ partner, address = "" }: RecipientFacts): string {
  return (partner ?? address.slice(address.lastIndexOf("@") + 1)).toLowerCase();
}

/** The domains that have to be looked up for recipients. */
export function domainsOf(recipients: readonly RecipientFacts[]): string[] {
  return [...new Set(recipients.map(domainOf))];
}

/** How the book names the addressees: each of a few, else the first and how many more. */
export function addressees(
  recipients: readonly RecipientFacts[],
  offices: ReadonlyMap<string, KnownOffice>,
): string | null {
  const names = recipients.map((recipient) => nameOf(recipient, offices)).filter((name) => name !== "");
  if (names.length <= 5) return names.join(", ").slice(0, 1000) || null;
  return `${names[0]} และอีก ${names.length - 1} แห่ง`;
}

function nameOf(recipient: RecipientFacts, offices: ReadonlyMap<string, KnownOffice>): string {
  return recipient.name ?? offices.get(domainOf(recipient))?.name ?? recipient.address ?? "";
}

/**
 * To whom a letter really goes: a partner by the channel that is named, or the best that the directory has for it, anybody
 * else at his mail address.
 * @param agency whose letter it is: one to ourselves would be registered as one that came in
 * @returns why it cannot be sent so, or one row for each recipient
 */
export function resolveRecipients(
  recipients: readonly RecipientFacts[],
  offices: ReadonlyMap<string, KnownOffice>,
  agency: Pick<RegistryOfAgency, "domain" | "ecms">,
): ActRefusal | Recipient[] {
  if (recipients.length === 0) return "no-recipients";
  const seen = new Set<string>();
  const resolved: Omit<Recipient, "id">[] = [];
  for (const facts of recipients) {
    const domain = domainOf(facts);
    if (domain === agency.domain) return "a-recipient-is-the-agency-itself";
    const way = wayTo(facts, offices.get(domain), agency.ecms);
    if (way === null) return "a-recipient-cannot-be-reached";
    const key = way.address.toLowerCase();
    if (seen.has(key)) return "a-recipient-stands-there-twice";
    seen.add(key);
    resolved.push({ name: nameOf(facts, offices), domain, ...way });
  }
  // Sorted: ids of one millisecond have no order of their own, and lists of recipients go by them.
  const ids = resolved.map(() => newId()).sort();
  return resolved.map((recipient, index) => ({ ...recipient, id: ids[index] as string }));
}

/**
 * By e-CMS to who has a node. Through our own node, which may reach anybody on that wire, or into the inbox of a program of theirs
 * that fetches here, only where there is no mailbox: nobody can say how often it looks.
 */
function wayTo(
  { partner, address, channel }: RecipientFacts,
  office: KnownOffice | undefined,
  ecms: RegistryOfAgency["ecms"],
): Pick<Recipient, "address" | "channel"> | null {
  if (partner === undefined) return byMail(address);
  const { mailbox = null, organisationId = null, hasNode = false, fetchesHere = false } = office ?? {};
  const isReached =
    organisationId !== null && ecms !== "none" && (hasNode || ecms === "own-node" || fetchesHere);
  const isBest = hasNode || mailbox === null;
  if (channel === "ecms" || (channel === undefined && isReached && isBest))
    return isReached ? { address: organisationId, channel: "ecms" } : null;
  return byMail(mailbox ?? undefined);
}

function byMail(address: string | undefined): Pick<Recipient, "address" | "channel"> | null {
  if (!address || address.length > 254 || !ADDRESS.test(address)) return null;
  return { address, channel: "mail" };
}
