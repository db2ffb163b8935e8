import type { AcceptLetter, Recipient } from "../../shared/letter/arrival/envelope.ts";
import type { ByteStore, SpooledBytes } from "../../shared/runtime/store.ts";
import { StoreError } from "../../shared/runtime/store-errors.ts";
import type { HostedMailbox } from "./imap-config.ts";
import { LIST_AT_ONCE, type ListedMessage, type MailboxConnection, MessageGone } from "./imap-connection.ts";
import { envelopeOfPulled, HEAD_BYTES } from "./imap-envelope.ts";
import { isTakenAlready, type MailboxMemory, type Reached, rememberingMessage } from "./imap-store.ts";
import { MailboxTrouble } from "./imap-trouble.ts";
import type { PulledMessage } from "./pulled-message.ts";

/** Where pulled messages go, and what is remembered of them. */
export interface PullParts {
  readonly store: ByteStore;
  readonly acceptLetter: AcceptLetter;
  readonly memory: MailboxMemory;
  readonly findRecipient: (address: string) => Recipient | "unknown-mailbox" | "not-served";
  /** The agency's central address. */
  readonly address: string;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}

/**
 * Others wait behind a message that cannot be had, so it is left behind in the end: after five connections over which the
 * server would not give its octets, or twenty that broke in the middle of it (a bad line breaks now and then).
 */
const GIVE_UP_AT = 20;
const NOT_GIVEN = 4;
const BROKEN = 1;

/** What is kept of a mailbox from one look to the next, besides what the tables remember. */
export interface PullProgress {
  /** Messages that make trouble: UID → how much, and the octets got. */
  readonly tries: Map<number, { weight: number; sizeBytes: number }>;
  /** Highest UID that was dealt with, messages that are older than `since` among them, and the count it belongs to. */
  numbering: number;
  lastUid: number;
}

/**
 * One look into a mailbox: takes in every message above the last UID, in the order of the UIDs, each durable before the
 * next is asked for. Stops at the first fault; what was taken in stays taken in.
 * @param stopping asked between two messages
 */
export async function pullMailbox(
  mailbox: HostedMailbox,
  connection: MailboxConnection,
  progress: PullProgress,
  parts: PullParts,
  stopping: () => boolean,
): Promise<Reached> {
  const { uidValidity } = await connection.select();
  const reached = await parts.memory.beginAt(mailbox, uidValidity);
  const { tries } = progress;
  if (reached.numbering !== progress.numbering) {
    tries.clear();
    Object.assign(progress, { numbering: reached.numbering, lastUid: 0 });
  }
  if (reached.startedAgain) {
    parts.log.warn(
      { mailbox: mailbox.id, uidValidity },
      "the mailbox has new UIDs: its messages are fetched again, and known by their octets",
    );
  }
  progress.lastUid = Math.max(progress.lastUid, reached.lastUid);
  while (!stopping()) {
    const listed = await connection.listAbove(progress.lastUid);
    for (const message of listed) {
      if (stopping()) break;
      const pulled: PulledMessage = {
        mailboxId: mailbox.id,
        agencyId: mailbox.agencyId,
        numbering: reached.numbering,
        uidValidity,
        uid: message.uid,
        deliveredAt: message.deliveredAt,
      };
      await pullMessage(mailbox, connection, message, pulled, tries, parts);
      tries.delete(message.uid);
      progress.lastUid = message.uid;
    }
    if (listed.length < LIST_AT_ONCE) break;
  }
  return reached;
}

