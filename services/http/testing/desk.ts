import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext } from "vitest";
import { openFileKeys } from "../../shared/closed/file-key-provider.ts";
import { closedKeyFolder } from "../../shared/closed/key-files.ts";
import { acceptInto } from "../../shared/letter/arrival/accept-letter.ts";
import { openCalendar } from "../../shared/letter/holidays.ts";
import { systemClock, type TrustedNow } from "../../shared/letter/stamp.ts";
import { openUploads } from "../../shared/letter/uploaded-files.ts";
import { openAdminPool, openWritePipe } from "../../shared/runtime/database.ts";
import { newId } from "../../shared/runtime/ids.ts";
import { type Log, openLog } from "../../shared/runtime/log.ts";
import { projectDir } from "../../shared/runtime/settings.ts";
import { openStore } from "../../shared/runtime/store.ts";
import {
  adminQueries,
  letReadLettersWait,
  type ReadLetter,
  roomDatabase,
} from "../../shared/testing/arrivals.ts";
import { databaseForTest } from "../../shared/testing/database.ts";
import { openActWaiters } from "../act-waiters.ts";
import { insertClerk, newToken } from "../clerk-store.ts";
import { insertClient, type NewClient } from "../clients/client-admin-store.ts";
import { newSecret, secretHash, secretMark } from "../clients/client-store.ts";
import { type ClientSettings, openClients } from "../clients/open-clients.ts";
import { openClosedDoor } from "../closed/open-closed-door.ts";
import type { HttpTls } from "../http-certificate.ts";
import { openInboxWaiters } from "../inbox/inbox-waiters.ts";
import { openOfficeDirectory } from "../letters/office-directory.ts";
import { openOutcomeWaiters } from "../letters/outcome-waiters.ts";
import { watchQueueRoom } from "../letters/queue-room.ts";
import { openMetrics } from "../metrics.ts";
import { openServer } from "../open-server.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely
  readonly body: any;
}

const TEST_SETTINGS: Omit<ClientSettings, "dataDir"> = {
  http: {
    // The tests' own requests may say whose they are.
    proxyNetworks: "127.0.0.0/8",
    publicUrl: "",
    clientCertificateHeader: false,
    tokenMinutes: 10,
    clientRequestsPerMinute: 0,
  },
  ecms: { byAddress: false },
};

