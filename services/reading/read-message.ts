import { graverSecrecy, NO_FACTS } from "../shared/letter/letter.ts";
import { normaliseThai } from "../shared/letter/thai-text.ts";
import { decodeText } from "./charset.ts";
import { type FoundFacts, findFacts } from "./find-facts.ts";
import { textParameter } from "./header-parameters.ts";
import { decodeHeader, readMailboxes, safeLine } from "./header-text.ts";
import { htmlToText } from "./html-text.ts";
import { findKind, messageIdIn, readReport, referencesOf } from "./message-kind.ts";
import { type MimeLimits, type MimeMessage, type MimePart, parseMime, rawField } from "./parse-mime.ts";
import {
  type Attachment,
  type KnownSenders,
  type Reading,
  type ReadingProblem,
  senderOf,
} from "./reading.ts";
import { watchOctets } from "./watch-octets.ts";

export type ReadingLimits = MimeLimits & {
  /** Of the raw message; behind it the octets are only counted and digested. */
  maxMessageBytes: number;
};

export const READING_LIMITS: ReadingLimits = {
  maxMessageBytes: 150 * 1024 * 1024,
  maxDepth: 20,
  maxParts: 300,
  maxHeaderBytes: 128 * 1024,
  maxTextBytes: 1024 * 1024,
};

const SLICE_BYTES = 64 * 1024;
const MAX_TEXT_CHARACTERS = 200_000;

/**
 * Reads a raw message (RFC 5322 octets, as stored) into what a register needs. Streams: of a 100 MB message only
 * headers and the first megabyte of text are ever held. Never throws for what is in the message; throws what
 * the source throws.
 */
export async function readMessage(
  raw: Buffer | NodeJS.ReadableStream,
  known: KnownSenders,
  limits: ReadingLimits = READING_LIMITS,
): Promise<Reading> {
  const watch = watchOctets();
  const problems = new Set<ReadingProblem>();
  const message = await parseMime(watched(raw, watch.update, limits, problems), limits);
  const seen = watch.finish();
  if (seen.bareNewline) problems.add("bare-newline");

  const mail = readMail(message, problems);
  const bodies = readBodies(message, problems);
  const attachments = listAttachments(message, problems);
  for (const problem of message.problems) problems.add(problem);
  if (mail.subjectHeader === null && bodies.every((body) => body.trim() === "") && attachments.length === 0) {
    problems.add("empty");
  }

  const sender = senderOf(mail.fromAddress, known);
  const subject = mail.subjectHeader ?? "";
  let found = findFacts(subject, bodies, sender);
  const { kind: likelyKind, machineSent } = findKind(message, subject, bodies[0] ?? "");
  let kind = likelyKind;
  if (kind !== "letter" && machineSent && (found.sources.number?.confidence ?? 0) >= 0.9 && sender !== null) {
    if (found.sources.number?.source === "subject") {
      // Thrown away, a letter sent by a machine would be lost without a word.
      kind = "letter";
      problems.add("machine-sent");
    }
  }
  if (kind === "letter") found = await withAttachedLetter(found, message, known, problems);
  const untrusted =
    kind !== "letter" ||
    [...problems].some((problem) => problem === "bare-newline" || message.problems.has(problem as never));
  if (kind === "letter" && untrusted) kind = "unreadable";
  if (untrusted) {
    // The text may be another message's, or cut short: no facts but a marking, which is obeyed all the same.
    const { secrecy, urgency } = found.facts;
    found = { facts: { ...NO_FACTS, secrecy, urgency }, sources: {}, problems: [] };
  } else {
    for (const problem of found.problems) problems.add(problem);
    if (found.facts.number === null) problems.add("no-number");
    if (found.facts.date === null) problems.add("no-date");
  }
  return {
    kind,
    ...mail,
    references: referencesOf(message.headers),
    report: kind === "bounce" || kind === "mdn" ? readReport(message) : null,
    facts: found.facts,
    sources: found.sources,
    attachments,
    problems: [...problems],
    sizeBytes: seen.sizeBytes,
    contentDigest: seen.contentDigest,
  };
}

async function* watched(
  raw: Buffer | NodeJS.ReadableStream,
  see: (chunk: Buffer) => void,
  limits: ReadingLimits,
  problems: Set<ReadingProblem>,
): AsyncGenerator<Buffer> {
  let passed = 0;
  const slices = Buffer.isBuffer(raw) ? slicesOf(raw) : raw;
  for await (const piece of slices) {
    const chunk = typeof piece === "string" ? Buffer.from(piece, "latin1") : piece;
    see(chunk);
    passed += chunk.length;
    if (passed <= limits.maxMessageBytes) yield chunk;
    else problems.add("too-large");
  }
}

function* slicesOf(raw: Buffer): Generator<Buffer> {
  for (let at = 0; at < raw.length; at += SLICE_BYTES) yield raw.subarray(at, at + SLICE_BYTES);
}

type Mail = Pick<Reading, "messageId" | "fromAddress" | "fromName" | "headerDate" | "subjectHeader">;

