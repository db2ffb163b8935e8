import { createHash } from "node:crypto";
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { inject, type TestContext, test } from "vitest";
import type { EvidenceType } from "../../shared/letter/evidence/evidence.ts";
import { readOwnKeys } from "../../shared/letter/evidence/public-key-store.ts";
import { readCode } from "../../shared/letter/evidence/short-code.ts";
import { verifyEvidence } from "../../shared/letter/evidence/verify-evidence.ts";
import { systemClock } from "../../shared/letter/stamp.ts";
import { inTransaction } from "../../shared/runtime/database.ts";
import { newId } from "../../shared/runtime/ids.ts";
import { openLog } from "../../shared/runtime/log.ts";
import { adminQueries, letReadLettersWait, roomDatabase } from "../../shared/testing/arrivals.ts";
import { databaseForTest } from "../../shared/testing/database.ts";
import { EVIDENCE_EXAMPLES } from "../../shared/testing/evidence-examples.ts";
import { type EvidenceFacts, type EvidenceIssuer, issueEvidence, openIssuer } from "./issue-evidence.ts";
import { retireKeys } from "./signing-key-store.ts";

const acting = { actor: "worker:notification", agencies: ["agency-a"] } as const;

function factsOf(type: EvidenceType, intakeId: string): EvidenceFacts {
  const {
    schema: _,
    evidenceId: _1,
    issuedAt: _2,
    code: _3,
    verifyUrl: _4,
    ...facts
  } = EVIDENCE_EXAMPLES[type];
  const { issued: _5, ...clock } = facts.clock;
  return { ...facts, clock, replaces: null, message: { ...facts.message, intakeId } };
}

async function scene(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const database = roomDatabase(context, address, "saraban_notification");
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-keys-"));
  context.onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const lines: { msg: string; kids?: string[] }[] = [];
  const log = openLog("warn", "test", { write: (line) => void lines.push(JSON.parse(line)) });
  const issuer = () => openIssuer({ dataDir, publicUrl: "https://saraban.example.go.th/", log });
  const now = systemClock();
  return {
    query,
    database,
    dataDir,
    lines,
    issuer,
    folder: join(dataDir, "keys/receipts"),
    arrival: async () => (await letReadLettersWait(query, [{}]))[0] as string,
    issue: (
      by: EvidenceIssuer,
      intakeId: string,
      type: EvidenceType = "registered",
      eventId: string | null = null,
    ) =>
      inTransaction(database, acting, (transaction) =>
        issueEvidence(
          transaction,
          by,
          { agencyId: "agency-a", closedClient: null },
          eventId,
          factsOf(type, intakeId),
          now(),
        ),
      ),
    verify: async (jws: string) => verifyEvidence(jws, await inTransaction(database, acting, readOwnKeys)),
  };
}

test("a receipt is issued once, whoever asks, and is genuine", async (context) => {
  const { expect } = context;
  const { query, database, issuer, arrival, issue, verify } = await scene(context);
  const id = await arrival();
  const one = issuer();
  // Several processes with one folder, all at the same moment: their connections are there already.
  await Promise.all(
    Array.from({ length: 4 }, () =>
      inTransaction(database, acting, (transaction) => sql`select pg_sleep(0.2)`.execute(transaction)),
    ),
  );
  const issued = await Promise.all([one, issuer(), issuer(), issuer()].map((by) => issue(by, id)));
  const [first] = issued;
  if (!first) throw new Error("nothing was issued");
  for (const { jws } of issued) expect(jws).toBe(first.jws);
  expect(await query("select kid from saraban.signing_key")).toHaveLength(1);

  const verified = await verify(first.jws);
  expect(verified).toMatchObject({ state: "genuine", evidence: first.evidence });
  const { evidence } = first;
  expect(evidence).toMatchObject(factsOf("registered", id));
  expect(evidence.verifyUrl).toBe(
    `https://saraban.example.go.th/verify/${evidence.code.replaceAll("-", "")}`,
  );
  const found = await query<{ facts: object }>("select * from saraban.find_receipt($1)", [
    readCode(evidence.code),
  ]);
  expect(found.map(({ facts }) => facts)).toEqual([evidence]);

  // Another event of the same line is another statement; the same event is not.
  const event = newId();
  const handed = await issue(one, id, "handed-over", event);
  expect((await issue(one, id, "handed-over", event)).evidence).toEqual(handed.evidence);
  expect((await issue(one, id, "handed-over", newId())).evidence.evidenceId).not.toBe(
    handed.evidence.evidenceId,
  );
  const all = await query<{ type: string }>(
    "select facts ->> 'type' as type from saraban.receipt where intake_id = $1 order by made_at, id",
    [id],
  );
  expect(all.map(({ type }) => type)).toEqual(["registered", "handed-over", "handed-over"]);
});

