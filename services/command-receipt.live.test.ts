import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { issueEvidence, openIssuer } from "./notification/receipts/issue-evidence.ts";
import { readJwks } from "./shared/letter/evidence/public-key.ts";
import { systemClock } from "./shared/letter/stamp.ts";
import { inTransaction } from "./shared/runtime/database.ts";
import { openLog } from "./shared/runtime/log.ts";
import { projectDir } from "./shared/runtime/settings.ts";
import { adminQueries, letReadLettersWait, roomDatabase } from "./shared/testing/arrivals.ts";
import { databaseForTest } from "./shared/testing/database.ts";
import { EVIDENCE_EXAMPLES } from "./shared/testing/evidence-examples.ts";

async function installation(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const database = roomDatabase(context, address, "saraban_notification");
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-receipt-"));
  context.onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const issuer = openIssuer({ dataDir, publicUrl: "", log: openLog("silent", "test") });
  const here = {
    SARABAN_DATA_DIR: dataDir,
    DATABASE_URL: `postgres://${address.user}@localhost:${address.port}/${address.database}?host=${encodeURIComponent(address.host)}`,
  };
  /** @param env nothing: a machine without any installation */
  const receipt = (args: readonly string[], env: Readonly<Record<string, string>> = here) =>
    new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      const cli = join(projectDir, "services/cli.ts");
      execFile(
        process.execPath,
        [cli, "receipt", ...args],
        { env: { PATH: process.env["PATH"], ...env } },
        (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout, stderr }),
      );
    });
  return {
    receipt,
    async issue() {
      const [intakeId = ""] = await letReadLettersWait(query, [{}]);
      const { registered } = EVIDENCE_EXAMPLES;
      const acting = { actor: "worker:notification", agencies: ["agency-a"] } as const;
      return inTransaction(database, acting, (transaction) => {
        const facts = { ...registered, message: { ...registered.message, intakeId } };
        return issueEvidence(transaction, issuer, "agency-a", null, facts, systemClock()());
      });
    },
    async file(name: string, text: string): Promise<string> {
      const path = join(dataDir, name);
      await writeFile(path, text);
      return path;
    },
    elsewhere: { SARABAN_DATA_DIR: join(dataDir, "nothing") },
  };
}

test("saraban receipt: keys, verify offline and here, show, rotate, revoke", async (context) => {
  const { expect } = context;
  const { receipt, issue, file, elsewhere } = await installation(context);
  const { evidence, jws } = await issue();
  const path = await file("receipt.txt", `ใบตอบรับ\n\n${jws}\n`);

  const [set, shown] = await Promise.all([
    receipt(["keys", "--json"]),
    receipt(["show", evidence.code.toLowerCase(), "--jws"]),
  ]);
  expect(readJwks(JSON.parse(set.stdout), null)).toHaveLength(1);
  expect(shown.stdout).toBe(`${jws}\n`);
  const keyFile = await file("jwks.json", set.stdout);
  const [offline, wrongUse] = await Promise.all([
    receipt(["verify", path, "--keys", keyFile, "--json"], elsewhere),
    receipt(["verify", path, "--keys", path], elsewhere),
  ]);
  expect(offline.code).toBe(0);
  expect(JSON.parse(offline.stdout)).toMatchObject({ state: "genuine", evidence });
  expect(wrongUse.code).toBe(64);

  expect((await receipt(["rotate"])).stdout).toMatch(/signs no more.*new key/s);
  const { jws: later } = await issue();
  const kid = JSON.parse(Buffer.from(later.split(".")[0] ?? "", "base64url").toString()).kid;
  expect((await receipt(["revoke", kid, "--reason", "ทดสอบ"])).code).toBe(0);
  // Its own record vouches for it here; for who has the key set alone nobody does.
  const second = await file("later.jws", later);
  const [old, revoked, keys] = await Promise.all([
    receipt(["verify", path]),
    receipt(["verify", second]),
    receipt(["keys"]),
  ]);
  expect(old).toMatchObject({ code: 0, stderr: "" });
  expect(old.stdout).toMatch(/^แท้.*\nAuthentic.*12\/2569/s);
  expect(revoked).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("was revoked, but it stands in the record"),
  });
  expect(keys.stdout).toMatch(/revoked.*\n.*retired/);
}, 90_000);
