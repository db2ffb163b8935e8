/**
 * HTTP
 *
 * Receives    for clerks, with a token each (saraban clerk add), under /api/v1: POST /acts and GET /acts/ID (what they
 *             ask of the registry, schemas/act.schema.json), GET /tray and /tray/ID (what waits for their decision),
 *             GET /lines (search), GET /lines/BOOK/YEAR/NUMBER (a line, its events, its thread), POST /prints, GET /prints/ID and
 *             /prints/ID/file, GET /mailbox-checks; POST /outbound/files (files of outbound letters), GET /outbound, /outbound/ID
 *             (a letter, its recipients and what became of it there), /outbound/ID/files/NO and /outbound/unanswered.
 *             GET /receipts/ID, ID.jws, ID.pdf and /arrivals/ID/receipts (what senders were told, and what became of it).
 *             From programs, with a token each: POST /letters (JSON, GovernmentDocument or multipart/form-data), GET /letters,
 *             /letters/ID and its receipts (letters/letter-door.ts); GET /inbox/next and /inbox, POST /inbox/ID/acknowledge,
 *             GET /inbox/ID and files of its letter (inbox/inbox-door.ts); GET /directory (partners and agencies).
 *             From e-CMS clients of either dialect, at ecms.path: SOAP requests (letters, notifiers, queue, lists, time; ecms/ecms-door.ts),
 *             known by certificate, HTTP Basic or, where ecms.byAddress is on, by address.
 *             Programs (saraban client add) come with an access token of POST /oauth/token, or with a certificate; each of the
 *             routes above that names scopes is open to them too, all others are not (clients/client-access.ts).
 *             For anybody, some sixty times a minute: /verify and POST /api/v1/verify (is a receipt genuine, what does it
 *             say), /.well-known/jwks.json (the keys that receipts are checked with).
 *             For anybody: GET /healthz (is the process alive), /readyz (can each part work), /metrics (Prometheus), and
 *             /api/v1/time: this installation's time with its error bound and reference, for others to compare theirs;
 *             /openapi.json, /api/docs and /api/v1/codes (openapi/openapi-door.ts).
 *             /openapi.json (all of this, from one table: openapi/operations.ts), /api/docs (the same as a page to read and try),
 *             /api/v1/codes; with the scope directory GET /directory (agencies served here and their partners).
 * Hands on    "do-act" to the registry, "print-register" to printing, "read-letter" to reading; by a trigger of client_item "send-letter"
 *             to notification when a partner's program has taken a letter of ours.
 * Writes      intake, stored_body, submission, client_call (append-only), ecms_document, client_item (fetched, acknowledged) and
 *             large letters under DATA/letters; act, print_order, tray_opening, uploaded_file and the folder DATA/uploads; the key
 *             of access tokens under DATA/keys/tokens; its heartbeat.
 * Promises    what a clerk sees and does is held to the agencies of his row by row-level security, under his name; of
 *             other agencies' things not even their existence is told. The same act sent twice is done once.
 *             201 or 202 on a letter of a program means that its octets and rows are on disk, once, however often it is sent;
 *             any other answer that nothing of it is kept. Memory does not grow with a letter's size.
 *             A program that is revoked, or whose scope is taken away, is out with its next request. Each call of one is
 *             written down (client_call), within a second or two of its answer.
 *             What answers without a token shows no word of any letter. A half working day without a look into a tray
 *             that has to be looked into is told once (Annex 7).
 * May not     write into a book: the registry does. See a classified book.
 * Standards   RFC 6750 (tokens), RFC 6749 §4.4, RFC 9068 (access tokens), RFC 9440 (Client-Cert), RFC 7617 (Basic), RFC 9457
 *             (problem details), RFC 7240 (Prefer: wait), RFC 7578 (multipart/form-data), RFC 8941 (Idempotency-Key), RFC 7517 (keys).
 * Settings    http.*, exchange.*, ecms.byAddress, ecms.path, database.*, queue.*, dataDir, holidaysDir, clock.policy.
 * Fails       registry away: acts are kept and answered 202; it carries them out when it is back.
 *             database or disk away, or too many letters waiting: programs are answered 503 with Retry-After.
 *             a part that does not answer within 3 s is shown as such; /readyz is then 503.
 * Limits      without http.tls no TLS (RFC 6750 §5.3): bind it to loopback and put a proxy with a certificate before it, which
 *             lets through to each what is for him (README, "In production"). Wrong tokens, and checks of receipts, are counted
 *             for all clients of a proxy together, where http.proxyNetworks does not name it.
 *             Requests of a program are counted by each process for itself. A key of access tokens that was copied is replaced by
 *             removing DATA/keys/tokens and starting again.
 *             A person's program that reads the tray by itself, without a person who looks, is taken for a check of the mailbox.
 */
