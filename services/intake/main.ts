/**
 * INTAKE
 *
 * Receives    letters by SMTP (RFC 5321), as an MX or behind a relay.
 * Hands on    "read-letter" for each arrival.
 * Writes      stored_body, intake (append-only), outbox; files of large messages under DATA/letters.
 * Promises    250 after DATA means that the octets and the rows are on disk: files fsynced, then one PostgreSQL commit.
 *             Anything else leaves the letter with the sender. Memory does not grow with a message's size.
 * May not     parse a message, give a number, answer the sender with anything but the SMTP reply.
 * Standards   RFC 5321, 3463, 1870 (SIZE), 2920 (PIPELINING), 6152 (8BITMIME), 6531 (SMTPUTF8); see schemas/standards.txt.
 * Settings    smtp.*, database.*, dataDir.
 * Fails       database or disk away: 451/452, the sender keeps the letter and tries again.
 *             killed: what had its 250 is in the database; what had not is sent again by the sender.
 * Limits      no TLS, no sender authentication (SPF, DKIM, DMARC) and no virus scanner yet.
 */
import { join } from "node:path";
import { sql } from "kysely";
import { startHeartbeat } from "../shared/letter/heartbeat.ts";
import type { StartRoom } from "../shared/letter/room.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { openDatabase, openWritePipe } from "../shared/runtime/database.ts";
import { openStore } from "../shared/runtime/store.ts";
import { acceptInto } from "./accept-letter.ts";
import { recipientFinder } from "./find-recipient.ts";
import { openSmtpDoor } from "./smtp-door.ts";

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
  const { smtp } = settings;
  const door = await openSmtpDoor({
    ...smtp,
    idleTimeoutMs: smtp.idleTimeoutSeconds * 1000,
    dataTimeoutMs: smtp.dataTimeoutSeconds * 1000,
    store: await openStore({ dir: join(settings.dataDir, "letters") }),
    acceptLetter: acceptInto({ database, pipe }, now),
    findRecipient: recipientFinder(agencies),
    log,
  });
  const answers = async (): Promise<string | null> => {
    await sql`select 1`.execute(database);
    return null;
  };
  const heartbeat = await startHeartbeat(database, "intake", answers, log);
  return {
    name: "intake",
    says: [
      `SMTP on ${smtp.host}:${door.port}, for ${agencies.map(({ mailbox, domain }) => `${mailbox}@${domain}`).join(", ")}`,
    ],
    async stop() {
      await heartbeat.stop();
      await door.close(GRACE_MS);
      await pipe.close();
      await database.destroy();
    },
  };
};
