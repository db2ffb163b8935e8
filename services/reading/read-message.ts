import { graverSecrecy, NO_FACTS } from "../shared/letter/letter.ts";
import { type MimeLimits, type MimeMessage, parseMime } from "../shared/mime/parse-mime.ts";
import { CONTENT_LIMITS, type ContentKeeper, openContentKeeper } from "../shared/mime/part-content.ts";
import { digestOfLetter } from "./attachments/digest-letter.ts";
import { expandAttachments } from "./attachments/expand-attachments.ts";
import { type FoundFacts, findFacts } from "./facts/find-facts.ts";
import { forwardedSender } from "./facts/forwarded-sender.ts";
import { NO_FILES, readFiles } from "./facts/read-files.ts";
import { type SettledFacts, settleFacts } from "./facts/settle-facts.ts";
import { findEvidence } from "./mime/find-evidence.ts";
import { referencesOf } from "./mime/message-ids.ts";
import { findKind, kindWithEvidence } from "./mime/message-kind.ts";
import { otherSubjects, readBodies, readMail } from "./mime/read-parts.ts";
import { reportOf } from "./mime/read-report.ts";
import { watchOctets } from "./mime/watch-octets.ts";
import type { PdfReader } from "./pdf/read-pdf.ts";
import {
  type KnownSender,
  type KnownSenders,
  NOTHING_LISTED,
  type Reading,
  type ReadingProblem,
  senderOf,
} from "./reading.ts";

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
const MAX_ATTACHED_LETTERS = 20;

/**
 * Reads a raw message (RFC 5322 octets, as stored) into what a register needs. Streams: of a 100 MB message only headers,
 * the first megabyte of text and small files are held in memory; larger files stand in temporary ones meanwhile. Never
 * throws for what is in the message; throws what the source throws, and when the PDF reader has been closed.
 */
export async function readMessage(
  raw: Buffer | NodeJS.ReadableStream,
  known: KnownSenders,
  readPdf: PdfReader,
  limits: ReadingLimits = READING_LIMITS,
  newPath?: () => string,
): Promise<Reading> {
  const keeper = openContentKeeper(CONTENT_LIMITS, newPath);
  try {
    return await readKept(raw, known, readPdf, limits, keeper);
  } finally {
    await keeper.dispose();
  }
}

async function readKept(
  raw: Buffer | NodeJS.ReadableStream,
  known: KnownSenders,
  readPdf: PdfReader,
  limits: ReadingLimits,
  keeper: ContentKeeper,
): Promise<Reading> {
  const watch = watchOctets();
  const problems = new Set<ReadingProblem>();
  const message = await parseMime(watched(raw, watch.update, limits, problems), limits, keeper);
  const seen = watch.finish();
  if (seen.bareNewline) problems.add("bare-newline");

  const mail = readMail(message, problems);
  const { attachments, files, messages, texts } = await expandAttachments(message, keeper, problems);
  const bodies = [...readBodies(message, problems), ...texts];
  for (const problem of message.problems) problems.add(problem);
  if (mail.subjectHeader === null && bodies.every((body) => body.trim() === "") && attachments.length === 0) {
    problems.add("empty");
  }

  const sender = senderOf(mail.fromAddress, known);
  const subject = mail.subjectHeader ?? "";
  const ours = codesOfServed(known);
  const written = coverFacts(subject, bodies, sender, forwardedSender(subject, bodies, known), ours);
  const cover = withOtherSubjects(written, otherSubjects(message), sender);
  const guessed = findKind(message, subject, bodies[0] ?? "");
  const bearsNumber = guessed.kind === "letter" || isNumbered(cover);
  const carried = await findEvidence(message, guessed, bearsNumber ? cover.facts.number : null);
  const likely = kindWithEvidence(guessed, carried);
  let kind = likely.kind;
  const mayBeLetter = kind === "letter" || (likely.machineSent && sender !== null);
  // What a machine says of our own letters is no letter, whatever it encloses.
  const said = mayBeLetter ? await readFiles(files, sender, known, readPdf, attachments) : NO_FILES;
  const letter = mayBeLetter ? withAttachedLetter(cover, messages, known, problems) : cover;
  const settled = settleFacts(letter, said, known);
  if (kind !== "letter" && mayBeLetter && isNumbered(settled)) {
    // Thrown away, a letter that another agency's system sent would be lost without a word.
    kind = "letter";
    problems.add("machine-sent");
  }
  // The text may be another message's, or cut short.
  const broken = seen.bareNewline || message.problems.size > 0;
  if (kind === "letter" && broken) kind = "unreadable";
  const found = kind === "letter" ? settled : onlyMarkings(settled);
  if (kind === "letter") {
    for (const problem of found.problems) problems.add(problem);
    if (found.facts.number === null) problems.add("no-number");
    if (found.facts.date === null) problems.add("no-date");
  }
  return {
    kind,
    ...mail,
    references: referencesOf(message.headers),
    report: reportOf(kind, message, subject, bodies[0] ?? "", carried?.jws ?? null),
    facts: found.facts,
    sources: found.sources,
    conflicts: found.conflicts,
    letterKind: found.letterKind,
    citations: found.citations,
    enclosures: found.enclosures,
    attachments,
    problems: [...problems],
    sizeBytes: seen.sizeBytes,
    contentDigest: seen.contentDigest,
    letterDigest: kind === "letter" ? digestOfLetter(attachments, bodies.join("\n")) : null,
  };
}

