import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { createTransport, type SendMailOptions } from "nodemailer";
import type { ComposedNotice } from "./compose-notice.ts";

/** What came of one try. unknown: the line broke after the message was sent and before the answer (it may be there). */
export interface SendResult {
  readonly result: "accepted" | "transient" | "permanent" | "unknown";
  /** The other server's words, or ours about the connection; never the message's. */
  readonly reply: string;
}

/** A way out for notices. */
export interface MailTransport {
  readonly channel: "smarthost" | "file";
  send(notice: ComposedNotice): Promise<SendResult>;
  /** Null when the next server answers, else what is wrong; asks it only when nothing was sent lately. */
  trouble(): Promise<string | null>;
  close(): void;
}

const TIMEOUT_MS = 60_000;
/** What the smarthost's state was known to be is believed for so long. */
const BELIEVED_FOR_MS = 60_000;

/** Sends over the configured smarthost, on kept connections. */
export function openSmarthost(url: string, maxConnections: number, ourName: string): MailTransport {
  const { hostname, port, username, password, protocol } = new URL(url);
  const secure = protocol === "smtps:";
  const transport = createTransport({
    pool: true,
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (secure ? 465 : 25) : Number(port),
    secure,
    name: ourName,
    maxConnections,
    maxMessages: 200,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    // RFC 5321 §4.5.3.2.6 allows a server 10 minutes for its answer to the final dot.
    socketTimeout: 10 * TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(username ? { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } } : {}),
  });
  let known: { readonly trouble: string | null; readonly atMs: number } | undefined;
  const learn = (trouble: string | null): string | null => {
    known = { trouble, atMs: performance.now() };
    return trouble;
  };
  return {
    channel: "smarthost",
    async send(notice) {
      try {
        const { response } = await transport.sendMail(mailOptions(notice));
        learn(null);
        return { result: "accepted", reply: oneLine(response) };
      } catch (error) {
        const failed = resultOfError(error);
        // A server that answers is there, whatever it says of this message; its words may name the recipient.
        const answered = (error as { responseCode?: number }).responseCode !== undefined;
        learn(answered ? null : failed.reply);
        return failed;
      }
    },
    async trouble() {
      if (known && performance.now() - known.atMs < BELIEVED_FOR_MS) return known.trouble;
      try {
        await transport.verify();
        return learn(null);
      } catch (error) {
        return learn(oneLine((error as Error).message));
      }
    },
    close: () => transport.close(),
  };
}

/**
 * Writes each notice as an .eml file: what a newcomer without a mail server sees. The name is the notice's own, so a
 * second try writes the same file.
 */
export function openMailFolder(folder: string): MailTransport {
  const builder = createTransport({ streamTransport: true, buffer: true, newline: "windows" });
  return {
    channel: "file",
    async send(notice) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const { message } = await builder.sendMail(mailOptions(notice));
      const name = `${notice.messageId.replace(/[^A-Za-z0-9.@-]/g, "")}.eml`;
      const file = await open(join(folder, `.${name}`), "w", 0o600);
      try {
        await file.writeFile(`Return-Path: <${notice.returnPath}>\r\n`); // as final delivery writes it (RFC 5321 §4.4)
        await file.appendFile(message as Buffer);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(join(folder, `.${name}`), join(folder, name));
      return { result: "accepted", reply: `written as ${name}` };
    },
    trouble: async () => null,
    close: () => {},
  };
}

/**
 * RFC 3834: a return path that never answers (§3.3), Auto-Submitted (§3.1.7), In-Reply-To and References (§3.1.5), to the
 * envelope sender only (§4). X-Auto-Response-Suppress asks Exchange servers to send no automatic answer to it.
 */
function mailOptions(notice: ComposedNotice): SendMailOptions {
  const { from, to, subject, text, attachment, messageId, date, inReplyTo, returnPath } = notice;
  return {
    from,
    to: { name: "", address: to },
    envelope: { from: returnPath, to: [to] },
    ...(returnPath === "" ? {} : { dsn: reportsWanted(notice) }),
    subject,
    text,
    textEncoding: "base64",
    messageId,
    date,
    ...(inReplyTo === null ? {} : { inReplyTo, references: [inReplyTo] }),
    headers: { "Auto-Submitted": notice.autoSubmitted, "X-Auto-Response-Suppress": "All" },
    attachments:
      attachment === null
        ? []
        : [
            {
              filename: attachment.filename,
              content: attachment.json,
              contentType: "application/json; charset=utf-8",
            },
          ],
  };
}

/**
 * RFC 3461, where the smarthost offers DSN: bad news alone, without our text, under the notice's id. Success is not asked
 * for: a server that reports each of some thousand receipts a day tells us nothing that we would act on.
 */
function reportsWanted({ envelopeId, to }: ComposedNotice): NonNullable<SendMailOptions["dsn"]> {
  return {
    id: envelopeId,
    return: "headers",
    notify: ["failure", "delay"],
    // Of type rfc822, which can name ASCII addresses alone.
    ...(/^[\x21-\x7e]+$/.test(to) ? { recipient: to } : {}),
  };
}

/** Commands whose 5xx speaks of this message or this recipient; a 5xx to any other is a fault of the connection's setting. */
const ABOUT_THE_MESSAGE = new Set(["MAIL FROM", "RCPT TO", "DATA"]);

function resultOfError(error: unknown): SendResult {
  const { responseCode, response, command, code, message, syscall } = error as {
    syscall?: string;
    responseCode?: number;
    response?: string;
    command?: string;
    code?: string;
    message?: string;
  };
  const reply = oneLine(response ?? `${code ?? ""} ${message ?? ""}`);
  if (responseCode !== undefined) {
    const final =
      responseCode >= 500 && ABOUT_THE_MESSAGE.has(command ?? "") && !isSmarthostsMatter(error, command);
    return { result: final ? "permanent" : "transient", reply };
  }
  // The recipient's address cannot be written for this server (SMTPUTF8 is missing, say): no later try mends that.
  if (code === "EENVELOPE") return { result: "permanent", reply };
  // The library does not tell how far it had come when the line broke: it may have been behind the final dot.
  const lineBroke = ["ECONNECTION", "ESOCKET", "ETIMEDOUT"].includes(code ?? "") && syscall !== "connect";
  if (responseCode === undefined && lineBroke) return { result: "unknown", reply };
  return { result: "transient", reply };
}

/**
 * Before the message itself, "authentication required" (530, 535, 538) and "relaying denied" (5.7.x) speak of our standing
 * with the smarthost: a few minutes of wrong settings must not fail every receipt of that time.
 */
function isSmarthostsMatter(error: unknown, command = ""): boolean {
  const { responseCode, response = "" } = error as { responseCode?: number; response?: string };
  if (command === "DATA") return false;
  return [530, 535, 538].includes(responseCode ?? 0) || /^5\d\d[ -]5\.7\./.test(response);
}

function oneLine(text: string): string {
  return text
    .replace(/[\x00-\x1f\x7f]+/g, " ")
    .trim()
    .slice(0, 500);
}
