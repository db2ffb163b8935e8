/**
 * INTAKE
 *
 * Receives    letters by SMTP (RFC 5321), as an MX or behind a relay; by IMAP (RFC 3501) from mailboxes on other servers
 *             (config/mailboxes.yaml): told by IDLE, and looked into at intervals besides; by e-CMS from the queue of an
 *             agency that uses a node of others (agency.ecms): looked into at intervals.
 * Hands on    "read-letter" for each arrival.
 * Writes      stored_body, intake (append-only), outbox, greylist, imap_mailbox, imap_message, ecms_node, ecms_pulled,
 *             ecms_document; files of large messages under DATA/letters.
 * Promises    250 after DATA means that the octets and the rows are on disk: files fsynced, then one PostgreSQL commit.
 *             Anything else leaves the letter with the sender. Memory does not grow with a message's size.
 *             A message of a mailbox is flagged and moved only after the commit that holds it, by default after its
 *             outcome is known, and is taken in once: UIDs, and under a new UIDVALIDITY the octets, are remembered.
 *             An item of an e-CMS queue is deleted there after the commit that holds it, and known by its ProcessID.
 * May not     parse a message (but for the head of a pulled one, where its server notes the envelope, and of e-CMS what names
 *             a letter), give a number, answer the sender with anything but the SMTP reply.
 * Standards   RFC 5321, 3463, 1870 (SIZE), 2920 (PIPELINING), 6152 (8BITMIME), 6531 (SMTPUTF8), 3207 (STARTTLS), 8314
 *             (implicit TLS), 6647 (greylisting); parameters of 3461 (DSN) taken, not announced. See schemas/standards.txt.
 *             RFC 2177 (IDLE), 4315 (UIDPLUS), 6851 (MOVE), 6749 and 7628 (OAuth).
 * Settings    smtp.*, ecms.*, database.*, dataDir, mailboxesFile.
 * Fails       database or disk away: 451/452, the sender keeps the letter and tries again.
 *             a mailbox or a queue cannot be read: told in /readyz, `saraban imap` and `saraban ecms`, tried again after
 *             growing pauses.
 *             killed: what had its 250 is in the database; what had not is sent again by the sender.
 * Limits      no SMTP AUTH; DSN is not announced; a message of a mailbox is fetched in one piece. A letter larger than
 *             ecms.maxAnswerBytes holds up the queue that it is in: the protocol has no way around it.
 */
import { join } from "node:path";
import { sql } from "kysely";
import { openKeyProvider } from "../shared/closed/open-key-provider.ts";
import { acceptInto } from "../shared/letter/arrival/accept-letter.ts";
import { startHeartbeat } from "../shared/letter/heartbeat.ts";
import type { StartRoom } from "../shared/letter/room.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { openDatabase, openWritePipe } from "../shared/runtime/database.ts";
import { openStore } from "../shared/runtime/store.ts";
import { openClosedQueue } from "./ecms/open-closed-queue.ts";
import { openConfiguredQueues } from "./ecms/queues-from-settings.ts";
import { recipientFinder } from "./find-recipient.ts";
import { openConfiguredMailboxes } from "./imap/imap-from-settings.ts";
import { openConfiguredDoor } from "./smtp/smtp-from-settings.ts";
import { startSweeps } from "./sweep-quarantine.ts";

/** Letters in transfer get this long when the service stops. */
const GRACE_MS = 5_000;

export const start: StartRoom = async ({ settings, address, now, log }) => {
  const database = openDatabase<Tables>(address, "saraban_intake", settings.database.poolSize, log);
  // Two connections: at most two batches are under way.
  const pipe = openWritePipe(address, "saraban_intake", 2, log);
  const agencies = await database
    .selectFrom("agency")
    .select(["id as agencyId", "domain", "mailbox"])
    .where("active", "=", true)
    .execute();
  const lettersDir = join(settings.dataDir, "letters");
  const closed = await openClosedQueue({
    database,
    address,
    lettersDir,
    openKeys: (usedBy) => openKeyProvider(settings, usedBy),
    now,
    log,
  });
  const parts = {
    closed,
    store: await openStore({ dir: lettersDir }),
    acceptLetter: acceptInto({ room: "intake", database, pipe }, now),
    findRecipient: recipientFinder(agencies),
    database,
    log,
  };
  const door = await openConfiguredDoor(settings.smtp, parts);
  const mailboxes = await openConfiguredMailboxes(settings.mailboxesFile, agencies, address, parts);
  const queues = await openConfiguredQueues(settings.ecms, address, parts);
  const answers = async (): Promise<string | null> => {
    await sql`select 1`.execute(database);
    return null;
  };
  const heartbeat = await startHeartbeat(database, "intake", answers, log);
  const sweeps = startSweeps({ database, store: parts.store, now, log });
  return {
    name: "intake",
    says: [
      ...door.says,
      ...mailboxes.says,
      ...queues.says,
      `Letters for ${agencies.map(({ mailbox, domain }) => `${mailbox}@${domain}`).join(", ")}`,
    ],
    async stop() {
      await heartbeat.stop();
      await sweeps.stop();
      await Promise.all([door.close(GRACE_MS), mailboxes.close(GRACE_MS), queues.close(GRACE_MS)]);
      await pipe.close();
      await closed.close();
      await database.destroy();
    },
  };
};
