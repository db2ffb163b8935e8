import type { Envelope, Recipient } from "../../shared/letter/arrival/envelope.ts";

/** Of a message's head so much is looked at: trace fields stand first. */
export const HEAD_BYTES = 64 * 1024;
const MOST_FIELDS = 500;
const MOST_ADDRESSES = 50;
/** Names of fields in which servers note the envelope's recipient, the most reliable first; then what the sender wrote. */
const RECIPIENT_FIELDS = ["delivered-to", "x-original-to", "envelope-to", "to", "cc"];
/** The domain can belong to nobody. Not the null sender: that would make a report of a message that is none. */
const UNKNOWN_SENDER = "unknown@sender.invalid";

/** The agency whose mailbox it is. */
export interface PulledFor {
  readonly agencyId: string;
  /** Its central address. */
  readonly address: string;
  readonly tls: boolean;
  readonly findRecipient: (address: string) => Recipient | "unknown-mailbox" | "not-served";
}

/**
 * The envelope of a message that a server has already delivered, from what it noted in the head.
 * The sender is that of the topmost Return-Path (RFC 5321 §4.4); `<>` there is the null sender, of bounces. Without a
 * Return-Path it is the address in From: an empty sender would say that the message is an automatic one. All of it may be
 * forged by a sender when the hosting server does not write these fields itself; it decides over the unit and over whom we
 * answer, never over the agency, which is the mailbox's.
 * @param head the first HEAD_BYTES of the message at most
 */
export function envelopeOfPulled(head: Buffer, to: PulledFor): Envelope {
  const fields = fieldsOf(head);
  const recipients = new Map<string, Recipient>();
  for (const name of RECIPIENT_FIELDS) {
    // A later field is asked only when no better one names us: To may list units that got a copy of their own.
    if (recipients.size > 0) break;
    for (const [fieldName, body] of fields) {
      if (fieldName !== name) continue;
      for (const address of addressesIn(body)) {
        const found = to.findRecipient(address);
        if (typeof found === "object" && found.agencyId === to.agencyId)
          recipients.set(address.toLowerCase(), found);
      }
    }
  }
  return {
    door: "imap",
    mailFrom: senderOf(fields),
    recipients:
      recipients.size > 0
        ? [...recipients.values()]
        : [{ address: to.address, agencyId: to.agencyId, unit: null }],
    // Who brought it to the hosting server is that server's to know (Received, Authentication-Results in the message).
    remoteAddress: "",
    helo: "",
    smtpUtf8: false,
    tls: to.tls,
  };
}

function senderOf(fields: readonly (readonly [string, string])[]): string {
  const returnPath = fields.find(([name]) => name === "return-path")?.[1];
  if (returnPath !== undefined) {
    if (/^\s*<\s*>/.test(returnPath)) return "";
    const [address] = addressesIn(returnPath);
    if (address !== undefined) return address;
  }
  for (const wanted of ["from", "sender"]) {
    const body = fields.find(([name]) => name === wanted)?.[1];
    const [address] = body === undefined ? [] : addressesIn(body);
    if (address !== undefined) return address;
  }
  return UNKNOWN_SENDER;
}

/** Name in lower case and unfolded body of each field, up to the empty line; a part at the end that is cut off is left out. */
function fieldsOf(head: Buffer): (readonly [string, string])[] {
  const fields: [string, string][] = [];
  const lines = head.subarray(0, HEAD_BYTES).toString("utf8").split(/\r?\n/, 20_000);
  if (head.length >= HEAD_BYTES) lines.pop();
  for (const line of lines) {
    if (line === "" || fields.length > MOST_FIELDS) break;
    const last = fields.at(-1);
    if (/^[ \t]/.test(line)) {
      if (last) last[1] += line;
      continue;
    }
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    // A line that is no field ("From " of mbox files) does not end the head: servers skip it as well.
    if (/^[!-9;-~]{1,100}$/.test(name)) fields.push([name, line.slice(colon + 1).trim()]);
    else fields.push(["", ""]);
  }
  return fields;
}

/** Mail addresses in a field's body, quoted texts and comments left out. Every step is linear in the body's length. */
function addressesIn(body: string): string[] {
  const bare = withoutQuoted(body.slice(0, 16_384)).replace(/\([^()]*\)/g, " ");
  const found: string[] = [];
  for (const [word] of bare.matchAll(/[^\s<>(),;:"[\]]{1,320}/g)) {
    const at = word.lastIndexOf("@");
    if (at > 0 && at < word.length - 1 && word.length <= 320) found.push(word);
    if (found.length >= MOST_ADDRESSES) break;
  }
  return found;
}

/**
 * A blank for each quoted text that is no local part. By hand: a regular expression looks for the end of a quotation that
 * has none from each of its escaped quotes anew, for seconds in a field of 16 KiB.
 */
function withoutQuoted(body: string): string {
  let kept = "";
  for (let at = 0; ; ) {
    const begin = body.indexOf('"', at);
    let end = begin + 1;
    while (begin >= 0 && end < body.length && body[end] !== '"') end += body[end] === "\\" ? 2 : 1;
    if (begin < 0 || end >= body.length) return kept + body.slice(at);
    const isLocalPart = body[end + 1] === "@";
    kept += isLocalPart ? body.slice(at, end + 1) : `${body.slice(at, begin)} `;
    at = end + 1;
  }
}
