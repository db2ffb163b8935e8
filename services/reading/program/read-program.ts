import { Readable } from "node:stream";
import type { DocumentSignature } from "../../shared/ecms/document-signature.ts";
import type { Notifier } from "../../shared/ecms/message.ts";
import { SAYS_NOTHING } from "../../shared/letter/delivery-report.ts";
import { graverSecrecy, NO_FACTS } from "../../shared/letter/letter.ts";
import { normaliseLetterNumber } from "../../shared/letter/letter-number.ts";
import { decodeText } from "../../shared/mime/charset.ts";
import { readStructuredField } from "../../shared/mime/header-parameters.ts";
import type { MimeMessage } from "../../shared/mime/parse-mime.ts";
import { CONTENT_LIMITS, type ContentKeeper, openContentKeeper } from "../../shared/mime/part-content.ts";
import { digestOfLetter } from "../attachments/digest-letter.ts";
import { expandAttachments } from "../attachments/expand-attachments.ts";
import { findFacts } from "../facts/find-facts.ts";
import { readFileName } from "../facts/read-file-name.ts";
import { type FileFacts, readFiles } from "../facts/read-files.ts";
import { type SettledFacts, settleFacts } from "../facts/settle-facts.ts";
import type { PdfReader } from "../pdf/read-pdf.ts";
import type { Attachment, KnownSender, KnownSenders, Reading, ReadingProblem } from "../reading.ts";
import type { Arrival } from "../reading-store.ts";
import { unreadable } from "../unread-reading.ts";
import type { ProgramBody } from "./program-letter.ts";
import { readBody } from "./read-body.ts";
import { type StatedLetter, statedLetter } from "./stated-letter.ts";

const MAX_MAIN_TEXT_BYTES = 1024 * 1024;

export type ProgramArrival = Pick<Arrival, "door" | "mediaType" | "senderDomain" | "sha256" | "sizeBytes">;

/**
 * Reads what a program handed in (doors api and ecms) as a letter of a mail is read: the same files are opened, the same
 * marks looked for, the same digest made. Its facts are those that the sender states; a PDF that says another number or date
 * is an officer's to look at. A notifier has kind "notifier" and says everything in `report`. Never throws for what is in it.
 */
export async function readProgram(
  raw: Buffer | Readable,
  arrival: ProgramArrival,
  known: KnownSenders,
  readPdf: PdfReader,
  newPath?: () => string,
): Promise<{ readonly reading: Reading; readonly signature: DocumentSignature | null }> {
  const keeper = openContentKeeper(CONTENT_LIMITS, newPath);
  try {
    const source: AsyncIterable<Buffer> = Buffer.isBuffer(raw) ? Readable.from([raw]) : raw;
    const body = await readBody(source, arrival.mediaType ?? "", arrival.door === "ecms", keeper);
    const reading = await readingOf(body, arrival, known, readPdf, keeper);
    return { reading, signature: body.signature };
  } finally {
    if (!Buffer.isBuffer(raw)) raw.destroy();
    await keeper.dispose();
  }
}

