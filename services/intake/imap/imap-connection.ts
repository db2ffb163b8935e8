import { Readable } from "node:stream";
import { type FetchMessageObject, ImapFlow } from "imapflow";
import type { HostedMailbox } from "./imap-config.ts";
import { FilingRefused, MailboxTrouble } from "./imap-trouble.ts";

/** What a message's place in its folder tells before its octets are there. */
export interface ListedMessage {
  readonly uid: number;
  /** RFC822.SIZE; 0 when the server does not say. */
  readonly announcedBytes: number;
  /** INTERNALDATE; null when it is none. */
  readonly deliveredAt: Date | null;
}

/** One connection with the mailbox's folder. Whatever the server does, each call ends in bounded time and memory. */
export interface MailboxConnection {
  /** Opens the folder anew. */
  select(): Promise<{ readonly uidValidity: number; readonly readOnly: boolean }>;
  /** Messages above a UID in the order of their UIDs, the lowest LIST_AT_ONCE of them. */
  listAbove(uid: number): Promise<ListedMessage[]>;
  /** The octets of a message; the stream fails with MessageGone when it is no longer there. */
  openMessage(message: ListedMessage): Readable;
  isThere(uid: number): Promise<boolean>;
  /** Flags messages and moves them. @throws FilingRefused when the server does not do it */
  file(uids: readonly number[], after: HostedMailbox["after"]): Promise<void>;
  /**
   * Waits until the server tells of a new message (IDLE, RFC 2177), the connection ends (both: true), `wake` is called or the
   * time is over (false). IDLE is begun anew with each look, far more often than the 29 minutes that servers allow it.
   */
  waitForNews(withinMs: number): Promise<boolean>;
  wake(): void;
  close(): void;
}

export class MessageGone extends Error {
  override readonly name = "MessageGone";
}

export const LIST_AT_ONCE = 1_000;
/** One piece of a message: what is held of it in memory, twice for a moment. */
const PIECE_BYTES = 256 * 1024;
/** A piece on a slow line (64 kbit/s) takes half a minute; a list of a hundred thousand messages longer. */
const PATIENCE: ConnectionPatience = { answerWithinMs: 90_000, listWithinMs: 300_000 };
/** An honest answer to one question stays far below; unasked-for data counts with it. */
const ANSWER_BYTES = 1024 * 1024;
const LIST_BYTES = 256 * 1024 * 1024;
const LARGEST_UID = 0xffff_ffff;

export interface ConnectionPatience {
  readonly answerWithinMs: number;
  readonly listWithinMs: number;
}

/**
 * Connects and logs in.
 * @param cut ends the connection at any time
 * @throws the library's errors (troubleOf tells them in words), MailboxTrouble
 */
