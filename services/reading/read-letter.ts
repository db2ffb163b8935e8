import { Readable } from "node:stream";
import type { DocumentSignature } from "../shared/ecms/document-signature.ts";
import type { JobData } from "../shared/letter/flow.ts";
import { putOff } from "../shared/letter/outbox.ts";
import type { SenderRules } from "../shared/letter/sender-rules.ts";
import type { TrustedNow } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, isDataFault, type Kysely } from "../shared/runtime/database.ts";
import type { Log } from "../shared/runtime/log.ts";
import type { ByteStore } from "../shared/runtime/store.ts";
import type { LetterBatches } from "./batch-letters.ts";
import { judgeMessage, type Verdict } from "./judge-message.ts";
import { PDF_READER_DOWN, type PdfReader } from "./pdf/read-pdf.ts";
import { checkSignature, type SignatureCheck } from "./program/check-signature.ts";
import { programSender } from "./program/program-sender.ts";
import { readProgram } from "./program/read-program.ts";
import { readMessage } from "./read-message.ts";
import { type KnownSenders, type Reading, senderOf } from "./reading.ts";
import type { Arrival, ReadingResult } from "./reading-store.ts";
import { decideScan, type Scanner } from "./scan-octets.ts";
import type { SenderChecks } from "./sender/sender-checks.ts";
import type { TakeTurns } from "./take-turns.ts";
import { onlyMarked, UNOPENED, unreadable } from "./unread-reading.ts";

/** What is known of senders; read again from time to time. */
export interface Directory {
  readonly known: KnownSenders;
  /** By agency. */
  readonly rules: ReadonlyMap<string, SenderRules>;
}

export interface ReadingParts {
  readonly database: Kysely<Tables>;
  readonly batches: LetterBatches;
  /** For letters that are too large to be held (in the file store): few at a time. */
  readonly inTurn: TakeTurns;
  readonly store: ByteStore;
  readonly directory: () => Promise<Directory>;
  readonly readPdf: PdfReader;
  /** Names a file for what is unpacked (work-folder.ts); without it they stand in the system's temporary folder. */
  readonly newPath?: () => string;
  readonly senders: SenderChecks;
  /** Null where none is configured. */
  readonly scanner: Scanner | null;
  readonly whenScannerIsDown: "hold" | "pass";
  readonly now: TrustedNow;
  readonly log: Log;
}

const JOB = "read-letter";
const UNREADABLE: Verdict = { outcome: "triage", reason: "unreadable" };
/** While the scanner does not answer, a letter looks again this often. */
const SCANNER_LOOKS_AGAIN_MS = 30_000;
/** A scanner that answers, but so long not about this letter: it chokes on it, and would do so for ever. */
const CHOKED_AFTER_MS = 30 * 60_000;
const UNSCANNABLE: Verdict = { outcome: "triage", reason: "not-scanned" };

/**
 * The job "read-letter": octets → reading and first verdict → the book's waiting list, in one transaction at the end.
 * A message that no parser can read, or whose reading the database refuses, is not an error of ours: it goes to an
 * officer with the reason. Two workers at one letter: the first to finish writes, the other writes nothing. While the
 * scanner, or the sender's DNS, does not answer, the letter waits in the outbox and is read again.
 */
export async function readLetter(parts: ReadingParts, { agencyId, subjectId }: JobData): Promise<void> {
  const { database, batches, log } = parts;
  const arrival = await batches.find({ agencyId, subjectId });
  if (!arrival) return;
  const reading = () => readArrival(parts, agencyId, subjectId, arrival);
  const read = await (arrival.content === null ? parts.inTurn(reading) : reading());
  if ("waitMs" in read) {
    await inTransaction(database, { actor: "worker:reading", agencies: [agencyId] }, (transaction) =>
      putOff(transaction, JOB, subjectId, read.waitMs, read.why),
    );
    return;
  }
  const { arrivalSeq } = arrival;
  const write = (result: ReadingResult): Promise<boolean> =>
    batches.write({ agencyId, intakeId: subjectId, arrivalSeq, result });
  let result = read;
  let written: boolean;
  try {
    written = await write(result);
  } catch (error) {
    if (!isDataFault(error)) throw error;
    // The code alone: the rest of the error may quote the letter.
    const { code } = error as { code?: string };
    log.error({ code, letter: subjectId }, "a reading cannot be stored; its letter goes to an officer");
    result = unstorable(read, arrival);
    written = await write(result);
  }
  if (!written) return;
  const { outcome, reason } = result.verdict;
  // Ignored and refused alike leave no reason here: a log must not tell which letters were classified.
  const open = outcome === "ready" || outcome === "triage";
  log.info({ letter: subjectId, ...(open ? { verdict: outcome, reason } : {}) }, "read");
}

type Wait = { readonly waitMs: number; readonly why: string };

