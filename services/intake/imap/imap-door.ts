import { readSecret } from "../../shared/runtime/settings.ts";
import { fileMessages } from "./file-messages.ts";
import type { HostedMailbox } from "./imap-config.ts";
import { type ConnectionPatience, type MailboxConnection, openMailboxConnection } from "./imap-connection.ts";
import type { MailboxLocks } from "./imap-lock-store.ts";
import { openTokens } from "./imap-token.ts";
import { FilingRefused, MailboxTrouble, troubleOf } from "./imap-trouble.ts";
import { type PullParts, type PullProgress, pullMailbox } from "./pull-mailbox.ts";

export interface ImapDoorParts extends PullParts {
  readonly locks: MailboxLocks;
  readonly waits?: ImapWaits;
  readonly patience?: ConnectionPatience;
}

/** Pauses in milliseconds. */
export interface ImapWaits {
  /** After a fault, doubled with each further one. */
  readonly first: number;
  readonly most: number;
  /** After the server refused user or secret: asked more often, it would lock the account. */
  readonly firstRefused: number;
  readonly mostRefused: number;
  /** How often the tables are asked whether messages may be filed now, while some wait for their outcome. */
  readonly filing: number;
}

const WAITS: ImapWaits = {
  first: 2_000,
  most: 300_000,
  firstRefused: 60_000,
  mostRefused: 3_600_000,
  filing: 2_000,
};

export interface OpenImapDoor {
  /** Ends the work: no further message is begun; one that is under way gets `graceMs`, then its octets are dropped. */
  close(graceMs: number): Promise<void>;
}

/** Works one mailbox until it is closed: connects, takes messages in, files them, waits for news, and begins anew after faults. */
export function openImapDoor(mailbox: HostedMailbox, parts: ImapDoorParts): OpenImapDoor {
  const { memory, locks, log, waits = WAITS } = parts;
  let stopped = false;
  let endWait = (): void => {};
  let cut = (): void => {};
  const progress: PullProgress = { tries: new Map(), numbering: 0, lastUid: 0 };
  const { secret } = mailbox;
  const tokens = secret.kind === "oauth2" ? openTokens(secret.grant, mailbox.ca) : undefined;

  const login = async () => {
    if (tokens !== undefined) return { accessToken: await tokens.give() };
    try {
      return { pass: readSecret((secret as { place: Parameters<typeof readSecret>[0] }).place) };
    } catch (error) {
      throw new MailboxTrouble(`password: ${(error as Error).message}`, { refused: true });
    }
  };

  /** One connection, from login until it ends; `onLook` is told of every look that came through. */
  const workOnce = async (onLook: () => void): Promise<void> => {
    const cutting = new AbortController();
    cut = () => cutting.abort();
    const connection = await openMailboxConnection(mailbox, await login(), cutting.signal, parts.patience);
    endWait = connection.wake;
    try {
      while (!stopped && (await locks.holds(mailbox.id))) {
        const { numbering } = await pullMailbox(mailbox, connection, progress, parts, () => stopped);
        const unfiled = await file(connection, numbering, true);
        onLook();
        await waitForWork(connection, numbering, unfiled);
      }
    } finally {
      connection.close();
    }
  };

  /** Files what is due, and records the look that came before. @returns how many messages have to be filed soon */
  const file = async (connection: MailboxConnection, numbering: number, looked: boolean): Promise<number> => {
    try {
      const later = await fileMessages(mailbox, numbering, connection, memory);
      if (looked) await memory.recordLook(mailbox, true, null);
      return later;
    } catch (error) {
      if (!(error instanceof FilingRefused)) throw error;
      log.warn({ mailbox: mailbox.id }, error.message);
      await memory.recordLook(mailbox, looked, error.message);
      return 0; // tried again with the next look
    }
  };

  /** Waits for news, at most until the next poll; files meanwhile what gets its outcome. */
  const waitForWork = async (
    connection: MailboxConnection,
    numbering: number,
    unfiled: number,
  ): Promise<void> => {
    const untilMs = performance.now() + mailbox.pollMs;
    for (let later = unfiled; ; ) {
      const leftMs = untilMs - performance.now();
      if (stopped || leftMs <= 0) return;
      if (await connection.waitForNews(later > 0 ? Math.min(waits.filing, leftMs) : leftMs)) return;
      if (later > 0 && !stopped) later = await file(connection, numbering, false);
    }
  };

  const work = async (): Promise<void> => {
    for (let faults = 0; !stopped; ) {
      let pauseMs = mailbox.pollMs;
      try {
        if (await locks.holds(mailbox.id)) {
          await workOnce(() => {
            faults = 0;
          });
        }
      } catch (error) {
        if (stopped) return;
        const trouble = troubleOf(error);
        if (trouble.refused) tokens?.forget();
        faults += 1;
        pauseMs = pauseAfter(
          faults,
          trouble.refused ? waits.firstRefused : waits.first,
          trouble.refused ? waits.mostRefused : waits.most,
        );
        // The library's errors may quote what the server said; ours and the database's are told with their stack.
        const { code } = error as { code?: unknown };
        const ours = typeof code !== "string" || /^[0-9A-Z]{5}$/.test(code);
        log.warn(
          { mailbox: mailbox.id, faults, pauseMs, ...(ours ? { err: error } : { code }) },
          `the mailbox cannot be read: ${trouble.message}`,
        );
        await memory
          .recordLook(mailbox, false, trouble.message)
          .catch((err: unknown) => log.warn({ mailbox: mailbox.id, err }, "the trouble cannot be recorded"));
      }
      await pause(pauseMs);
    }
  };

  const pause = async (ms: number): Promise<void> => {
    if (stopped) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    endWait = resolve;
    const timer = setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
  };

  const working = work();
  return {
    async close(graceMs) {
      stopped = true;
      endWait();
      const timer = setTimeout(() => cut(), graceMs);
      await working;
      clearTimeout(timer);
    },
  };
}

/** Doubled with each fault up to a bound, half of it by chance: many mailboxes of one server shall not come back at once. */
function pauseAfter(faults: number, firstMs: number, mostMs: number): number {
  const fullMs = Math.min(mostMs, firstMs * 2 ** Math.min(faults - 1, 20));
  return Math.round(fullMs * (0.5 + Math.random() / 2));
}