export async function openMailboxConnection(
  mailbox: HostedMailbox,
  login: { readonly pass: string } | { readonly accessToken: string },
  cut: AbortSignal,
  { answerWithinMs, listWithinMs }: ConnectionPatience = PATIENCE,
): Promise<MailboxConnection> {
  const client = new ImapFlow({
    host: mailbox.host,
    port: mailbox.port,
    secure: mailbox.security === "tls",
    // Never "STARTTLS if the server offers it": who stands between would only have to take the offer away.
    doSTARTTLS: mailbox.security === "starttls",
    tls: { minVersion: "TLSv1.2", ...(mailbox.ca === null ? {} : { ca: mailbox.ca }) },
    auth: { user: mailbox.user, ...login },
    clientInfo: { name: "saraban", version: false, vendor: false, "support-url": false },
    logger: false,
    disableAutoIdle: true,
    // A few octets that unpack to gigabytes, and MODSEQ in every answer: nothing here needs either.
    disableCompression: true,
    disableAutoEnable: true,
    disableIMAP4rev2: true,
    disableBinary: true,
    connectionTimeout: Math.min(30_000, answerWithinMs),
    greetingTimeout: Math.min(16_000, answerWithinMs),
    socketTimeout: 120_000,
    maxLineLength: 1024 * 1024,
    maxLiteralSize: PIECE_BYTES,
    maxResponseSize: 2 * 1024 * 1024,
  });
  let news = false;
  let tell = (): void => {};
  const onNews = (): void => {
    news = true;
    tell();
  };
  client.on("exists", onNews);
  client.on("close", onNews);
  // What the parser could not bear is told here alone; the command under way hears only that the connection is gone.
  let fault: unknown;
  client.on("error", (error: unknown) => {
    fault ??= error;
    onNews();
  });

  /** The library's own time-outs watch for silence; a server that never falls silent is watched here. */
  const bounded = async <Result>(
    work: Promise<Result>,
    withinMs = answerWithinMs,
    mostBytes = ANSWER_BYTES,
  ): Promise<Result> => {
    const { promise: tooMuch, reject } = Promise.withResolvers<never>();
    const receivedBefore = client.stats().received;
    const overdue = setTimeout(
      () => reject(new MailboxTrouble("the server does not answer in time")),
      withinMs,
    );
    const watch = setInterval(() => {
      if (client.stats().received - receivedBefore > mostBytes)
        reject(new MailboxTrouble("the server sent an answer without end"));
    }, 50);
    try {
      return await Promise.race([work, tooMuch]);
    } catch (error) {
      work.catch(() => {});
      if (error instanceof MailboxTrouble) client.close();
      throw (error as { code?: unknown }).code === "NoConnection" ? (fault ?? error) : error;
    } finally {
      clearTimeout(overdue);
      clearInterval(watch);
    }
  };

  const fetchOf = async (uid: number, query: { source?: { start: number; maxLength: number } }) => {
    let found: FetchMessageObject | undefined;
    // Not the first answer but the one about this message: a server may tell of others in between.
    for await (const answer of client.fetch(String(uid), { uid: true, ...query }, { uid: true }))
      if (answer.uid === uid && (query.source === undefined || answer.source)) found = answer;
    // The library answers "nothing" on a connection that has ended, too: that message is not gone.
    if (!found && (!client.usable || !client.mailbox))
      throw new MailboxTrouble("the server closed the connection");
    return found;
  };

  async function* piecesOf({ uid, announcedBytes }: ListedMessage): AsyncGenerator<Buffer> {
    for (let taken = 0; ; ) {
      const answer = await bounded(fetchOf(uid, { source: { start: taken, maxLength: PIECE_BYTES } }));
      const piece = answer?.source;
      if (piece === undefined) {
        if (taken === 0 || !(await bounded(fetchOf(uid, {})))) throw new MessageGone("it is no longer there");
        return; // NIL behind the last octet
      }
      if (piece.length > PIECE_BYTES) throw new MailboxTrouble("the server does not send messages in pieces");
      if (piece.length === 0) return;
      taken += piece.length;
      yield piece;
      // A short piece is the last one only when the size agrees; otherwise the server is asked whether there is more.
      if (piece.length < PIECE_BYTES && taken === announcedBytes) return;
    }
  }

  const done = async (what: string, work: Promise<unknown>): Promise<void> => {
    if (await bounded(work)) return;
    if (!client.usable) throw new MailboxTrouble("the server closed the connection");
    throw new FilingRefused(`messages cannot be ${what}: the server refuses it`);
  };

  if (cut.aborted) throw new MailboxTrouble("stopped");
  cut.addEventListener("abort", () => client.close(), { once: true });
  await bounded(client.connect()).catch((error: unknown) => {
    client.close();
    throw error;
  });
  return {
    async select() {
      const { uidValidity, readOnly } = await bounded(client.mailboxOpen(mailbox.folder));
      const validity = Number(uidValidity);
      if (!Number.isInteger(validity) || validity < 1 || validity > LARGEST_UID)
        throw new MailboxTrouble("the server gives the folder no usable UIDVALIDITY");
      return { uidValidity: validity, readOnly: readOnly === true };
    },
    async listAbove(above) {
      news = false;
      if (above >= LARGEST_UID) return [];
      const list = async (): Promise<ListedMessage[]> => {
        let lowest = new Map<number, ListedMessage>();
        const query = { uid: true, size: true, internalDate: true };
        for await (const { uid, size, internalDate } of client.fetch(`${above + 1}:*`, query, {
          uid: true,
        })) {
          // "n:*" names the last message even when its UID is below n (RFC 3501 §6.4.8).
          if (!Number.isInteger(uid) || uid <= above || uid > LARGEST_UID) continue;
          const at =
            internalDate instanceof Date && !Number.isNaN(internalDate.getTime()) ? internalDate : null;
          lowest.set(uid, { uid, announcedBytes: size ?? 0, deliveredAt: at });
          if (lowest.size >= 4 * LIST_AT_ONCE) lowest = new Map(firstOf(lowest).map((one) => [one.uid, one]));
        }
        if (!client.usable || !client.mailbox) throw new MailboxTrouble("the server closed the connection");
        return firstOf(lowest);
      };
      return bounded(list(), listWithinMs, LIST_BYTES);
    },
    openMessage: (message) =>
      Readable.from(piecesOf(message), { objectMode: false, highWaterMark: PIECE_BYTES }),
    isThere: async (uid) => (await bounded(fetchOf(uid, {}))) !== undefined,
    async file(uids, { flag, moveTo }) {
      const set = uids.join(",");
      if (flag !== null) await done(`flagged ${flag}`, client.messageFlagsAdd(set, [flag], { uid: true }));
      if (moveTo === null) return;
      const path = moveTo.split("/");
      const folder = client.namespace?.delimiter ? path.join(client.namespace.delimiter) : moveTo;
      const move = async (): Promise<boolean> => {
        if (client.capabilities.has("MOVE"))
          return Boolean(await bounded(client.messageMove(set, folder, { uid: true })));
        if (!(await bounded(client.messageCopy(set, folder, { uid: true })))) return false;
        // Without UIDPLUS an EXPUNGE would remove what others have marked too: then the mark has to do.
        return client.capabilities.has("UIDPLUS")
          ? bounded(client.messageDelete(set, { uid: true }))
          : bounded(client.messageFlagsAdd(set, ["\\Deleted"], { uid: true }));
      };
      if (await move()) return;
      await bounded(client.mailboxCreate(folder)).catch(() => {}); // there already: then something else is wrong
      if (await move()) return;
      if (!client.usable) throw new MailboxTrouble("the server closed the connection");
      throw new FilingRefused(`messages cannot be moved to ${moveTo}: the server refuses it`);
    },
    async waitForNews(withinMs) {
      if (news || !client.usable) return true;
      const { promise: told, resolve } = Promise.withResolvers<void>();
      tell = resolve;
      const timer = setTimeout(resolve, withinMs);
      if (client.capabilities.has("IDLE") && !client.idling) client.idle().catch(() => {});
      await told;
      clearTimeout(timer);
      return news || !client.usable;
    },
    wake: () => tell(),
    close: () => client.close(),
  };
}

function firstOf(found: ReadonlyMap<number, ListedMessage>): ListedMessage[] {
  return [...found.values()].sort((one, other) => one.uid - other.uid).slice(0, LIST_AT_ONCE);
}
