import type { MailFile, OutgoingMail } from "./outgoing-mail.ts";

/** What is larger is composed as a stream, by the mail library. */
const MOST_OCTETS = 256 * 1024;
/** Thirteen Thai letters; with its frame 64 characters, so that a line of "Subject: " keeps RFC 2047's limit of 76. */
const WORD_OCTETS = 39;

const ADDRESS = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@[a-z0-9-]+(?:\.[a-z0-9-]+)*$/i;
const MESSAGE_ID = /^<[\x21-\x3b\x3d\x3f-\x7e]{1,900}>$/;
const FILE_NAME = /^[\w.-]{1,100}$/;
const CONTENT_TYPE = /^(?!multipart\/|message\/)[a-z0-9.+-]{1,60}\/[a-z0-9.+-]{1,60}$/i;
const BOUNDARY_WORD = /^[a-z0-9-]{1,50}$/i;

/**
 * The octets of a receipt's message, in one piece: text and some small files, each in base64, whose names and addresses need
 * no quoting. A library that can send any message takes a dozen streams and six times as long for it.
 * @returns null for every other message: that is the mail library's
 */
export function composeMime(mail: OutgoingMail): Buffer | null {
  const { from, to, subject, text, files, messageId, date, inReplyTo, autoSubmitted, envelopeId } = mail;
  if (files.length === 0 || !files.every(isSmallFile) || sizeOf(mail) > MOST_OCTETS) return null;
  if (![from.address, to].every((address) => address.length <= 254 && ADDRESS.test(address))) return null;
  if (![messageId, inReplyTo ?? messageId].every((id) => MESSAGE_ID.test(id))) return null;
  if (!BOUNDARY_WORD.test(envelopeId) || Number.isNaN(date.getTime())) return null;
  // Neither "=_" nor "-" is ever in a line of base64, so no part can hold it.
  const boundary = `=_${envelopeId}`;
  const lines = [
    ...(autoSubmitted === null ? [] : [`Auto-Submitted: ${autoSubmitted}`, "X-Auto-Response-Suppress: All"]),
    `From: ${from.name === "" ? "" : `${encodedWords(from.name)}\r\n `}<${from.address}>`,
    `To: ${to}`,
    ...(inReplyTo === null ? [] : [`In-Reply-To: ${inReplyTo}`, `References: ${inReplyTo}`]),
    `Subject: ${encodedWords(subject)}`,
    `Message-ID: ${messageId}`,
    `Date: ${date.toUTCString().replace("GMT", "+0000")}`,
    "MIME-Version: 1.0",
    `Content-Type: multipart/mixed;\r\n boundary="${boundary}"`,
    "",
    `--${boundary}`,
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: base64",
    "",
    inBase64(text),
    ...files.flatMap(({ filename, contentType, content }) => [
      `--${boundary}`,
      `Content-Type: ${contentType}; name=${filename}`,
      "Content-Transfer-Encoding: base64",
      `Content-Disposition: attachment; filename=${filename}`,
      "",
      inBase64(content),
    ]),
    `--${boundary}--`,
    "",
  ];
  return Buffer.from(lines.join("\r\n"), "latin1");
}

type SmallFile = MailFile & { readonly content: string | Buffer };

function isSmallFile(file: MailFile): file is SmallFile {
  return (
    typeof file.content !== "function" && FILE_NAME.test(file.filename) && CONTENT_TYPE.test(file.contentType)
  );
}

function sizeOf({ text, files }: Pick<OutgoingMail, "text" | "files">): number {
  return files.reduce((sum, { content }) => sum + content.length, text.length);
}

/** Lines of 76 characters (RFC 2045 §6.8). */
function inBase64(content: string | Buffer): string {
  const octets = typeof content === "string" ? Buffer.from(content) : content;
  return octets.toString("base64").replaceAll(/.{76}(?=.)/g, "$&\r\n");
}

/**
 * Header text that may say anything: always as encoded words (RFC 2047), one a line, so that nothing in it can be read as a
 * header, an address or a word of its own. No character is parted.
 */
function encodedWords(text: string): string {
  const words: string[] = [];
  let word = "";
  for (const character of text.replaceAll(/[\r\n\0]+/g, " ")) {
    if (Buffer.byteLength(word) + Buffer.byteLength(character) > WORD_OCTETS) {
      words.push(word);
      word = "";
    }
    word += character;
  }
  if (word !== "") words.push(word);
  return words.map((each) => `=?UTF-8?B?${Buffer.from(each).toString("base64")}?=`).join("\r\n ");
}
