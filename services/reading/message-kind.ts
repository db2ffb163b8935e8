import { decodeText } from "./charset.ts";
import type { HeaderLine, MimeMessage } from "./parse-mime.ts";
import { rawField } from "./parse-mime.ts";
import type { DeliveryReport, MessageKind } from "./reading.ts";

/**
 * What kind of message this is, told from its header and structure (RFC 3834 §5, RFC 3464, RFC 8098, RFC 2919). A
 * machine's answer must not become a letter, and above all must not be answered: two systems would acknowledge
 * each other for ever.
 *
 * `machineSent`: signs of a machine that a letter sent by another e-saraban system may bear as well. It is no letter
 * without a number of its own, and an officer's matter with one.
 */
export type KindFound = { kind: MessageKind; machineSent: boolean };

const AUTO_SUBJECT =
  /^\s*(?:ตอบกลับอัตโนมัติ|การตอบกลับอัตโนมัติ|ตอบรับอัตโนมัติ|ข้อความตอบกลับอัตโนมัติ|automatic reply|auto(?:matic)?[- ]?(?:reply|response)|autoreply|out of (?:the )?office|ไม่อยู่(?:ที่)?สำนักงาน)/iu;
const ACKNOWLEDGING_SUBJECT =
  /^\s*(?:(?:re|ตอบกลับ|ตอบ)\s*[:：]\s*)?(?:แจ้งเลข(?:ที่|ทะเบียน)?(?:หนังสือ)?รับ|แจ้งผลการ(?:ลงทะเบียน)?รับหนังสือ|แจ้งการ(?:ลงทะเบียน)?รับหนังสือ|ใบรับหนังสือ|ตอบรับหนังสือ|ได้รับหนังสือ)/iu;
const ACKNOWLEDGING_BODY =
  /^\s*(?:ระบบ)?(?:ได้)?(?:ลงทะเบียน)?รับหนังสือ[^\n]{0,200}(?:แล้ว|เรียบร้อย)[\s\S]{0,300}เลข(?:ที่|ทะเบียน)?(?:ทะเบียน)?รับ/u;
const READ_SUBJECT = /^\s*(?:อ่านแล้ว|ไม่ได้อ่าน|read|not read|gelesen)\s*[:：]/iu;

export function findKind(message: MimeMessage, subject: string, body: string): KindFound {
  const { headers } = message;
  const field = (name: string) => (rawField(headers, name) ?? "").trim().toLowerCase().slice(0, 1_000);
  const has = (name: string) => rawField(headers, name) !== null;
  const found = (kind: MessageKind): KindFound => ({ kind, machineSent: false });

  if (message.contentType.value === "multipart/report") {
    const type = message.contentType.parameters.get("report-type")?.toLowerCase() ?? "";
    const mdn = type === "disposition-notification" || hasPart(message, "message/disposition-notification");
    return found(mdn ? "mdn" : "bounce");
  }
  if (hasPart(message, "message/disposition-notification")) return found("mdn");
  if (hasPart(message, "message/delivery-status")) return found("bounce");
  if (has("x-failed-recipients") || /(?:^|[<\s"])(?:mailer-daemon|postmaster)@/.test(field("from"))) {
    return found("bounce");
  }
  const submitted = field("auto-submitted").split(/[;\s(]/)[0] ?? "";
  const acknowledging = ACKNOWLEDGING_SUBJECT.test(subject) || ACKNOWLEDGING_BODY.test(body.slice(0, 2_000));
  if (acknowledging) return found("acknowledgement");
  if (submitted === "auto-replied" || submitted === "auto-notified") return found("auto-reply");
  if (AUTO_SUBJECT.test(subject) || has("x-autoreply") || has("x-autorespond") || has("x-autoresponder")) {
    return found("auto-reply");
  }
  if (READ_SUBJECT.test(subject) && has("in-reply-to")) return found("mdn");
  const precedence = field("precedence");
  if (precedence === "auto_reply" || precedence === "auto-reply") return found("auto-reply");
  if (/^(?:bulk|junk|list)\b/.test(precedence)) {
    if (has("x-auto-response-suppress")) return found("auto-reply");
    return { kind: "bulk", machineSent: true };
  }
  if (has("list-id") || has("list-unsubscribe") || has("list-post"))
    return { kind: "bulk", machineSent: true };
  if (submitted !== "" && submitted !== "no") return { kind: "auto-reply", machineSent: true };
  return found("letter");
}

function hasPart(message: MimeMessage, type: string): boolean {
  return message.parts.some((part) => part.contentType.value === type);
}

/** What a bounce or a read receipt says of the message of ours it is about, or null when it says nothing. */
export function readReport(message: MimeMessage): DeliveryReport | null {
  const report: DeliveryReport = { relatesTo: null, action: null, status: null, recipient: null };
  for (const part of message.parts) {
    const type = part.contentType.value;
    if (type === "message/rfc822" && part.message !== null) {
      report.relatesTo ??= messageIdIn(rawField(part.message.headers, "message-id"));
    }
    if (part.octets === null) continue;
    const text = decodeText(part.octets.subarray(0, 64 * 1024), null).text.replaceAll("\0", "");
    const field = (name: string) => reportField(text, name);
    if (type === "text/rfc822-headers" || type === "message/rfc822-headers") {
      report.relatesTo ??= messageIdIn(field("message-id"));
    } else if (type === "message/delivery-status") {
      report.action ??= field("action")?.toLowerCase() ?? null;
      report.status ??= /[245]\.[0-9]{1,3}\.[0-9]{1,3}/.exec(field("status") ?? "")?.[0] ?? null;
      report.recipient ??= recipientIn(field("final-recipient") ?? field("original-recipient"));
    } else if (type === "message/disposition-notification") {
      report.relatesTo ??= messageIdIn(field("original-message-id"));
      report.action ??= /;\s{0,9}([a-z]{1,40})/i.exec(field("disposition") ?? "")?.[1]?.toLowerCase() ?? null;
      report.recipient ??= recipientIn(field("final-recipient"));
    }
  }
  return Object.values(report).every((value) => value === null) ? null : report;
}

function reportField(text: string, name: string): string | null {
  const value = new RegExp(`^${name}[ \\t]{0,9}:[ \\t]{0,9}(.{0,500})$`, "im").exec(text)?.[1]?.trim();
  return value === undefined || value === "" ? null : value;
}

function recipientIn(value: string | null): string | null {
  return /[^\s<>;]{1,200}@[^\s<>;]{1,253}/.exec(value ?? "")?.[0].toLowerCase() ?? null;
}

export function messageIdIn(value: string | null): string | null {
  return /<[^<>\s]{1,900}>/.exec(value ?? "")?.[0] ?? null;
}

/** Message-IDs of References and In-Reply-To, oldest first, at most 50. */
export function referencesOf(headers: readonly HeaderLine[]): string[] {
  const ids = [rawField(headers, "references"), rawField(headers, "in-reply-to")].flatMap(
    (value) => (value ?? "").slice(0, 40_000).match(/<[^<>\s]{1,900}>/g) ?? [],
  );
  return [...new Set(ids)].slice(-50);
}
