/**
 * The address that our own messages carry as envelope sender, and that other servers report to: MAILBOX+TOKEN@DOMAIN,
 * where the token (notification/report-token.ts) names the message. RFC 3834 §3.3 wants an automatic response's return path
 * to be one that never answers: what comes to this address is evidence at most, never a letter, and nobody is answered.
 */

/** Octets of a token: the notice's id (16) and 96 bits of its HMAC. */
export const TOKEN_BYTES = 28;

/** Characters of a token: 28 octets, 5 bits each. Digits and lower case only: a server on the way may fold the case. */
const TOKEN_LENGTH = 45;

/** RFC 5321 §4.5.3.1.1. */
const LONGEST_LOCAL_PART = 64;

const RETURN_PATH = new RegExp(
  `^([^+@]{1,${LONGEST_LOCAL_PART}})\\+([a-z2-7]{${TOKEN_LENGTH}})@([^@]{1,255})$`,
  "i",
);

export interface ReturnPath {
  /** All in lower case. */
  readonly mailbox: string;
  readonly token: string;
  readonly domain: string;
}

/** The parts of an address that looks like a return path of ours; whether its token is genuine only the key's owner can tell. */
export function parseReturnPath(address: string): ReturnPath | null {
  const [, mailbox, token, domain] = RETURN_PATH.exec(address) ?? [];
  if (mailbox === undefined || token === undefined || domain === undefined) return null;
  return {
    mailbox: mailbox.toLowerCase(),
    token: token.toLowerCase(),
    domain: domain.toLowerCase().replace(/\.$/, ""),
  };
}

/** Whether an address has the form of a return path of ours: nothing that is sent to it is a letter. */
export function isReturnPath(address: string): boolean {
  return parseReturnPath(address) !== null;
}

/** Whether a message came to return paths alone. One that names a mailbox besides is judged like any other. */
export function cameToReturnPathsOnly(recipients: readonly string[]): boolean {
  return recipients.length > 0 && recipients.every(isReturnPath);
}

/** @returns null when the mailbox is too long for a token beside it: then the null reverse-path has to do */
export function composeReturnPath({ mailbox, token, domain }: ReturnPath): string | null {
  if (mailbox.length + 1 + token.length > LONGEST_LOCAL_PART) return null;
  return `${mailbox}+${token}@${domain}`;
}