/** Scans, reads, checks the sender and judges; writes nothing. */
async function readArrival(
  parts: ReadingParts,
  agencyId: string,
  intakeId: string,
  arrival: Arrival,
): Promise<ReadingResult | Wait> {
  const { senders, scanner } = parts;
  const octets = (): Buffer | Readable => arrival.content ?? parts.store.openStored(arrival.sha256);
  const stream = (): Readable =>
    arrival.content === null ? parts.store.openStored(arrival.sha256) : Readable.from([arrival.content]);
  const scan = scanner === null ? null : await scanner.scan(octets(), arrival.sizeBytes);
  const decision = scan === null ? "go-on" : decideScan(scan, parts.whenScannerIsDown);
  const isUnscannable = decision === "hold" && (await chokes(parts, arrival));
  if (decision === "hold" && !isUnscannable)
    return { waitMs: SCANNER_LOOKS_AGAIN_MS, why: "the virus scanner does not answer" };

  const { known, rules } = await parts.directory();
  const isInfected = decision === "refuse";
  const { reading, signature } = await readOctets(parts, octets(), known, isInfected, intakeId, arrival);
  if (decision === "go-on-marked" || isUnscannable) reading.problems.push("not-scanned");

  const isMail = arrival.mediaType === null;
  const checked = async (): Promise<SignatureCheck> =>
    signature?.present === true && !isInfected ? checkSignature(stream) : "unchecked";
  const check = isMail
    ? await senders.check(octets(), arrival, reading.fromAddress, known)
    : programSender(arrival, signature && { ...signature, check: await checked() }, parts.now().at);
  if (check.retryAfterMs !== null)
    return { waitMs: check.retryAfterMs, why: "DNS does not answer about the sender" };
  // A program has no return path, and is answered by its own way.
  const mailFrom = isMail ? arrival.mailFrom : "by program";
  const judged = judgeMessage(
    reading,
    { mailFrom, recipients: arrival.recipients },
    {
      standing: check.standing,
      kind: senders.kindOf(reading.fromAddress, known),
      rules: rules.get(agencyId) ?? {},
    },
  );
  // Whoever holds letters for the scanner does not want one registered that it has not seen.
  const verdict = isUnscannable && judged.outcome === "ready" ? UNSCANNABLE : judged;
  const senderAgency = senderOf(reading.fromAddress, known)?.name ?? null;
  return { reading, verdict, senderAgency, check, scan };
}

async function chokes({ scanner, now }: ReadingParts, { arrivedAt }: Arrival): Promise<boolean> {
  if (now().at.getTime() - arrivedAt.getTime() < CHOKED_AFTER_MS) return false;
  return (await scanner?.trouble()) === null;
}

/** @param isInfected then no file of it is opened, and nothing is stated but who sent it */
async function readOctets(
  { readPdf, newPath, log }: ReadingParts,
  octets: Buffer | Readable,
  known: KnownSenders,
  isInfected: boolean,
  intakeId: string,
  arrival: Arrival,
): Promise<{ readonly reading: Reading; readonly signature: DocumentSignature | null }> {
  try {
    const reader = isInfected ? UNOPENED : readPdf;
    const { reading, signature } =
      arrival.mediaType === null
        ? { reading: await readMessage(octets, known, reader, undefined, newPath), signature: null }
        : await readProgram(octets, arrival, known, reader, newPath);
    return { reading: isInfected ? onlyMarked(reading, arrival, ["infected"]) : reading, signature };
  } catch (error) {
    // The disk's fault (EIO, ENOENT …) is ours and passes, and so is a program that does not start: given to an officer
    // unread, a letter marked in its PDF alone would lie in an ordinary tray. Only what cannot be read is the message's.
    const { errno, code } = error as NodeJS.ErrnoException;
    if (typeof errno === "number" || code === PDF_READER_DOWN) throw error;
    // Where it happened and not its message: that may quote the letter.
    const { name, stack } = error instanceof Error ? error : new Error();
    const at = stack?.split("\n").find((line) => line.startsWith("    at "));
    log.warn(
      { fault: name, at: at?.trim(), letter: intakeId },
      "a message cannot be read; it goes to an officer",
    );
    return { reading: unreadable(arrival), signature: null };
  }
}

/** What is stored in place of a reading that the database refuses: that there is a message, and its marking. */
function unstorable(result: ReadingResult, arrival: Arrival): ReadingResult {
  const { secrecy, urgency } = result.reading.facts;
  const bare = unreadable(arrival);
  // A refused letter stays what it was judged to be: no damage brings it into an officer's ordinary tray.
  const verdict = result.verdict.outcome === "refused" || secrecy !== "normal" ? result.verdict : UNREADABLE;
  const reading = { ...bare, facts: { ...bare.facts, secrecy, urgency } };
  return { ...result, verdict, reading, senderAgency: null };
}
