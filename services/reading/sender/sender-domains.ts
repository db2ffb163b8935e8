import { domainToASCII } from "node:url";

const MOST_CHARACTERS = 253;
/** Where others register their names; nobody signs for all that stands below. */
const PUBLIC_SUFFIX =
  /^(?:(?:ac|co|go|in|mi|net|or)\.th|(?:co|com|net|org|gov|ac|edu)\.[a-z]{2}|[^.]{1,63})$/;

/** A domain as DNS knows it: lower case, A-labels, no dot at the end; null for what is none. */
export function plainDomain(text: string): string | null {
  const lower = text.trim().toLowerCase().replace(/\.$/, "");
  if (lower === "" || lower.length > MOST_CHARACTERS) return null;
  // domainToASCII reads "0x7f.1" as an address, and drops what follows a slash.
  if (/[\s/\\?#:@%[\]<>()",;]/.test(lower)) return null;
  const ascii = /^[\x00-\x7f]*$/.test(lower) ? lower : domainToASCII(lower);
  return ascii === "" || ascii.length > MOST_CHARACTERS ? null : ascii;
}

/** The domain of an address, behind its last @; null when there is none. */
export function domainOf(address: string): string | null {
  const at = address.lastIndexOf("@");
  return at < 0 ? null : plainDomain(address.slice(at + 1));
}

/** Whether two domains may be of one organisation (RFC 7489 §3.1.1): below a name that somebody could have registered. */
export function mayBelongTogether(one: string, other: string): boolean {
  const [ours, theirs] = [one.split(".").reverse(), other.split(".").reverse()];
  const differsAt = ours.findIndex((label, at) => label !== theirs[at]);
  const shared = (differsAt < 0 ? ours : ours.slice(0, differsAt)).reverse().join(".");
  return shared !== "" && !PUBLIC_SUFFIX.test(shared);
}

/**
 * Whether a domain may speak for another one where no DMARC record says how: the same, or one of them above the other.
 * Less than the relaxed alignment of RFC 7489 §3.1: two ministries under one parent do not speak for each other.
 */
export function isRelated(one: string, other: string): boolean {
  if (one === other) return true;
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return long.endsWith(`.${short}`) && !PUBLIC_SUFFIX.test(short);
}
