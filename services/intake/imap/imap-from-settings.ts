import type { Tables } from "../../shared/letter/tables.ts";
import { type DatabaseAddress, openDatabase } from "../../shared/runtime/database.ts";
import type { Log } from "../../shared/runtime/log.ts";
import { SettingsError } from "../../shared/runtime/settings.ts";
import type { ServedMailbox } from "../find-recipient.ts";
import { type HostedMailbox, readMailboxes } from "./imap-config.ts";
import { type ImapDoorParts, openImapDoor } from "./imap-door.ts";
import { openMailboxLocks } from "./imap-lock-store.ts";
import { openMailboxMemory } from "./imap-store.ts";

export interface OpenMailboxes {
  readonly says: readonly string[];
  close(graceMs: number): Promise<void>;
}

/**
 * Opens a door into each mailbox of config/mailboxes.yaml. A mailbox that cannot be reached is no reason not to start.
 * @throws SettingsError with all faults of the file
 */
export async function openConfiguredMailboxes(
  mailboxesFile: string,
  agencies: readonly ServedMailbox[],
  address: DatabaseAddress,
  parts: Pick<ImapDoorParts, "store" | "acceptLetter" | "findRecipient"> & {
    readonly database: Parameters<typeof openMailboxMemory>[0];
    readonly log: Log;
  } & Partial<Pick<ImapDoorParts, "waits" | "patience">>,
): Promise<OpenMailboxes> {
  const mailboxes = readMailboxes(
    mailboxesFile,
    agencies.map(({ agencyId }) => agencyId),
  );
  const memory = openMailboxMemory(parts.database);
  const others = await memory.enlist(mailboxes);
  if (others.length > 0) {
    throw new SettingsError(
      others.map((id) => `${mailboxesFile}: mailbox ${id} was another agency's; give it an id of its own`),
    );
  }
  if (mailboxes.length === 0) return { says: [], close: async () => {} };
  // A connection of their own: the locks last as long as it does.
  const lockDatabase = openDatabase<Tables>(address, "saraban_intake", 1, parts.log);
  const locks = openMailboxLocks(lockDatabase);
  const doors = mailboxes.map((mailbox) =>
    openImapDoor(mailbox, { ...parts, memory, locks, address: addressOf(mailbox, agencies) }),
  );
  return {
    says: mailboxes.map(
      ({ id, host, port, agencyId }) => `IMAP from ${host}:${port} (${id}), for ${agencyId}`,
    ),
    async close(graceMs) {
      await Promise.all(doors.map((door) => door.close(graceMs)));
      await locks.close();
      await lockDatabase.destroy();
    },
  };
}

function addressOf({ agencyId }: HostedMailbox, agencies: readonly ServedMailbox[]): string {
  const agency = agencies.find((one) => one.agencyId === agencyId);
  return agency ? `${agency.mailbox}@${agency.domain}` : "";
}
