import type { Recipient } from "../shared/letter/arrival/envelope.ts";
import { parseReturnPath } from "../shared/letter/return-path.ts";

/** A mailbox served here: the agency's central address. */
export interface ServedMailbox {
  readonly agencyId: string;
  readonly domain: string;
  readonly mailbox: string;
}

/**
 * Only the central mailboxes of the agencies served here exist: MAILBOX@domain and MAILBOX_UNIT@domain, in any case
 * (Annex 7: the address begins with saraban). A unit's letter belongs to its agency's book. Nothing is ever relayed. And the
 * return paths of what we send, MAILBOX+TOKEN: reports come back to them, and reading takes nothing there for a letter.
 */
export function recipientFinder(
  served: readonly ServedMailbox[],
): (address: string) => Recipient | "unknown-mailbox" | "not-served" {
  const byDomain = new Map(served.map((mailbox) => [mailbox.domain, mailbox]));
  return (address) => {
    const at = address.lastIndexOf("@");
    const agency = byDomain.get(address.slice(at + 1).toLowerCase());
    if (at < 0 || !agency) return "not-served";
    const localPart = address.slice(0, at).toLowerCase();
    if (localPart === agency.mailbox) return { address, agencyId: agency.agencyId, unit: null };
    if (parseReturnPath(address)?.mailbox === agency.mailbox)
      return { address, agencyId: agency.agencyId, unit: null };
    const unit = localPart.startsWith(`${agency.mailbox}_`) ? localPart.slice(agency.mailbox.length + 1) : "";
    if (!/^[\p{L}\p{M}\p{N}._-]{1,64}$/u.test(unit)) return "unknown-mailbox";
    return { address, agencyId: agency.agencyId, unit };
  };
}