async function readingOf(
  body: ProgramBody,
  arrival: ProgramArrival,
  known: KnownSenders,
  readPdf: PdfReader,
  keeper: ContentKeeper,
): Promise<Reading> {
  const sender = arrival.senderDomain === null ? null : (known.get(arrival.senderDomain) ?? null);
  const bare = { ...unreadable(arrival), fromAddress: addressOf(arrival.senderDomain, sender) };
  if (body.notifier !== null) return notifierReading(bare, body.notifier);
  const problems = new Set<ReadingProblem>(body.problems);
  const message = { ...NO_MESSAGE, parts: body.files.map(({ part }) => part), problems: new Set<never>() };
  const { attachments, files } = await expandAttachments(message, keeper, problems);
  setRoles(attachments, body);
  const texts = await mainTexts(body);
  const said = await readFiles(files, sender, known, readPdf, attachments);
  for (const problem of said.problems) problems.add(problem);
  if (body.stated === null) {
    // Nothing of it is believed but a marking, which is obeyed all the same.
    const facts = { ...NO_FACTS, secrecy: said.secrecy.value };
    return { ...bare, facts, attachments, problems: [...problems] };
  }
  const stated = statedLetter(body.stated);
  const written = findFacts("", texts, sender);
  const found = withSender(settleFacts(written, withStated(said, stated), known), sender, stated);
  // What was guessed from the files' words yields to what the sender says.
  setRoles(attachments, body);
  for (const problem of found.problems) problems.add(problem);
  // A level that no list has is nobody's to guess: the officer looks.
  if (stated.secrecy === null) problems.add("sensitivity-header");
  const facts = { ...found.facts, secrecy: graverSecrecy(found.facts.secrecy, stated.secrecy ?? "normal") };
  if (facts.number === null) problems.add("no-number");
  if (facts.date === null) problems.add("no-date");
  return {
    ...bare,
    kind: "letter",
    subjectHeader: null,
    facts,
    sources: found.sources,
    conflicts: found.conflicts,
    letterKind: found.letterKind,
    citations: found.citations,
    enclosures: found.enclosures,
    attachments,
    problems: [...problems],
    letterDigest: digestOfLetter(attachments, texts.join("\n")),
  };
}

const NO_MESSAGE: MimeMessage = {
  headers: [],
  contentType: readStructuredField("multipart/mixed"),
  parts: [],
  problems: new Set(),
};

/**
 * The central address of the office, by Annex 7 where the directory has none: an answer that cannot go another way goes
 * there. Always in its own domain, by which the book tells one sender from another.
 */
function addressOf(domain: string | null, sender: KnownSender | null): string | null {
  if (domain === null) return null;
  const mailbox = sender?.mailbox?.toLowerCase() ?? "";
  return mailbox.endsWith(`@${domain}`) ? mailbox : `saraban@${domain}`;
}

function notifierReading(bare: Reading, notifier: Notifier): Reading {
  const letter = notifier.letterId === null ? null : normaliseLetterNumber(notifier.letterId);
  const report = { ...SAYS_NOTHING, letter, receiveNumber: notifier.acceptId, notifier };
  return { ...bare, kind: "notifier", problems: [], report };
}

/** The sender has said which file is the letter; what is packed in an archive, or is a signature, is settled already. */
function setRoles(attachments: readonly Attachment[], { files }: ProgramBody): void {
  const roles = new Map(files.map(({ part, role }) => [part.partId, role]));
  for (const attachment of attachments) {
    const role = roles.get(attachment.partId);
    if (role !== undefined && attachment.role !== "other") attachment.role = role;
  }
}

/** A main letter that is plain text, in whatever charset: old clients send TIS-620 and say nothing of it. */
async function mainTexts({ files }: ProgramBody): Promise<string[]> {
  const texts: string[] = [];
  for (const { part, role } of files) {
    const isText = part.contentType.value === "text/plain" && part.intact && role === "main";
    if (!isText || part.sizeBytes > MAX_MAIN_TEXT_BYTES) continue;
    const octets = part.octets ?? (await part.content?.read());
    if (octets) texts.push(decodeText(octets, part.contentType.parameters.get("charset") ?? null).text);
  }
  return texts;
}

function withStated(said: FileFacts, { letter, secrecy }: StatedLetter): FileFacts {
  const names = new Map([[letter.file, readFileName(null, null, new Map())], ...said.names]);
  const graver = graverSecrecy(said.secrecy.value, secrecy ?? "normal") !== said.secrecy.value;
  return {
    ...said,
    letters: [letter, ...said.letters],
    names,
    secrecy: graver ? { value: secrecy ?? "normal", source: letter.source } : said.secrecy,
  };
}

/** จาก is the office that the client speaks for, whatever code letters its numbers have. */
function withSender(
  found: SettledFacts,
  sender: KnownSender | null,
  { letter, from }: StatedLetter,
): SettledFacts {
  const name = sender?.name ?? from;
  if (name === null) return found;
  const source = sender === null ? letter.source : "directory";
  return {
    ...found,
    facts: { ...found.facts, from: name },
    sources: { ...found.sources, from: { source, confidence: 0.97 } },
  };
}
