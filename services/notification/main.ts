/**
 * NOTIFICATION
 *
 * Receives    "notify-sender" for each registered, refused or rejected letter, and for one that came again; "record-report"
 *             for each bounce, read receipt, automatic reply and acknowledgement of others.
 * Hands on    nothing inside; mail to the sender, and of refusals to the agency's contacts, through the smarthost
 *             (RFC 5321), or .eml files without one.
 * Writes      notice (what was promised to whom), delivery_attempt (each try and the answer) and delivery_report (what
 *             others say of a notice), both append-only; report_key.
 * Promises    every registered letter is acknowledged with Annex 6's six fields, or the reason why not is recorded; the
 *             same arrival always gets the same notice: a second copy carries the same Message-ID and evidence id.
 *             A letter that came again in another message is answered with the receipt that exists already.
 *             Automatic responses as RFC 3834 wants them; never to a null sender, a list, another automatic message, a forged
 *             sender, or an envelope sender of another domain than the letter's sender (backscatter). Their return path
 *             (MAILBOX+TOKEN) never answers. A report changes a notice only when it comes there with a genuine token.
 * May not     change a book, repeat anything of a refused letter, say in an alert who sent it.
 * Standards   RFC 3834, 3461 (where the smarthost offers DSN), 3464, 6533, 8098.
 * Settings    notification.*, smtp.hostname, queue.*, database.*, dataDir.
 * Fails       smarthost away, 4xx or its own settings: tried again after 30 s, 1 min, 2 min … every 4 hours, until
 *             giveUpAfterHours; 5xx for the message, or a bounce: failed, recorded, `saraban notices retry`; killed between
 *             sending and recording: sent once more.
 * Limits      receipts are not signed yet; no direct delivery to MX.
 */
import { join } from "node:path";
import { startHeartbeat } from "../shared/letter/heartbeat.ts";
import { performJobs } from "../shared/letter/perform-jobs.ts";
import type { StartRoom } from "../shared/letter/room.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { openDatabase } from "../shared/runtime/database.ts";
import type { Settings } from "../shared/runtime/settings.ts";
import { type MailTransport, openMailFolder, openSmarthost } from "./mail-transport.ts";
import { recordReport } from "./record-report.ts";
import { sendNotice } from "./send-notice.ts";

export const start: StartRoom = async ({ settings, address, home, now, log }) => {
  const database = openDatabase<Tables>(address, "saraban_notification", settings.database.poolSize, log);
  const { concurrency, giveUpAfterHours, returnPath } = settings.notification;
  const transport = openTransport(settings);
  if (!transport) log.warn("no smarthost is set (SARABAN_SMARTHOST_URL): acknowledgements wait");
  const parts = { database, now, transport, giveUpAfterHours, withTokens: returnPath === "token", log };
  const trouble = () =>
    transport ? transport.trouble() : "no smarthost is set (SARABAN_SMARTHOST_URL): acknowledgements wait";
  const heartbeat = await startHeartbeat(database, "notification", trouble, log);
  const worker = await performJobs({
    room: "notification",
    home,
    database,
    concurrency,
    maxFailures: settings.queue.maxFailures,
    handlers: {
      "notify-sender": (data) => sendNotice(parts, data),
      "record-report": (data) => recordReport(parts, data),
    },
    log,
  });
  return {
    name: "notification",
    says: [wayOut(settings, transport)],
    async stop() {
      await heartbeat.stop();
      await worker.close();
      transport?.close();
      await database.destroy();
    },
  };
};

/** Folder of outgoing mail while there is no smarthost. */
function outgoingFolder(settings: Settings): string {
  return join(settings.dataDir, "outgoing");
}

function openTransport(settings: Settings): MailTransport | undefined {
  const { smarthostUrl, withoutSmarthost, concurrency } = settings.notification;
  if (smarthostUrl !== "") return openSmarthost(smarthostUrl, concurrency, settings.smtp.hostname);
  const writeFiles =
    withoutSmarthost === "write-files" || (withoutSmarthost === "auto" && settings.database.url === "");
  return writeFiles ? openMailFolder(outgoingFolder(settings)) : undefined;
}

function wayOut(settings: Settings, transport: MailTransport | undefined): string {
  if (!transport) return "Acknowledgements wait: no smarthost is set (SARABAN_SMARTHOST_URL)";
  if (transport.channel === "file")
    return `Acknowledgements are written to ${outgoingFolder(settings)} (no smarthost is set)`;
  return `Acknowledgements go out through ${new URL(settings.notification.smarthostUrl).host}`;
}
