import type { LookupFunction } from "node:net";
import { type FindAddresses, guardedLookup, namesThisMachine } from "../../shared/runtime/guarded-lookup.ts";
import { openPrivateAddresses } from "../../shared/runtime/private-addresses.ts";

const LONGEST_URL = 2000;

/** What keeps a URL from being called, in English; null when it may be. Whether its addresses may is seen at each call. */
export function webhookUrlFault(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || text.length > LONGEST_URL) return "it is no URL";
  if (url.username !== "" || url.password !== "")
    return "it must hold no name and no password: calls are signed";
  if (url.protocol === "https:" || (url.protocol === "http:" && namesThisMachine(url))) return null;
  return "it has to begin with https:// (http:// only for a program on this machine)";
}

/**
 * How the host of a webhook is looked up (guarded-lookup.ts).
 * @throws for an address in the URL itself that may not be called
 */
export function checkedLookup(url: URL, find: FindAddresses, allowPrivate: boolean): LookupFunction {
  const isPrivate = openPrivateAddresses();
  const mayCall = (address: string): boolean => !isPrivate(address) || (allowPrivate && !isNever(address));
  return guardedLookup(url, { find, mayCall, refusal: NOT_PUBLIC });
}

const NOT_PUBLIC =
  "its address is in a private network, which notification.webhooksAllowPrivate does not allow";

/** What no setting opens: this machine itself but by its name, and link-local addresses, where clouds keep their secrets. */
function isNever(address: string): boolean {
  return /^(0|127|169\.254)\.|^(::1?|::ffff:.*|fe[89ab].*)$/i.test(address);
}