/** The HTTP room alone on a database of the test's own, listening on a free port, with a clerk of agency-a. */
export async function openDesk(
  context: TestContext,
  now: TrustedNow = systemClock(),
  log: Log = openLog("silent", "test"),
  receiveWithinMs?: number,
  settings: Partial<Omit<ClientSettings, "dataDir">> = {},
  tls: HttpTls | null = null,
) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const admin = openAdminPool(address);
  context.onTestFinished(() => admin.end());
  const database = roomDatabase(context, address, "saraban_http");
  const calendar = openCalendar(join(projectDir, "config/holidays"));
  const waiters = openActWaiters(database, address, log);
  const metrics = openMetrics(database, calendar, now);
  const readiness = async () => ({ ready: true, checks: {} });
  const printsDir = await mkdtemp(join(tmpdir(), "saraban-prints-"));
  context.onTestFinished(() => rm(printsDir, { recursive: true }));
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-http-"));
  context.onTestFinished(() => rm(dataDir, { recursive: true }));
  const uploads = await openUploads(dataDir);
  const letters = await openStore({ dir: join(dataDir, "letters") });
  const closed = await openClosedDoor({
    database,
    address,
    lettersDir: join(dataDir, "letters"),
    openKeys: (usedBy) => openFileKeys({ folder: closedKeyFolder(dataDir), usedBy }),
    now,
    log,
  });
  const pipe = openWritePipe(address, "saraban_http", 2, log);
  const outcomes = openOutcomeWaiters(database, address, log);
  const inboxes = openInboxWaiters(database, address, log);
  const queueWatch = await watchQueueRoom(database, 20_000, log);
  const clients = openClients({ dataDir, ...TEST_SETTINGS, ...settings }, database, log);
  const parts = {
    clients,
    tls,
    database,
    now,
    calendar,
    waiters,
    printsDir,
    // The tests' own requests may say whose they are.
    proxyNetworks: "127.0.0.0/8",
    uploads,
    acceptLetter: acceptInto({ room: "http", database, pipe }, now),
    letters,
    closed,
    queueRoom: queueWatch.hasRoom,
    outcomes,
    inboxes,
    offices: openOfficeDirectory(database),
    ecmsPath: "/ecms-ws01/service2",
    log,
    metrics,
    readiness,
  };
  const server = await openServer(parts, receiveWithinMs);
  const url = await server.listen({ host: "127.0.0.1", port: 0 });
  context.onTestFinished(async () => {
    await Promise.all([waiters.stop(), outcomes.stop(), inboxes.stop()]);
    await server.close();
    await clients.calls.stop();
    await queueWatch.stop();
    await pipe.close();
    await closed.close();
  });
  const addClerk = async (...agencies: string[]): Promise<string> => {
    const token = newToken();
    await insertClerk(admin, { id: `clerk-${newId()}`, name: "สมหญิง ทดสอบ", agencies, rights: [] }, token);
    return token;
  };
  const token = await addClerk("agency-a");
  /** A program: its secret, and an access token. */
  const addClient = async (
    given: Partial<NewClient> = {},
  ): Promise<{ id: string; secret: string; token: string }> => {
    const client: NewClient = {
      id: `client-${newId()}`,
      name: "ระบบทดสอบ",
      agencyId: "agency-a",
      senderDomain: "opdc.example.go.th",
      scopes: ["submit", "receipts"],
      level: "normal",
      certificates: [],
      networks: [],
      dialect: "2.0",
      ...given,
    };
    const secret = newSecret();
    await insertClient(admin, client, secret);
    const mark = secretMark(secretHash(secret));
    const access = await clients.tokens.issue({ clientId: client.id, mark, scopes: client.scopes });
    return { id: client.id, secret, token: access };
  };
  const ask = async (path: string, init: RequestInit & { token?: string } = {}): Promise<Answer> => {
    const { token: other, headers, ...rest } = init;
    const authorization = { authorization: `Bearer ${other ?? token}` };
    const response = await fetch(`${url}/api/v1${path}`, {
      ...rest,
      headers: { ...authorization, ...(headers as object) },
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  return {
    address,
    admin,
    calendar,
    database,
    printsDir,
    dataDir,
    query,
    waiters,
    url,
    token,
    addClerk,
    addClient,
    clients,
    server,
    ask,
    post: (act: object, init: RequestInit & { token?: string } = {}) =>
      ask("/acts", {
        method: "POST",
        body: JSON.stringify(act),
        ...init,
        headers: { "content-type": "application/json", prefer: "wait=0", ...(init.headers as object) },
      }),
    /** Arrivals in the tray: read, and given their outcome. @returns their ids */
    fillTray: async (
      letters: readonly (ReadLetter & { outcome?: string; reason?: string; earlier?: string })[],
    ) => {
      const ids = await letReadLettersWait(query, letters);
      for (const [
        index,
        { agencyId = "agency-a", outcome = "triage", reason = "no-number", earlier = null },
      ] of letters.entries()) {
        await query(
          `insert into saraban.outcome (intake_id, agency_id, outcome, reason, earlier_intake_id, decided_at, clock, decided_by)
             values ($1, $2, $3, $4, $5, now(), '{}', 'rule:test')`,
          [ids[index], agencyId, outcome, reason, earlier],
        );
      }
      return ids;
    },
    /** What the registry writes when it has carried out an act. */
    decide: (actId: string, reason = "", line: readonly [string, number, number] | null = null) =>
      query(
        `insert into saraban.act_result (act_id, agency_id, result, reason, book_id, year, number, decided_at, clock)
           select id, agency_id, case when $2 = '' then 'done' else 'refused' end, $2, $3, $4, $5, now(), '{}' from saraban.act where id = $1`,
        [actId, reason, ...(line ?? [null, null, null])],
      ),
  };
}
