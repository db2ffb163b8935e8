import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { projectDir } from "./shared/runtime/settings.ts";
import { adminQueries, letReadLettersWait } from "./shared/testing/arrivals.ts";
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
  const env = {
    PATH: process.env["PATH"],
    SARABAN_DATA_DIR: dataDir,
    DATABASE_URL: `postgres://${address.user}@localhost:${address.port}/${address.database}?host=${encodeURIComponent(address.host)}`,
  };
  const verify = (...args: string[]) =>
    new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      const cli = join(projectDir, "services/cli.ts");
      execFile(process.execPath, [cli, "verify", ...args], { env }, (error, stdout, stderr) =>
        resolve({ code: error ? error.code : 0, stdout, stderr }),
      );
    });
  return { id, verify };
}

test("saraban verify: 0 and a summary while all is well, 1 and the names of what is not, as text and as JSON", async (context) => {
  const { expect } = context;
  const { id, verify } = await register(context);
  const well = await verify("--progress");
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
      { code: "stored-files", ok: true, looked: 1 },
    ],
  });
  expect((await verify("--stuck-after", "0s", "--agency", "agency-b")).code).toBe(0);
}, 60_000);

test("saraban verify: wrong use is 64", async (context) => {
  const { verify } = await register(context);
  for (const [args, says] of [
    [["--agency", "agency-z"], "agency-a, agency-b"],
    [["--stuck-after", "soon"], "90s, 30m, 1h, 2d"],
    [["--all"], "--all"],
  ] as const) {
    const { code, stdout, stderr } = await verify(...args);
    context.expect([code, stdout]).toEqual([64, ""]);
    context.expect(stderr).toContain(says);
  }
}, 60_000);
