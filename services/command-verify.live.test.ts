import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { run } from "./command-verify.ts";
import { adminQueries, letReadLettersWait } from "./shared/testing/arrivals.ts";
import { databaseUrl, runHere, runSaraban } from "./shared/testing/command-line.ts";
import { databaseForTest } from "./shared/testing/database.ts";

/** A database with one letter that has just arrived, and `saraban verify` on it. */
async function register(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-verify-"));
  context.onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const [id = ""] = await letReadLettersWait(query, [{}]);
  await query(`begin; set local session_replication_role = replica;
    update saraban.stored_body set content = convert_to('${id}', 'utf8'), size_bytes = 36;
    update saraban.intake set size_bytes = 36; commit`);
  const environment = { SARABAN_DATA_DIR: dataDir, DATABASE_URL: databaseUrl(address) };
  return {
    id,
    /** As a process of its own. */
    verify: (...args: string[]) => runSaraban(environment, ["verify", ...args]),
    verifyHere: (...args: string[]) => runHere(run, environment, ["verify", ...args]),
  };
}

test("saraban verify: 0 and a summary while all is well, 1 and the names of what is not, as text and as JSON", async (context) => {
  const { expect } = context;
  const { id, verify, verifyHere } = await register(context);
  const well = await verifyHere("--progress");
  expect(well).toMatchObject({ code: 0, stderr: "\rstored messages read: 100 %\n" });
  expect(well.stdout).toMatch(/^Register of agency-a, agency-b, .*Everything is in order\.\n$/s);

  const stuck = await verify("--stuck-after", "0s", "--json");
  expect(stuck).toMatchObject({ code: 1, stderr: "" });
  expect(JSON.parse(stuck.stdout)).toMatchObject({
    verified: false,
    checks: [
      { code: "books", ok: true },
      { code: "events", ok: true },
      { code: "outcomes", ok: false, violations: [{ code: "stuck", agencyId: "agency-a", at: id }], more: 0 },
      { code: "acknowledgements", ok: true },
      { code: "acts", ok: true },
      { code: "outbound", ok: true },
      { code: "receipts", ok: true },
      { code: "sent-files", ok: true, looked: 0 },
      { code: "stored-files", ok: true, looked: 1 },
      { code: "classified", ok: true, looked: 0 },
    ],
  });
  expect((await verifyHere("--stuck-after", "0s", "--agency", "agency-b")).code).toBe(0);
}, 240_000);

test("saraban verify: wrong use is 64", async (context) => {
  const { verify, verifyHere } = await register(context);
  for (const [ended, says] of [
    [await verifyHere("--agency", "agency-z"), "agency-a, agency-b"],
    [await verifyHere("--stuck-after", "soon"), "90s, 30m, 1h, 2d"],
    [await verify("--all"), "--all"],
  ] as const) {
    const { code, stdout, stderr } = ended;
    context.expect([code, stdout]).toEqual([64, ""]);
    context.expect(stderr).toContain(says);
  }
}, 240_000);