import { join } from "node:path";
import { openKeyProvider } from "../shared/closed/open-key-provider.ts";
import { acceptInto } from "../shared/letter/arrival/accept-letter.ts";
import { calendarWarnings } from "../shared/letter/calendar-warnings.ts";
import { startHeartbeat } from "../shared/letter/heartbeat.ts";
import { openCalendar } from "../shared/letter/holidays.ts";
import type { StartRoom } from "../shared/letter/room.ts";
import { openRoomQueues } from "../shared/letter/room-queues.ts";
import { reasonToHold } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { openUploads } from "../shared/letter/uploaded-files.ts";
import { openDatabase, openWritePipe } from "../shared/runtime/database.ts";
import { openStore } from "../shared/runtime/store.ts";
import { openActWaiters } from "./act-waiters.ts";
import { openClients } from "./clients/open-clients.ts";
import { openClosedDoor } from "./closed/open-closed-door.ts";
import { openHttpTls } from "./http-certificate.ts";
import { openInboxWaiters } from "./inbox/inbox-waiters.ts";
import { openOfficeDirectory } from "./letters/office-directory.ts";
import { openOutcomeWaiters } from "./letters/outcome-waiters.ts";
import { watchQueueRoom } from "./letters/queue-room.ts";
import { watchMailboxChecks } from "./mailbox-check-watch.ts";
import { openMetrics } from "./metrics.ts";
import { openServer } from "./open-server.ts";
import { askReadiness } from "./readiness.ts";

export const start: StartRoom = async ({ settings, address, home, now, log }) => {
  const calendar = openCalendar(settings.holidaysDir);
  for (const warning of calendarWarnings(calendar, now().at)) log.warn(warning);
  const database = openDatabase<Tables>(address, "saraban_http", settings.database.poolSize, log);
  const queues = await openRoomQueues(home, log);
  const waiters = openActWaiters(database, address, log);
  const outcomes = openOutcomeWaiters(database, address, log);
  const inboxes = openInboxWaiters(database, address, log);
  // Two connections: at most two batches are under way.
  const pipe = openWritePipe(address, "saraban_http", 2, log);
  const queueWatch = await watchQueueRoom(database, settings.exchange.maxWaitingJobs, log);
  const clients = openClients(settings, database, log);
  const tls = await openHttpTls(settings.http, log);
  const lettersDir = join(settings.dataDir, "letters");
  const closed = await openClosedDoor({
    database,
    address,
    lettersDir,
    openKeys: (usedBy) => openKeyProvider(settings, usedBy),
    now,
    log,
  });
  const server = await openServer({
    clients,
    tls,
    database,
    now,
    calendar,
    waiters,
    printsDir: join(settings.dataDir, "prints"),
    proxyNetworks: settings.http.proxyNetworks,
    uploads: await openUploads(settings.dataDir),
    acceptLetter: acceptInto({ room: "http", database, pipe }, now),
    letters: await openStore({ dir: lettersDir }),
    closed,
    queueRoom: queueWatch.hasRoom,
    databaseAnswers: queueWatch.databaseAnswers,
    outcomes,
    inboxes,
    offices: openOfficeDirectory(database),
    ecmsPath: settings.ecms.path,
    log,
    metrics: openMetrics(database, calendar, now),
    readiness: () => {
      const { at, clock } = now();
      const held = reasonToHold(clock, settings.clock);
      return askReadiness(database, queues, clock, held, calendarWarnings(calendar, at));
    },
  });
  const watch = watchMailboxChecks({ database, calendar, now, log });
  const heartbeat = await startHeartbeat(database, "http", () => null, log);
  const url = await server.listen({ host: settings.http.host, port: settings.http.port });
  return {
    name: "http",
    says: [`HTTP on ${url} (/healthz, /readyz, /metrics, /api/v1)`],
    async stop() {
      await heartbeat.stop();
      await watch.stop();
      // First: whoever waits for the registry is answered before the connections are closed.
      await Promise.all([waiters.stop(), outcomes.stop(), inboxes.stop()]);
      await server.close();
      tls?.close();
      await clients.calls.stop();
      await queueWatch.stop();
      await pipe.close();
      await closed.close();
      for (const queue of Object.values(queues)) await queue.close();
      await database.destroy();
    },
  };
};