function readMail(message: MimeMessage, problems: Set<ReadingProblem>): Mail {
  const { headers } = message;
  const line = (text: string | null | undefined): string | null => {
    if (text === null || text === undefined) return null;
    const safe = safeLine(text);
    if (safe.injected) problems.add("header-injection");
    const clean = normaliseThai(safe.line).replace(/\s+/gu, " ").trim().slice(0, 2_000);
    return clean === "" ? null : clean;
  };
  const fromFields = headers.filter((header) => header.key === "from");
  const boxes = readMailboxes(rawField(headers, "from") ?? "");
  // RFC 5322 §3.6: one From field; §3.6.2: several authors are possible, but then nobody has signed for the agency.
  if (fromFields.length > 1 || boxes.length > 1) problems.add("ambiguous-from");
  if (/^\s*(?:company-confidential|private)/i.test(rawField(headers, "sensitivity") ?? "")) {
    problems.add("sensitivity-header");
  }
  const date = new Date((rawField(headers, "date") ?? "").trim().slice(0, 100));
  const subject = rawField(headers, "subject");
  return {
    messageId: messageIdIn(rawField(headers, "message-id")),
    fromAddress: boxes.length === 1 && fromFields.length === 1 ? (boxes[0]?.address ?? null) : null,
    fromName: line(boxes[0]?.name),
    headerDate: Number.isNaN(date.getTime()) ? null : date.toISOString(),
    subjectHeader: subject === null ? null : line(decodeHeader(subject)),
  };
}

/** The texts a reader would see, plain text first. Both forms of one text are read: a marking may stand in one. */
function readBodies(message: MimeMessage, problems: Set<ReadingProblem>): string[] {
  const plain: string[] = [];
  const html: string[] = [];
  for (const part of message.parts) {
    if (part.octets === null || !isBody(part)) continue;
    if (!part.intact) problems.add("undecodable-body");
    const { text, charsetKnown } = decodeText(part.octets, part.contentType.parameters.get("charset") ?? null);
    if (!charsetKnown) problems.add("unknown-charset");
    const shown = part.contentType.value === "text/html" ? htmlToText(text) : unflowed(text, part);
    if (shown.length > MAX_TEXT_CHARACTERS || part.octets.length < part.sizeBytes) problems.add("text-cut");
    (part.contentType.value === "text/html" ? html : plain).push(shown);
  }
  return [plain.join("\n\n"), ...html].filter((text) => text !== "");
}

function isBody(part: MimePart): boolean {
  const type = part.contentType.value;
  if (type !== "text/plain" && type !== "text/html" && type !== "" && type !== "text") return false;
  return part.disposition.value !== "attachment" && nameOf(part) === null;
}

/** RFC 3676 §4: a line that ends in a space goes on in the next one. */
function unflowed(text: string, part: MimePart): string {
  const { parameters } = part.contentType;
  if (parameters.get("format")?.toLowerCase() !== "flowed") return text;
  const glue = parameters.get("delsp")?.toLowerCase() === "yes" ? "" : " ";
  return text.replace(/ \r?\n(?!-- \r?\n|>)/g, glue);
}

function nameOf(part: MimePart): string | null {
  return textParameter(part.disposition, "filename") ?? textParameter(part.contentType, "name");
}

const REPORT_PARTS = /^(?:message\/(?:delivery-status|disposition-notification|rfc822-headers)|text\/rfc822-headers)$/;

function listAttachments(message: MimeMessage, problems: Set<ReadingProblem>): Attachment[] {
  const report = message.contentType.value === "multipart/report";
  const attachments: Attachment[] = [];
  for (const part of message.parts) {
    const contentType = part.contentType.value;
    if (isBody(part) || REPORT_PARTS.test(contentType) || report) continue;
    if (/^(?:multipart\/encrypted|application\/(?:x-)?pkcs7-mime|application\/pgp-encrypted)$/.test(contentType)) {
      problems.add("encrypted");
    }
    const decodable = part.intact && /^(?:|7bit|8bit|binary|base64|quoted-printable)$/.test(part.encoding);
    if (!decodable) problems.add("undecodable-attachment");
    attachments.push({
      name: nameOf(part),
      contentType: contentType === "" ? "application/octet-stream" : contentType,
      sizeBytes: decodable ? part.sizeBytes : null,
      sha256: decodable ? part.sha256 : null,
      inline:
        contentType.startsWith("image/") &&
        part.within.includes("multipart/related") &&
        part.disposition.value !== "attachment",
      partId: part.partId,
    });
    if (part.message !== null) attachments.push(...listAttachments(part.message, problems));
  }
  return attachments;
}

/** A letter forwarded as an attached message: its facts are the inner message's, unless the cover has a number. */
async function withAttachedLetter(
  cover: FoundFacts,
  message: MimeMessage,
  known: KnownSenders,
  problems: Set<ReadingProblem>,
): Promise<FoundFacts> {
  const attached = message.parts.flatMap((part) => (part.message === null ? [] : [part.message]));
  if (attached.length === 0) return cover;
  const letters = attached.slice(0, 20).map((inner) => {
    const { subjectHeader, fromAddress } = readMail(inner, problems);
    return findFacts(subjectHeader ?? "", readBodies(inner, problems), senderOf(fromAddress, known), true);
  });
  const secrecy = letters.reduce((gravest, { facts }) => graverSecrecy(gravest, facts.secrecy), cover.facts.secrecy);
  const numbered = letters.filter(({ facts }) => facts.number !== null);
  if (cover.facts.number === null && numbered.length > 1) problems.add("several-messages");
  const chosen = cover.facts.number !== null ? cover : (numbered[0] ?? cover);
  return { ...chosen, facts: { ...chosen.facts, secrecy } };
}
