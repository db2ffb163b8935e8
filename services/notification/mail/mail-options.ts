import { Readable } from "node:stream";
import { createTransport, type SendMailOptions } from "nodemailer";
import { composeMime } from "./compose-mime.ts";
import type { SignerFor } from "./dkim-keys.ts";
import type { MailFile, OutgoingMail } from "./outgoing-mail.ts";

/**
 * RFC 3834: a return path that never answers (§3.3), Auto-Submitted (§3.1.7), In-Reply-To and References (§3.1.5), to the
 * envelope sender only (§4). X-Auto-Response-Suppress asks Exchange servers to send no automatic answer to it.
 */
export function mailOptions(mail: OutgoingMail, signerFor: SignerFor): SendMailOptions {
  const { from, to, subject, text, files, messageId, date, inReplyTo, returnPath, autoSubmitted } = mail;
  const signer = signerFor(from.address);
  const ends = {
    envelope: { from: returnPath, to: [to] },
    ...(returnPath === "" ? {} : { dsn: reportsWanted(mail) }),
    ...(signer === null ? {} : { dkim: signer }),
  };
  const raw = composeMime(mail);
  if (raw !== null) return { ...ends, raw, messageId };
  return {
    ...ends,
    from,
    to: { name: "", address: to },
    subject,
    text,
    textEncoding: "base64",
    messageId,
    date,
    ...(inReplyTo === null ? {} : { inReplyTo, references: [inReplyTo] }),
    ...(autoSubmitted === null
      ? {}
      : { headers: { "Auto-Submitted": autoSubmitted, "X-Auto-Response-Suppress": "All" } }),
    attachments: files.map(attachmentOf),
  };
}

function attachmentOf({ filename, contentType, content }: MailFile) {
  return {
    filename,
    // A saved page or mail is a file here. Under its own type its octets would have to be parts of this mail, and may not
    // be in base64 (RFC 2045 §6.4): whoever gets it finds an empty multipart.
    contentType: /^(?:multipart|message)\//i.test(contentType) ? "application/octet-stream" : contentType,
    contentTransferEncoding: "base64" as const,
    content: typeof content === "function" ? opened(content) : content,
  };
}

/** Opens the file when its first octets are wanted: a try that ends before has opened nothing that it must close. */
function opened(open: () => Readable): Readable {
  return Readable.from(
    (async function* () {
      yield* open();
    })(),
    { objectMode: false },
  );
}

/** A message as it goes over the line, and its envelope. */
export interface OpenMessage {
  /** In ASCII as far as SMTP needs it: domains in A-labels. */
  readonly from: string;
  readonly to: string;
  readonly octets: Readable;
}

/** Makes a message as a stream: however large its files are, only some of it is in memory at a time. */
export async function openMessage(mail: OutgoingMail, signerFor: SignerFor): Promise<OpenMessage> {
  const builder = createTransport({ streamTransport: true, newline: "windows" });
  const { message, envelope } = await builder.sendMail(mailOptions(mail, signerFor));
  return {
    from: envelope.from === false ? "" : envelope.from,
    to: envelope.to[0] ?? "",
    octets: message as Readable,
  };
}

const HEADERS_OCTETS = 4096;

/**
 * About how long the message will be, for SIZE (RFC 1870): a server that does not take so much says so before it has got
 * all of it. 0 when a file's size is not known.
 */
export function estimateOctets({ text, files }: OutgoingMail): number {
  let octets = HEADERS_OCTETS + inBase64(Buffer.byteLength(text));
  for (const { content, sizeBytes } of files) {
    const size =
      sizeBytes ??
      (typeof content === "string"
        ? Buffer.byteLength(content)
        : Buffer.isBuffer(content)
          ? content.length
          : undefined);
    if (size === undefined) return 0;
    octets += inBase64(size) + 500;
  }
  return octets;
}

/** Lines of 76 characters with their ends. */
function inBase64(octets: number): number {
  return Math.ceil(octets / 57) * 78;
}

/**
 * RFC 3461, where the next server offers DSN: bad news alone, without our text, under the notice's id. Success is not asked
 * for: a server that reports each of some thousand receipts a day tells us nothing that we would act on.
 */
export function reportsWanted({ envelopeId, to }: OutgoingMail): NonNullable<SendMailOptions["dsn"]> {
  return {
    id: envelopeId,
    return: "headers",
    notify: ["failure", "delay"],
    // Of type rfc822, which can name ASCII addresses alone.
    ...(/^[\x21-\x7e]+$/.test(to) ? { recipient: to } : {}),
  };
}
