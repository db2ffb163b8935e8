import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, test } from "vitest";
import { run as runClerk } from "./command-clerk.ts";
import { run as runClient } from "./command-client.ts";
import { run as runPrint } from "./command-print.ts";
import { run as runReceipt } from "./command-receipt.ts";
import { run as runWebhook } from "./command-webhook.ts";
import { adminQueries } from "./shared/testing/arrivals.ts";
import { writeBookLines } from "./shared/testing/book-lines.ts";
import { databaseUrl, runHere } from "./shared/testing/command-line.ts";
import { databaseForTest } from "./shared/testing/database.ts";

test("what an operator does at the command line stands in the audit log, without a secret", async (context) => {
  const { expect } = context;
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-operator-"));
  context.onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const here = { SARABAN_DATA_DIR: dataDir, DATABASE_URL: databaseUrl(address) };
  const does = async (run: Parameters<typeof runHere>[0], ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runHere(run, here, args);
    return code === 0 ? stdout.trim() : `${code}: ${stderr}`;
  };
  const year = new Date().getFullYear();
  await writeBookLines(query, [{ registeredAt: new Date(), subject: "เรื่อง" }]);
  const said = [
    await does(
      runClerk,
      "clerk",
      "add",
      "somsri",
      "--name",
      "สมศรี ทดสอบ",
      "--agency",
      "agency-a",
      "--may",
      "approve",
    ),
    await does(runClerk, "clerk", "add", "somsri", "--name", "อีกคน", "--agency", "agency-a"),
    await does(runClerk, "clerk", "token", "somsri"),
    await does(runClerk, "clerk", "rights", "somsri", "--none"),
    await does(runClerk, "clerk", "remove", "somsri"),
    await does(runClerk, "clerk", "list"),
    await does(
      runClient,
      "client",
      "add",
      "oa",
      "--name",
      "ระบบ",
      "--agency",
      "agency-a",
      "--scope",
      "directory",
    ),
    await does(runClient, "client", "scopes", "oa", "--scope", "submit"),
    await does(runClient, "client", "rotate", "oa"),
    await does(runClient, "client", "revoke", "oa"),
    await does(
      runWebhook,
      "webhook",
      "add",
      "hook",
      "--agency",
      "agency-a",
      "--url",
      "https://a.example/secret-path",
    ),
    await does(runWebhook, "webhook", "remove", "hook"),
    await does(runReceipt, "receipt", "rotate"),
    await does(runReceipt, "receipt", "revoke", "nothing", "--reason", "หาย"),
    await does(runPrint, "print", "agency-a.inbound.ordinary", "--out", join(dataDir, "book.csv")),
  ];
  expect(said[1]).toMatch(/^1: /);
  expect(said[14]).toContain("book.csv");
  const events = await query<{ what: string }>(
    `select concat_ws(' ', action, subject_id, outcome, agency_id, detail::text) as what from saraban.audit_event order by seq`,
  );
  expect(events.map(({ what }) => what)).toEqual([
    'clerk.add somsri allowed {"rights": "approve", "agencies": "agency-a"}',
    'clerk.add somsri allowed {"rights": "", "agencies": "agency-a"}',
    'clerk.add somsri failed {"rights": "", "agencies": "agency-a"}',
    "clerk.token somsri allowed {}",
    'clerk.rights somsri allowed {"rights": ""}',
    "clerk.remove somsri allowed {}",
    expect.stringMatching(/^client.add oa allowed agency-a \{.*"scopes": "directory"/),
    'client.scopes oa allowed agency-a {"scopes": "submit"}',
    'client.rotate oa allowed agency-a {"overlapSeconds": 86400}',
    "client.revoke oa allowed agency-a {}",
    'webhook.add hook allowed agency-a {"host": "a.example"}',
    "webhook.remove hook allowed {}",
    "receipt-key.rotate allowed {}",
    'receipt-key.revoke nothing allowed {"reason": "หาย"}',
    'receipt-key.revoke nothing failed {"reason": "หาย"}',
    `print.make agency-a.inbound.ordinary allowed agency-a {"year": ${year}, "format": "csv"}`,
  ]);
  const actors = await query(
    "select distinct actor like 'operator:_%' as is_operator, door from saraban.audit_event order by 2",
  );
  expect(actors).toEqual([
    { is_operator: true, door: "cli" },
    { is_operator: true, door: "export" },
  ]);
  const all = JSON.stringify(await query("select * from saraban.audit_event"));
  for (const secret of [said[0], said[2], said[6], said[8], "secret-path"]) expect(all).not.toContain(secret);
}, 120_000);
