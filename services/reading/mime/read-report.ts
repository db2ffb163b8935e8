import {
  type DeliveryReport,
  type ReportedRecipient,
  SAYS_NOTHING,
} from "../../shared/letter/delivery-report.ts";
import { findLetterNumbers } from "../../shared/letter/letter-number.ts";
import { thaiDigitsToArabic } from "../../shared/letter/thai-text.ts";
import { decodeText } from "../../shared/mime/charset.ts";
import { type MimeMessage, type MimePart, rawField } from "../../shared/mime/parse-mime.ts";
import type { MessageKind } from "../reading.ts";
import { messageIdIn, referencesOf } from "./message-ids.ts";

const MOST_RECIPIENTS = 20;
const READ_OCTETS = 64 * 1024;

/** RFC 3464 §2.3.3, worst first: what the sender has to know of several. */
const ACTIONS = ["failed", "delayed", "expanded", "relayed", "delivered"];

const RECEIVE_NUMBER =
  /เลข(?:ที่|ทะเบียน)?(?:ทะเบียน)?(?:หนังสือ)?รับ(?:ที่|เลขที่)?\s{0,20}[:：]?\s{0,20}([0-9]{1,9})(?![0-9])|\b(?:receive|receipt|register|registration)d? (?:no|number)\b\.?\s{0,9}[:：]?\s{0,9}([0-9]{1,9})(?![0-9])/iu;

/**
 * What a message of this kind says of a message of ours, or in a recall of its own; null for letters, and for what says
 * nothing. @param evidence the signed statement that it carries
 */
export function reportOf(
  kind: MessageKind,
  message: MimeMessage,
  subject: string,
  body: string,
  evidence: string | null = null,
): DeliveryReport | null {
  if (kind === "bounce") return withPlainWords(readReport(message), message, body);
  if (kind === "mdn") return readReport(message);
  if (kind !== "auto-reply" && kind !== "acknowledgement" && kind !== "recall") return null;
  const relatesTo =
    messageIdIn(rawField(message.headers, "in-reply-to")) ?? referencesOf(message.headers).at(-1) ?? null;
  const words = `${body.slice(0, 20_000)}\n${subject}`;
  const isReceipt = kind === "acknowledgement";
  const [, inThai, inEnglish] = (isReceipt && RECEIVE_NUMBER.exec(thaiDigitsToArabic(words))) || [];
  const receiveNumber = inThai ?? inEnglish ?? null;
  const numbered = isReceipt ? [subject, words].flatMap((text) => findLetterNumbers(text)) : [];
  const letter = numbered[0]?.canonical ?? null;
  if (relatesTo === null && receiveNumber === null && letter === null && evidence === null) return null;
  return { ...SAYS_NOTHING, relatesTo, receiveNumber, letter, evidence };
}

/**
 * What a bounce or a read receipt says of the message of ours it is about, or null when it says nothing: delivery status
 * (RFC 3464), disposition (RFC 8098), both also in UTF-8 (RFC 6533), the message or header that comes back with them, and
 * of bounces in no standard form the Message-ID and the recipient that they name.
 */
export function readReport(message: MimeMessage): DeliveryReport | null {
  const report: DeliveryReport = { ...SAYS_NOTHING, recipients: [] };
  for (const part of message.parts) {
    const type = part.contentType.value;
    if (part.message !== null) {
      report.relatesTo ??= messageIdIn(rawField(part.message.headers, "message-id"));
    } else if (isReturnedHeader(type)) {
      report.relatesTo ??= messageIdIn(fieldOf(groupsOf(part)[0] ?? [], "message-id"));
    } else if (type === "message/delivery-status" || type === "message/global-delivery-status") {
      readStatus(groupsOf(part), report);
    } else if (
      type === "message/disposition-notification" ||
      type === "message/global-disposition-notification"
    ) {
      readDisposition(groupsOf(part).flat(), report);
    }
  }
  report.recipient ??= addressIn(rawField(message.headers, "x-failed-recipients"));
  report.relatesTo ??= quotedMessageId(message);
  const { recipients, ...facts } = report;
  return Object.values(facts).every((value) => value === null) && recipients.length === 0 ? null : report;
}

const NAMED_RECIPIENT =
  /^<([^<>\s@]{1,64}@[^<>\s]{1,253})>:[ \t]*$|(?:delivered to|could not deliver to|following address(?:es)?[^\n]{0,40}:)\s{1,9}<?([^<>\s@]{1,64}@[^<>\s]{1,253}[a-z0-9])/imu;