async function pullMessage(
  mailbox: HostedMailbox,
  connection: MailboxConnection,
  message: ListedMessage,
  pulled: PulledMessage,
  tries: PullProgress["tries"],
  parts: PullParts,
): Promise<void> {
  const { memory, log } = parts;
  const named = { mailbox: mailbox.id, uid: message.uid };
  // Letters from before the mailbox was handed to us are others' business; nothing is remembered of them.
  if (mailbox.since !== null && message.deliveredAt !== null && message.deliveredAt < mailbox.since) return;
  const leave = async (note: string): Promise<void> => {
    log.warn({ ...named, bytes: message.announcedBytes }, `not taken in: ${note}`);
    await unlessTaken(memory.noteMessage(pulled, note));
  };
  const tooLarge = `larger than ${mailbox.maxMessageBytes} bytes (maxMessageBytes)`;
  if (message.announcedBytes > mailbox.maxMessageBytes) return leave(tooLarge);
  const got = await spool(mailbox, connection, message, tries, parts).catch((error: unknown) => {
    if (error instanceof StoreError && error.fault === "too-large") return tooLarge;
    if (error instanceof MessageGone) return "removed from the mailbox before it was fetched";
    if (error instanceof StoreError) throw error; // ours, not the message's
    const before = tries.get(message.uid);
    const weight = (before?.weight ?? 0) + (error instanceof MessageNotGiven ? NOT_GIVEN : BROKEN);
    const sizeBytes = error instanceof MessageNotGiven ? error.sizeBytes : (before?.sizeBytes ?? -1);
    tries.set(message.uid, { weight, sizeBytes });
    if (weight < GIVE_UP_AT) throw error;
    return "the server does not give its octets";
  });
  if (typeof got === "string") return leave(got);
  try {
    const { sha256 } = got;
    const intakeId = await memory.findTaken(pulled, sha256);
    if (intakeId !== undefined) {
      log.info({ ...named, letter: intakeId }, "these octets were taken in before");
      await unlessTaken(
        memory.noteMessage(pulled, "the same octets as an earlier message", { intakeId, sha256 }),
      );
      return;
    }
    const envelope = envelopeOfPulled(await headOf(got, parts.store), {
      agencyId: mailbox.agencyId,
      address: parts.address,
      tls: mailbox.security !== "none",
      findRecipient: parts.findRecipient,
    });
    const accepted = await unlessTaken(
      parts.acceptLetter(envelope, got, ({ intakeId, sha256 }) =>
        rememberingMessage(pulled, { intakeId, sha256 }, ""),
      ),
    );
    if (accepted) log.info({ ...named, letter: accepted.intakeIds[0], bytes: got.sizeBytes }, "accepted");
  } finally {
    got.discard();
  }
}

async function spool(
  mailbox: HostedMailbox,
  connection: MailboxConnection,
  message: ListedMessage,
  tries: PullProgress["tries"],
  { store }: PullParts,
): Promise<SpooledBytes> {
  const octets = connection.openMessage(message);
  octets.on("error", () => {}); // told by spool(); what comes after that has nobody to be told to
  try {
    const spooled = await store.spool(octets, { limitBytes: mailbox.maxMessageBytes });
    if (spooled.sizeBytes >= message.announcedBytes) return spooled;
    // Fewer octets than announced: half a message, or a server that counts wrongly. The second is believed when it gives
    // the same number over another connection.
    if (tries.get(message.uid)?.sizeBytes === spooled.sizeBytes) return spooled;
    spooled.discard();
    throw new MessageNotGiven(
      "the server gave fewer octets of a message than it announced",
      spooled.sizeBytes,
    );
  } catch (error) {
    if (error instanceof MessageGone && (await connection.isThere(message.uid)))
      throw new MessageNotGiven("the server does not give the octets of a message", -1);
    throw error;
  } finally {
    octets.destroy();
  }
}

class MessageNotGiven extends MailboxTrouble {
  readonly sizeBytes: number;
  constructor(words: string, sizeBytes: number) {
    super(words);
    this.sizeBytes = sizeBytes;
  }
}

async function headOf({ inline, sha256 }: SpooledBytes, store: ByteStore): Promise<Buffer> {
  if (inline !== null) return inline.subarray(0, HEAD_BYTES);
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of store.openStored(sha256) as AsyncIterable<Buffer>) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes >= HEAD_BYTES) break;
  }
  return Buffer.concat(pieces).subarray(0, HEAD_BYTES);
}

/** Another process has dealt with the message meanwhile: nothing is left to do. */
async function unlessTaken<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isTakenAlready(error)) return undefined;
    throw error;
  }
}