/** Of what is no letter, or cannot be relied on, nothing is stated but a marking, which is obeyed all the same. */
function onlyMarkings({ facts: { secrecy, urgency } }: SettledFacts): SettledFacts {
  return {
    facts: { ...NO_FACTS, secrecy, urgency },
    sources: {},
    problems: [],
    conflicts: [],
    ...NOTHING_LISTED,
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

/** A number that stands where a letter's own does: at the head of the subject, or in the letter itself. */
function isNumbered({ sources: { number } }: Pick<FoundFacts, "sources">): boolean {
  if (number === undefined) return false;
  const { source, confidence } = number;
  return (
    source === "pdf" ||
    source === "xml" ||
    source === "document" ||
    (source === "subject" && confidence >= 0.9)
  );
}

function codesOfServed(known: KnownSenders): ReadonlySet<string> {
  return new Set([...known.values()].flatMap(({ served, codeLetters }) => (served && codeLetters) || []));
}

/** Of a letter passed on in the text of a mail the facts are its writer's, unless the one who passes it on has numbered it. */
function coverFacts(
  subject: string,
  bodies: readonly string[],
  sender: KnownSender | null,
  writer: KnownSender | null,
  ours: ReadonlySet<string>,
): FoundFacts {
  const own = findFacts(subject, bodies, sender, false, ours);
  const { number } = own.facts;
  if (
    writer === null ||
    (number !== null && sender?.codeLetters && number.startsWith(`${sender.codeLetters} `))
  )
    return own;
  return findFacts(subject, bodies, writer, false, ours);
}

/** A mail that has several Subject fields is as grave as the gravest of them, and two numbers in them are an officer's. */
function withOtherSubjects(
  found: FoundFacts,
  others: readonly string[],
  sender: KnownSender | null,
): FoundFacts {
  const { facts, problems } = found;
  let { secrecy } = facts;
  for (const other of others) {
    const read = findFacts(other, [], sender).facts;
    secrecy = graverSecrecy(secrecy, read.secrecy);
    if (read.number !== null && facts.number !== null && read.number !== facts.number)
      problems.push("several-numbers");
  }
  return { ...found, facts: { ...facts, secrecy } };
}

/** A letter forwarded as an attached message: its facts are the inner message's, unless the cover has a number. */
function withAttachedLetter(
  cover: FoundFacts,
  attached: readonly MimeMessage[],
  known: KnownSenders,
  problems: Set<ReadingProblem>,
): FoundFacts {
  if (attached.length === 0) return cover;
  const letters = attached.slice(0, MAX_ATTACHED_LETTERS).map((inner) => {
    const { subjectHeader, fromAddress } = readMail(inner, problems);
    const writer = senderOf(fromAddress, known);
    const found = findFacts(subjectHeader ?? "", readBodies(inner, problems), writer, true);
    return withOtherSubjects(found, otherSubjects(inner), writer);
  });
  const secrecy = letters.reduce(
    (gravest, { facts }) => graverSecrecy(gravest, facts.secrecy),
    cover.facts.secrecy,
  );
  const numbered = letters.filter(({ facts }) => facts.number !== null);
  if (cover.facts.number === null && numbered.length > 1) problems.add("several-messages");
  const chosen = cover.facts.number !== null ? cover : (numbered[0] ?? cover);
  return { ...chosen, facts: { ...chosen.facts, secrecy } };
}
