import { type RefusalCode, refusals } from "../../shared/letter/refusals.ts";

/**
 * What the library means to say, by its context word or else its text, and the row of our table that is
 * said instead. Our own handlers fail with the code itself as the error's message.
 */
const rowOf: ReadonlyMap<string, RefusalCode> = new Map<string, RefusalCode>([
  ...(Object.keys(refusals) as RefusalCode[]).map((code) => [code, code] as const),
  ["MAILBOX_SYNTAX_ERROR", "bad-recipient-syntax"],
  ["SENDER_SYNTAX_ERROR", "bad-sender"],
  ["TOO_MANY_RECIPIENTS", "too-many-recipients"],
  ["MESSAGE_TOO_BIG", "too-large"],
  ["HTTP requests not allowed", "not-smtp"],
  ["Timeout - closing connection", "idle-timeout"],
  ["Error: too many unrecognized commands", "too-many-errors"],
  ["Error: internal server error", "try-later"],
]);

/** Texts of the library that are no refusals but not an office's words either. */
const textOf: ReadonlyMap<string, string> = new Map([
  ["Try to send something. No promises though", "2.1.5 Not verified here; the answer to RCPT tells"],
  ["See https://tools.ietf.org/html/rfc5321 for details", "2.0.0 RFC 5321 SMTP for official letters"],
]);

/** A text that brings its own enhanced status code (RFC 2034 §4). */
export const ownStatus = /^[245]\.\d+\.\d+ /;

/**
 * What to say in place of a reply of the library: a row of the table of refusals, or a text.
 *
 * @param context the library's own word for the occasion, if it gave one
 */
export function inOurWords(
  text: string,
  context: string | false | undefined,
): { readonly row: RefusalCode | null; readonly text: string } {
  const row =
    rowOf.get(context || "") ??
    rowOf.get(text) ??
    (text.endsWith("You talk too soon") ? ("early-talker" as const) : null);
  return { row, text: textOf.get(text) ?? text };
}

/** The library says the message of a handler's error, which {@link rowOf} turns into the row it names. */
export const refusalError = (code: RefusalCode): Error =>
  Object.assign(new Error(code), { responseCode: refusals[code].smtp.code });

/** A reply line has 512 octets (RFC 5321 §4.5.3.1.5): ten UUIDs fit. */
export function idList(ids: readonly string[]): string {
  const told = ids.slice(0, 10).join(",");
  return ids.length > 10 ? `${told} and ${ids.length - 10} more` : told;
}
