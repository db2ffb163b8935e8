import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, test } from "vitest";
import { run } from "./command-webhook.ts";
import { openIssuer } from "./notification/receipts/issue-evidence.ts";
import { openWebhookCaller } from "./notification/webhook/call-webhook.ts";
import { systemClock } from "./shared/letter/stamp.ts";
import { openLog } from "./shared/runtime/log.ts";
import { adminQueries, roomDatabase } from "./shared/testing/arrivals.ts";
import { databaseUrl, runHere, runSaraban } from "./shared/testing/command-line.ts";
import { databaseForTest } from "./shared/testing/database.ts";

test("saraban webhook: add, test, list, remove", async (context) => {
  const { expect } = context;
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-webhook-"));
  const server = createServer((_, response) => void response.writeHead(202).end("taken"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.onTestFinished(async () => {
    server.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const environment = { SARABAN_DATA_DIR: dataDir, DATABASE_URL: databaseUrl(address) };
  const webhook = (...args: string[]) => runHere(run, environment, ["webhook", ...args]);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const add = ["add", "registers", "--agency", "agency-a", "--url", url];
  const added = await runSaraban(environment, ["webhook", ...add]);
  const outside = await webhook(
    "add",
    "outside",
    "--agency",
    "agency-a",
    "--url",
    "http://hooks.example.go.th/",
  );
  expect(added).toMatchObject({ code: 0, stderr: "" });
  expect(outside).toMatchObject({ code: 64, stderr: expect.stringContaining("https://") });

  // The service: does what is handed on, once.
  const log = openLog("silent", "test");
  const database = roomDatabase(context, address, "saraban_notification");
  const issuer = openIssuer({ dataDir, publicUrl: "", log });
  const caller = openWebhookCaller(
    { database, now: systemClock(), issuer, giveUpAfterHours: 120, log },
    { find: async () => [], allowPrivate: false },
  );
  let isOver = false;
  const tested = webhook("test", "registers").finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const [job] = await query<{ id: string }>(
      "select subject_id as id from saraban.outbox where job = 'call-webhook'",
    );
    if (job) await caller.call({ outboxId: 1, agencyId: "agency-a", subjectId: job.id, workKey: job.id });
    else await Promise.race([tested, new Promise((resolve) => setTimeout(resolve, 50))]);
  }
  expect(await tested).toMatchObject({ code: 0, stdout: "accepted: 202 taken\n" });

  const [listed, removed] = [await webhook("list", "--json"), await webhook("remove", "registers")];
  expect(JSON.parse(listed.stdout)).toEqual([
    { id: "registers", agencyId: "agency-a", url, active: true, due: 0, delivered: 1, failed: 0 },
  ]);
  expect(removed.code).toBe(0);
  expect(await query("select active from saraban.webhook")).toEqual([{ active: false }]);
}, 240_000);
