import type { HostedMailbox } from "./imap-config.ts";
import type { MailboxConnection } from "./imap-connection.ts";
import type { MailboxMemory } from "./imap-store.ts";

/** So many in one command: its line stays far below what servers take. */
const AT_ONCE = 200;

/**
 * Flags and moves the messages whose time has come: their arrivals are committed, and where the mailbox asks for it their
 * outcome is known. The note of it is written last: a crash in between files them once more, which changes nothing.
 * @returns how many messages will have to be filed later
 * @throws MailboxTrouble, and errors of the connection and the database; what is not filed stays due
 */
export async function fileMessages(
  mailbox: HostedMailbox,
  numbering: number,
  connection: MailboxConnection,
  memory: MailboxMemory,
): Promise<number> {
  for (;;) {
    const { uids, later } = await memory.dueForFiling(mailbox, numbering, AT_ONCE);
    if (uids.length === 0) return later;
    await connection.file(uids, mailbox.after);
    await memory.markFiled(mailbox, numbering, uids);
  }
}