test("a private key is a file for its user alone, and never in the database", async (context) => {
  const { expect } = context;
  const { query, folder, issuer, arrival, issue } = await scene(context);
  await issue(issuer(), await arrival());
  const [name = "", ...more] = await readdir(folder);
  expect(more).toEqual([]);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  const [row] = await query<{ kid: string; jwk: { x: string } }>("select * from saraban.signing_key");
  expect(Object.keys(row?.jwk ?? {}).sort()).toEqual(["crv", "kty", "x"]);
  // RFC 7638 §3, by hand.
  const thumbprint = createHash("sha256")
    .update(`{"crv":"Ed25519","kty":"OKP","x":"${row?.jwk.x}"}`)
    .digest("base64url");
  expect([row?.kid, name]).toEqual([thumbprint, `${thumbprint}.jwk`]);
});

test("a rotation is in force at once, and what the old key has signed still verifies", async (context) => {
  const { expect } = context;
  const { query, database, issuer, arrival, issue, verify } = await scene(context);
  const running = issuer();
  const old = await issue(running, await arrival());
  const [retired] = await inTransaction(database, acting, (transaction) => retireKeys(transaction));
  const fresh = await issue(running, await arrival());
  const [before, after] = [await verify(old.jws), await verify(fresh.jws)];
  expect([before.state, after.state]).toEqual(["genuine", "genuine"]);
  if (before.state !== "genuine" || after.state !== "genuine") return;
  expect(before.kid).toBe(retired);
  expect(after.kid).not.toBe(retired);

  // A process that does not look is refused by the database.
  const id = await arrival();
  const stale = `insert into saraban.receipt (id, agency_id, intake_id, type, facts, jws, kid, code, made_at, clock)
    values (gen_random_uuid(), 'agency-a', $1, 'arrived', '{}', '', $2, '0000000000000000', now(), '{}')`;
  await expect(query(stale, [id, retired])).rejects.toThrow("signs no more");

  await query("update saraban.signing_key set revoked_at = now(), revoked_because = 'test' where kid = $1", [
    after.kid,
  ]);
  expect((await verify(fresh.jws)).state).toBe("revoked-key");
  expect((await verify(old.jws)).state).toBe("genuine");
  await expect(query(stale, [id, after.kid])).rejects.toThrow("signs no more");
  const next = await verify((await issue(running, id)).jws);
  expect(next.state === "genuine" && ![before.kid, after.kid].includes(next.kid)).toBe(true);
});

test("key files that are lost, foreign or open to others are told; a row that is lost is made again", async (context) => {
  const { expect } = context;
  const { query, lines, folder, issuer, arrival, issue, verify } = await scene(context);
  const first = await issue(issuer(), await arrival());
  const [name = ""] = await readdir(folder);
  expect(lines.map(({ msg }) => msg)).toEqual([expect.stringContaining("new key")]);

  // The row goes, as with an older backup; the file stays, and with it what it has signed.
  await query(
    "begin; set local session_replication_role = replica; delete from saraban.signing_key; delete from saraban.receipt; commit",
  );
  await chmod(join(folder, name), 0o644);
  await writeFile(join(folder, `${"A".repeat(43)}.jwk`), "{}");
  await writeFile(join(folder, "notes.txt"), "");
  const again = issuer();
  await issue(again, await arrival());
  expect((await verify(first.jws)).state).toBe("genuine");
  expect(
    lines
      .slice(1)
      .map(({ msg }) => msg)
      .sort(),
  ).toEqual([
    expect.stringContaining("others than this user may read"),
    expect.stringContaining("cannot be read"),
  ]);

  await rm(folder, { recursive: true });
  lines.length = 0;
  await issue(again, await arrival()); // still in memory
  expect(await query("select kid from saraban.signing_key")).toHaveLength(1);
  await issue(issuer(), await arrival());
  expect(await query("select kid from saraban.signing_key")).toHaveLength(2);
  expect(lines.at(-1)).toMatchObject({ kids: [name.slice(0, 43)], msg: expect.stringContaining("lost") });
});