const STATUS_IN_WORDS = /(?:#|\b[245][0-9]{2}[ -])([245]\.[0-9]{1,3}\.[0-9]{1,3})\b/u;
const GIVEN_UP =
  /permanent (?:fatal )?error|could ?n[o']t be delivered|(?:was|were) ?n[o'’]t delivered|I'?ve given up|delivery has failed|ส่งไม่สำเร็จ|ไม่สามารถ(?:จัด)?ส่ง/iu;
const STILL_TRYING =
  /\b(?:delayed|will (?:keep|continue) (?:trying|to (?:try|retry))|warning message only)\b/iu;

/** qmail, Exim and others tell in words alone whom a letter did not reach, and why. */
function withPlainWords(
  report: DeliveryReport | null,
  { headers }: MimeMessage,
  body: string,
): DeliveryReport | null {
  if (report !== null && report.recipients.length > 0) return report;
  // What comes below is the returned letter.
  const words = body.slice(0, 5_000).split(/^-{3,}[^\n]{0,80}(?:copy|original)/imu, 1)[0] ?? "";
  const [, onLine, inSentence] = NAMED_RECIPIENT.exec(words) ?? [];
  const status = report?.status ?? STATUS_IN_WORDS.exec(words)?.[1] ?? null;
  const failed = rawField(headers, "x-failed-recipients") !== null || status?.startsWith("5");
  const trying = status?.startsWith("4") || STILL_TRYING.test(words);
  const action = failed || (!trying && GIVEN_UP.test(words)) ? "failed" : trying ? "delayed" : null;
  const recipient = report?.recipient ?? addressIn(onLine ?? inSentence ?? null);
  if (report === null && recipient === null && status === null && action === null) return null;
  const found = report ?? { ...SAYS_NOTHING, recipients: [] };
  return { ...found, recipient, status, action: found.action ?? action };
}

function isReturnedHeader(type: string): boolean {
  return ["text/rfc822-headers", "message/rfc822-headers", "message/global-headers"].includes(type);
}

/** The first group speaks of the message, each further one of a recipient; some servers write all in one. */
function readStatus(groups: readonly Fields[], report: DeliveryReport): void {
  for (const group of groups) {
    report.envelopeId ??= fieldOf(group, "original-envelope-id")?.slice(0, 200) ?? null;
    const final = addressIn(fieldOf(group, "final-recipient"));
    const original = addressIn(fieldOf(group, "original-recipient"));
    const action = fieldOf(group, "action")?.toLowerCase() ?? null;
    if (final === null && original === null && action === null) continue;
    if (report.recipients.length >= MOST_RECIPIENTS) break;
    report.recipients.push({
      original,
      final,
      action: action !== null && ACTIONS.includes(action) ? action : null,
      status: /[245]\.[0-9]{1,3}\.[0-9]{1,3}/.exec(fieldOf(group, "status") ?? "")?.[0] ?? null,
      diagnostic: diagnosticIn(fieldOf(group, "diagnostic-code")),
    });
  }
  const worst = report.recipients.reduce<ReportedRecipient | null>(
    (found, next) => (found === null || rankOf(next) < rankOf(found) ? next : found),
    null,
  );
  if (worst === null) return;
  report.action ??= worst.action;
  report.status ??= worst.status;
  report.recipient ??= worst.final ?? worst.original;
  report.diagnostic ??= worst.diagnostic;
}

function rankOf({ action }: ReportedRecipient): number {
  return action === null ? ACTIONS.length : ACTIONS.indexOf(action);
}

function readDisposition(fields: Fields, report: DeliveryReport): void {
  report.relatesTo ??= messageIdIn(fieldOf(fields, "original-message-id"));
  report.action ??=
    /;\s{0,9}([a-z]{1,40})/i.exec(fieldOf(fields, "disposition") ?? "")?.[1]?.toLowerCase() ?? null;
  report.recipient ??= addressIn(fieldOf(fields, "final-recipient") ?? fieldOf(fields, "original-recipient"));
}

type Fields = readonly string[];

/** Fields as unfolded lines, in groups that empty lines part. Bounded by the octets looked at. */
function groupsOf(part: MimePart): Fields[] {
  if (part.octets === null) return [];
  const charset = part.contentType.value.startsWith("message/global") ? "utf-8" : null;
  const { text } = decodeText(part.octets.subarray(0, READ_OCTETS), charset);
  const unfolded = text.replaceAll("\0", "").replaceAll(/\r?\n[ \t]+(?=\S)/g, " ");
  return unfolded
    .split(/\r?\n[ \t]*(?:\r?\n)+/)
    .map((group) => group.split(/\r?\n/).filter((line) => line.includes(":")))
    .filter((group) => group.length > 0);
}

function fieldOf(fields: Fields, name: string): string | null {
  for (const line of fields) {
    const colon = line.indexOf(":");
    if (line.slice(0, colon).trim().toLowerCase() !== name) continue;
    const value = line
      .slice(colon + 1)
      .trim()
      .slice(0, 1_000);
    return value === "" ? null : value;
  }
  return null;
}

/** "rfc822; a@b", "utf-8; ก@ข", and with characters written as \x{0E01} (RFC 6533 §3). */
function addressIn(value: string | null): string | null {
  const text = (value ?? "").replaceAll(/\\x\{([0-9a-f]{1,6})\}/gi, (_, hex: string) => {
    const code = Number.parseInt(hex, 16);
    return code > 0x7f && code <= 0x10ffff ? String.fromCodePoint(code) : "";
  });
  return /[^\s<>;,]{1,200}@[^\s<>;,]{1,253}/.exec(text.toWellFormed())?.[0].toLowerCase() ?? null;
}

function diagnosticIn(value: string | null): string | null {
  const words = (value ?? "")
    .replace(/^[a-z0-9-]{1,40}[ \t]{0,9};/i, "")
    .replaceAll(/[\s\x00-\x1f\x7f]+/g, " ")
    .trim();
  return words === "" ? null : words.slice(0, 300).toWellFormed();
}

/** qmail and its like return the message as text: its Message-ID stands at the beginning of a line. */
function quotedMessageId(message: MimeMessage): string | null {
  for (const { contentType, octets } of message.parts) {
    if (octets === null || (contentType.value !== "text/plain" && contentType.value !== "")) continue;
    const { text } = decodeText(octets.subarray(0, READ_OCTETS), null);
    const found = /^Message-ID:[ \t]{0,9}(<[^<>\s]{1,900}>)/im.exec(text)?.[1];
    if (found !== undefined) return found.replaceAll("\0", "");
  }
  return null;
}
