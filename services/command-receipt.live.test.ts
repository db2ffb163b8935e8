import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { run } from "./command-receipt.ts";
import { issueEvidence, openIssuer } from "./notification/receipts/issue-evidence.ts";
import { readJwks } from "./shared/letter/evidence/public-key.ts";
import { systemClock } from "./shared/letter/stamp.ts";
import { inTransaction } from "./shared/runtime/database.ts";
import { openLog } from "./shared/runtime/log.ts";
import { adminQueries, letReadLettersWait, roomDatabase } from "./shared/testing/arrivals.ts";
import { databaseUrl, type Environment, runHere, runSaraban } from "./shared/testing/command-line.ts";
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
    DATABASE_URL: databaseUrl(address),
  };
  return {
    /** As processes of their own. @param env nothing: a machine without any installation */
    receipt: (args: readonly string[], env: Environment = here) => runSaraban(env, ["receipt", ...args]),
    receiptHere: (...args: string[]) => runHere(run, here, ["receipt", ...args]),
    async issue() {
      const [intakeId = ""] = await letReadLettersWait(query, [{}]);
      const { registered } = EVIDENCE_EXAMPLES;
      const acting = { actor: "worker:notification", agencies: ["agency-a"] } as const;
      return inTransaction(database, acting, (transaction) => {
        const facts = { ...registered, message: { ...registered.message, intakeId } };
        return issueEvidence(transaction, issuer, { agencyId: "agency-a", closedClient: null }, null, facts, systemClock()());
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
  const { receipt, receiptHere, issue, file, elsewhere } = await installation(context);
  const { evidence, jws } = await issue();
  const path = await file("receipt.txt", `ใบตอบรับ\n\n${jws}\n`);

  const set = await receiptHere("keys", "--json");
  const shown = await receiptHere("show", evidence.code.toLowerCase(), "--jws");
  expect(readJwks(JSON.parse(set.stdout), null)).toHaveLength(1);
  expect(shown.stdout).toBe(`${jws}\n`);
  const keyFile = await file("jwks.json", set.stdout);
  const offline = await receipt(["verify", path, "--keys", keyFile, "--json"], elsewhere);
  const wrongUse = await receiptHere("verify", path, "--keys", path);
  expect(offline.code).toBe(0);
  expect(JSON.parse(offline.stdout)).toMatchObject({ state: "genuine", evidence });
  expect(wrongUse.code).toBe(64);

  expect((await receiptHere("rotate")).stdout).toMatch(/signs no more.*new key/s);
  const { jws: later } = await issue();
  const kid = JSON.parse(Buffer.from(later.split(".")[0] ?? "", "base64url").toString()).kid;
  expect((await receiptHere("revoke", kid, "--reason", "ทดสอบ")).code).toBe(0);
  // Its own record vouches for it here; for who has the key set alone nobody does.
  const second = await file("later.jws", later);
  const old = await receipt(["verify", path]);
  const revoked = await receiptHere("verify", second);
  const keys = await receiptHere("keys");
  expect(old).toMatchObject({ code: 0, stderr: "" });
  expect(old.stdout).toMatch(/^เป็นของจริง.*\nAuthentic.*12\/2569/s);
  expect(revoked).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("was revoked, but it stands in the record"),
  });
  expect(keys.stdout).toMatch(/revoked.*\n.*retired/);
}, 240_000);
