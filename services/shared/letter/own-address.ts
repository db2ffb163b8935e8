/**
 * Whose a mail address is, as an agency sees it. own: of a person or an office of the agency; central: of its mailbox itself
 * (saraban@…, saraban_unit@…, saraban+token@…), where what is written to a person would come in as a letter; foreign: in
 * no domain of the agency. Whatever the case of its letters.
 */
export type AddressHolder = "own" | "central" | "foreign";

/** @param agency its domain, and its mailbox without the domain */
export function holderOf(
  address: string,
  agency: { readonly domain: string; readonly mailbox: string },
): AddressHolder {
  const at = address.lastIndexOf("@");
  const local = address.slice(0, at).toLowerCase();
  const theirs = address.slice(at + 1).toLowerCase();
  const domain = agency.domain.toLowerCase();
  if (theirs !== domain) return theirs.endsWith(`.${domain}`) ? "own" : "foreign";
  const mailbox = agency.mailbox.toLowerCase();
  const isCentral = local === mailbox || local.startsWith(`${mailbox}_`) || local.startsWith(`${mailbox}+`);
  return isCentral ? "central" : "own";
}
