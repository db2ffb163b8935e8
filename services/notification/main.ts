/**
 * NOTIFICATION
 *
 * Receives    "notify-sender" for each letter that was registered, refused, decided on or lies in the tray, for one that came
 *             again, and for what happens in its line afterwards; "record-report" for each bounce, read receipt, automatic
 *             reply, acknowledgement and e-CMS notifier of others; "send-letter" for each recipient of a letter of our own.
 * Hands on    "tell-arrival" for letters that wait for their number for longer than arrivalAfterSeconds, "notify-owner" for
 *             recipients who fail or are silent, "call-webhook"; mail to senders, recipients, and persons of the agency; letters
 *             and notifiers to e-CMS nodes. Who hands in by program finds its receipts in its inbox, a partner's program the letters
 *             for its office where no node takes them, and the agency's own programs each letter that is registered and what
 *             becomes of its own.
 * Writes      receipt (signed statements), notice (what was promised to whom), delivery_attempt (each try and the answer),
 *             delivery_report (what others say of a notice), recipient_event (what became of a letter at a recipient),
 *             client_item (inboxes of programs), webhook_call and webhook_attempt; signing_key, partner_key, report_key.
 * Promises    every registered letter is acknowledged with Annex 6's six fields, or the reason why not is recorded. Each
 *             statement is signed once (Ed25519) and never contradicted: the same arrival always gets the same one, a letter
 *             that came again the one that exists, and a correction is a new one that names the one it replaces.
 *             Registered within arrivalAfterSeconds: one message; else one of the arrival first.
 *             Automatic responses as RFC 3834 wants them; never to a null sender, a list, another automatic message, a forged
 *             sender, or an envelope sender of another domain than the letter's sender (backscatter). Their return path
 *             (MAILBOX+TOKEN) never answers. A report changes a notice only when it comes there with a genuine token.
 *             What came by program is answered by program, and never by mail; an item lies in an inbox once, with the commit of
 *             what it tells of. An office speaks by e-CMS for itself alone, and after its number only of another number.
 * May not     change a book, repeat anything of a refused letter, say in an alert who sent it, state a subject or contents.
 * Standards   RFC 3834, 3461 (where the next server offers DSN), 3464, 6533, 8098, 7515; straight to MX: RFC 5321 §5.1, 7505,
 *             3207; signed by DKIM (RFC 6376) where there are keys.
 * Settings    notification.*, ecms.*, http.publicUrl, smtp.hostname, queue.*, database.*, dataDir; texts: notification.templatesDir.
 * Fails       templates that cannot be used: told with file and line, and nothing starts. Next server away, 4xx or its own
 *             settings: tried again after 30 s, 1 min, 2 min … every 4 hours, until giveUpAfterHours; 5xx for the message, or
 *             a bounce: failed, recorded, `saraban notices retry`; killed between sending and recording: sent once more. A
 *             destination (a domain, an e-CMS node) that does not answer is left alone for 30 s, doubling to 15 minutes: what
 *             waits for it costs no worker and no try. A smarthost, for a minute at most.
 * Limits      mail is not signed by S/MIME; MX servers' certificates are not compared with their names (no DANE, no MTA-STS);
 *             places at a destination are counted by each process for itself;
 *             a notice of a line's change is sent when a job of the letter runs: nothing looks through the books for them.
 */
import { startHeartbeat } from "../shared/letter/heartbeat.ts";
import { openCalendar } from "../shared/letter/holidays.ts";
import { listAgencies } from "../shared/letter/inbound-book.ts";
import { performJobs } from "../shared/letter/perform-jobs.ts";
import type { StartRoom } from "../shared/letter/room.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { openUploads } from "../shared/letter/uploaded-files.ts";
import { inTransaction, openDatabase } from "../shared/runtime/database.ts";
import { shareTransactions } from "../shared/runtime/share-transactions.ts";
import { readTemplates } from "./compose/read-templates.ts";
import { openEcms } from "./ecms/open-ecms.ts";
import { watchWaitingLetters } from "./find-waiting-letters.ts";
import { servesDomain } from "./mail/delivery-store.ts";
import { openTransport } from "./mail/open-transport.ts";
import { keepPartnerKeys } from "./outbound/fetch-partner-keys.ts";
import { sendLetter } from "./outbound/send-letter.ts";
import { sharingWorkers } from "./outbound/share-workers.ts";
import { openIssuer } from "./receipts/issue-evidence.ts";
import { recordReport } from "./record-report.ts";
import { sendNotice, tellArrival } from "./send-notice.ts";
import { tellOwner } from "./watch/tell-owner.ts";
import { watchRecipients } from "./watch/watch-recipients.ts";
import { openWebhooks } from "./webhook/open-webhooks.ts";

export const start: StartRoom = async ({ settings, address, home, now, log }) => {
  const database = openDatabase<Tables>(address, "saraban_notification", settings.database.poolSize, log);
  const { concurrency, giveUpAfterHours, returnPath, arrivalAfterSeconds, templatesDir, receiptPdf } =
    settings.notification;
  const { warnAfterHours, escalateAfterWorkingHours, watchEverySeconds } = settings.notification;
  const templates = readTemplates(templatesDir, await listAgencies(database));
  const { transport, says } = openTransport(settings, (domain) => servesDomain(database, domain));
  if (!transport) log.warn("no smarthost is set (SARABAN_SMARTHOST_URL): acknowledgements wait");
  const issuer = openIssuer({ dataDir: settings.dataDir, publicUrl: settings.http.publicUrl, log });
  // Who fetches our keys before our first receipt has to find the one that signs it.
  const nobodys = { actor: "worker:notification", agencies: [] } as const;
  await inTransaction(database, nobodys, (transaction) => issuer.signer(transaction, now().at));
  const partnerKeys = keepPartnerKeys({ database, now, log });
  const uploads = await openUploads(settings.dataDir);
  const ecms = openEcms({ database, uploads }, settings);
  const parts = {
    database,
    inShared: shareTransactions(database, "worker:notification"),
    now,
    transport,
    ecms: ecms.channel,
    giveUpAfterHours,
    withTokens: returnPath === "token",
    log,
    issuer,
    templates,
    withPdf: receiptPdf,
    uploads,
    partnerKeys,
  };
  const webhooks = openWebhooks(parts, settings.notification);
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
      "tell-arrival": (data) => tellArrival(parts, data),
      "record-report": (data) => recordReport(parts, data),
      "send-letter": sharingWorkers(parts, "send-letter", Math.max(1, Math.floor(concurrency / 2)), (data) =>
        sendLetter(parts, data),
      ),
      "notify-owner": (data) => tellOwner(parts, data),
      "call-webhook": (data) => webhooks.call(data),
    },
    log,
  });
  const waiting = watchWaitingLetters(database, arrivalAfterSeconds, log);
  const silent = watchRecipients({
    database,
    calendar: openCalendar(settings.holidaysDir),
    now,
    rules: { warnAfterHours, escalateAfterWorkingHours },
    everySeconds: watchEverySeconds,
    log,
  });
  return {
    name: "notification",
    says: [
      says,
      settings.http.publicUrl === ""
        ? "Receipts name no page on which they are checked (SARABAN_HTTP_PUBLIC_URL is not set)"
        : `Receipts are checked at ${settings.http.publicUrl.replace(/\/+$/, "")}/verify`,
    ],
    async stop() {
      await heartbeat.stop();
      await Promise.all([waiting.stop(), silent.stop(), partnerKeys.stop()]);
      webhooks.stop();
      ecms.stop();
      await worker.close();
      transport?.close();
      await database.destroy();
    },
  };
};
