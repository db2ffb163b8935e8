/** RFC 5321 §4.1.2 Dot-string; RFC 6531 §3.3 adds what is beyond ASCII. No separators and control characters of Unicode. */
const atom = "(?:[\\w!#$%&'*+/=?^`{|}~-]|[^\\x00-\\x7f\\p{Cc}\\p{Z}])+";
/** RFC 5321 §4.1.2 Quoted-string; qtextSMTP beyond ASCII by RFC 6531 §3.3. */
const quoted = '"(?:[\\x20!#-\\[\\]-~]|[^\\x00-\\x7f\\p{Cc}]|\\\\[\\x20-\\x7e])*"';
const localPart = new RegExp(`^(?:${atom}(?:\\.${atom})*|${quoted})$`, "u");

/**
 * Whether the local part of an address is one (RFC 5321 §4.1.2); true for an address without "@" (the null path,
 * postmaster). `root;x@…` is none: a mail library that is told to answer it would make two recipients of it.
 */
export function isMailbox(address: string): boolean {
  const at = address.lastIndexOf("@");
  return at < 0 || localPart.test(address.slice(0, at));
}
