import { createHash, randomBytes } from "node:crypto";
import { chmod, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { run } from "./command-keys.ts";
import { indexKeyOf } from "./shared/closed/blind-index.ts";
import { openFileKeys } from "./shared/closed/file-key-provider.ts";
import { isSealedFor, openIndexKey } from "./shared/closed/index-key-store.ts";
import { closedKeyFolder } from "./shared/closed/key-files.ts";
import {
  bodySubject,
  type ClosedLevel,
  factsSubject,
  INDEX_SUBJECT,
  wrappedVersion,
} from "./shared/closed/key-provider.ts";
import { startTransitServer } from "./shared/closed/testing/transit-server.ts";
import { openWrappedKeys } from "./shared/closed/wrapped-keys-store.ts";
import type { Tables } from "./shared/letter/tables.ts";
import { inTransaction, openAdminPool, type Transaction } from "./shared/runtime/database.ts";
import { newId } from "./shared/runtime/ids.ts";
import { adminQueries, roomDatabase } from "./shared/testing/arrivals.ts";
import { databaseUrl, runHere, runSaraban } from "./shared/testing/command-line.ts";
import { databaseForTest } from "./shared/testing/database.ts";

const SECRET = { agencyId: "agency-a", level: "secret" } as const;

async function installation(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const pool = openAdminPool(address);
  context.onTestFinished(() => pool.end());
  const http = roomDatabase(context, address, "saraban_http");
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-keys-"));
  context.onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const here = { SARABAN_DATA_DIR: dataDir, DATABASE_URL: databaseUrl(address) };
  const folder = closedKeyFolder(dataDir);
  const provider = openFileKeys({ folder, usedBy: async () => null });
  const inHttp = <Result>(work: (transaction: Transaction<Tables>) => Promise<Result>) =>
    inTransaction(http, { actor: "worker:http", agencies: ["agency-a"] }, work);
  return {
    here,
    folder,
    query,
    pool,
    provider,
    inHttp,
    keys: (...args: string[]) => runHere(run, here, ["keys", ...args]),
    /** A letter with its facts and one body, as a door writes them. @returns its keys */
    async seal(agencyId: string, level: ClosedLevel): Promise<{ id: string; facts: Buffer; body: Buffer }> {
      const id = newId();
      const facts = await provider.newDataKey({ agencyId, level, subject: factsSubject(id) });
      const body = await provider.newDataKey({ agencyId, level, subject: bodySubject(id, 0) });
      const sealed = randomBytes(200);
      const sha256 = createHash("sha256").update(sealed).digest("hex");
      await query(
        `insert into saraban.closed_letter (id, agency_id, direction, level, level_at_birth, act_id, sealed_facts, wrapped_key, key_version, made_at, clock)
           values ($1, $2, 'inbound', $3, $3, $4, $5, $6, $7, now(), '{}')`,
        [id, agencyId, level, newId(), sealed, facts.wrapped, wrappedVersion(facts.wrapped)],
      );
      await query(
        "insert into saraban.stored_body (agency_id, sha256, size_bytes, content) values ($1, $2, 200, $3)",
        [agencyId, sha256, sealed],
      );
      await query(
        `insert into saraban.closed_body (letter_id, agency_id, part, sha256, size_bytes, wrapped_key, key_version)
           values ($1, $2, 0, $3, 200, $4, $5)`,
        [id, agencyId, sha256, body.wrapped, wrappedVersion(body.wrapped)],
      );
      return { id, facts: facts.key, body: body.key };
    },
    /** What the tables hold, opened. */
    async opened(
      id: string,
      level: ClosedLevel = "secret",
    ): Promise<{ facts: Buffer; body: Buffer; versions: number[] }> {
      const [row] = await query<{ facts: string; body: string; versions: number[] }>(
        `select l.wrapped_key as facts, b.wrapped_key as body, array[l.key_version, b.key_version] as versions
           from saraban.closed_letter l join saraban.closed_body b on b.letter_id = l.id where l.id = $1`,
        [id],
      );
      const place = { agencyId: "agency-a", level };
      return {
        facts: await provider.unwrap({ ...place, subject: factsSubject(id) }, row?.facts ?? ""),
        body: await provider.unwrap({ ...place, subject: bodySubject(id, 0) }, row?.body ?? ""),
        versions: row?.versions ?? [],
      };
    },
  };
}

test("saraban keys: before anything was sealed, and used wrongly", async (context) => {
  const { expect } = context;
  const { keys, here, folder } = await installation(context);
  expect(await keys()).toMatchObject({ code: 0, stdout: expect.stringContaining("no key yet") });
  expect(await keys("check")).toMatchObject({ code: 0, stdout: "Nothing is sealed yet.\n" });
  expect(JSON.parse((await keys("list", "--json")).stdout)).toEqual([]);
  for (const args of [
    ["rotate"],
    ["rotate", "agency-a"],
    ["nonsense"],
    ["list", "agency-a"],
    ["check", "--continue"],
  ])
    expect([args, (await keys(...args)).code]).toEqual([args, 64]);
  expect((await keys("rotate", "agency-a", "top-secret")).stderr).toContain("confidential, secret");
  expect((await keys("rotate", "nobody", "secret")).stderr).toContain("agency-a");
  await expect(readdir(folder)).rejects.toThrow("ENOENT");
  // As a process of its own, with what cli.ts makes of errors.
  const gone = { ...here, SARABAN_CLOSED_KEYS: "http://vault.example.go.th:8200" };
  const refused = await runSaraban(gone, ["keys", "check"]);
  expect([refused.code, refused.stderr]).toEqual([78, expect.stringContaining("https alone")]);
});

test("saraban keys rotate: all keys of an agency and level, and no other, hold the same under a new version", async (context) => {
  const { expect } = context;
  const { keys, seal, opened, query, inHttp, provider } = await installation(context);
  const letters = [];
  for (let count = 0; count < 5; count++) letters.push(await seal("agency-a", "secret"));
  const lower = await seal("agency-a", "confidential");
  await seal("agency-b", "secret");
  const indexKey = await inHttp((transaction) => openIndexKey(transaction, provider, SECRET, new Date()));
  // Reclassified: its keys stay where they were wrapped.
  await query("update saraban.closed_letter set level = 'confidential' where id = $1", [letters[0]?.id]);

  const rotated = await keys("rotate", "agency-a", "secret");
  expect(rotated).toMatchObject({ code: 0, stderr: "" });
  expect(rotated.stdout).toMatch(/version 2 wraps from now on.*11 keys wrapped anew/s);
  for (const { id, facts, body } of letters)
    expect(await opened(id)).toEqual({ facts, body, versions: [2, 2] });
  expect(await opened(lower.id, "confidential")).toMatchObject({ versions: [1, 1] });
  expect(await inHttp((transaction) => openIndexKey(transaction, provider, SECRET, new Date()))).toEqual(
    indexKey,
  );

  const listed = JSON.parse((await keys("list", "--json")).stdout) as Record<string, unknown>[];
  expect(
    listed.map(({ agencyId, level, version, newest, letters, keys }) => [
      agencyId,
      level,
      version,
      newest,
      letters,
      keys,
    ]),
  ).toEqual([
    ["agency-a", "confidential", 1, true, 1, 2],
    ["agency-a", "secret", 1, false, 0, 0],
    ["agency-a", "secret", 2, true, 5, 11],
    ["agency-b", "secret", 1, true, 1, 2],
  ]);
  expect((await keys("list")).stdout).toMatch(/agency-a +secret +file:v2:[0-9a-f]{16} +wraps/);
  const again = JSON.parse((await keys("rotate", "agency-a", "secret", "--continue", "--json")).stdout);
  expect(again).toMatchObject({ version: null, rewrapped: 0, changed: 0, failed: [] });
  expect(await keys("check", "--every")).toMatchObject({ code: 0 });
});

test("saraban keys check: which key is lost or damaged, for how many letters, and what to do", async (context) => {
  const { expect } = context;
  const { keys, seal, query, folder, opened, provider, inHttp } = await installation(context);
  const first = await seal("agency-a", "secret");
  await provider.rotate(SECRET);
  const second = await seal("agency-a", "secret");
  const older = await keys("check", "--json");
  expect(older.code).toBe(0);
  expect(JSON.parse(older.stdout)).toMatchObject({
    ok: true,
    keys: [{ state: "older", letters: 1, keys: 2, tried: 1 }, { state: "opens" }],
  });
  expect((await keys("check")).stdout).toContain("saraban keys rotate agency-a secret --continue");

  const path = join(folder, "agency-a.secret.v1.json");
  await rename(path, `${path}.away`);
  const lost = await keys("check");
  expect(lost.code).toBe(1);
  expect(lost.stdout).toMatch(
    /agency-a, secret, file:v1:[0-9a-f]{16}: 1 letter, .*LOST.*1 letter is sealed under it.*backup/,
  );
  const half = await keys("rotate", "agency-a", "secret", "--continue", "--json");
  expect(half.code).toBe(1);
  expect(JSON.parse(half.stdout)).toMatchObject({
    rewrapped: 0,
    failed: [{ subject: `${first.id}/0` }, { subject: first.id }],
  });
  await rename(`${path}.away`, path);
  expect(
    JSON.parse((await keys("rotate", "agency-a", "secret", "--continue", "--json")).stdout),
  ).toMatchObject({ rewrapped: 2 });
  expect(await opened(first.id)).toMatchObject({ facts: first.facts, body: first.body, versions: [2, 2] });

  // Somebody with the database puts one letter's key into another's row: every key is tried with --every.
  await query(
    "update saraban.closed_letter set wrapped_key = (select wrapped_key from saraban.closed_letter where id = $1) where id = $2",
    [first.id, second.id],
  );
  const damaged = await keys("check", "--every");
  expect([damaged.code, damaged.stdout]).toEqual([1, expect.stringMatching(/DAMAGED \(1 of 4 tried\)/)]);

  await chmod(path, 0o644);
  const open = await keys("check");
  expect([open.code, open.stdout]).toEqual([1, expect.stringContaining("chmod 600")]);

  // All of it gone: a room makes no new key where something is sealed.
  expect(await inHttp((transaction) => isSealedFor(transaction, SECRET))).toBe(false);
  await chmod(path, 0o600);
  (await inHttp((transaction) => openIndexKey(transaction, provider, SECRET, new Date()))).fill(0);
  expect(await inHttp((transaction) => isSealedFor(transaction, SECRET))).toBe(true);
  await rm(folder, { recursive: true });
  const all = await keys("check", "--json");
  expect(JSON.parse(all.stdout)).toMatchObject({
    ok: false,
    trouble: null,
    keys: [{ state: "lost", letters: 2, keys: 5 }],
  });
  const nothing = await keys("rotate", "agency-a", "secret");
  expect([nothing.code, nothing.stderr]).toEqual([1, expect.stringMatching(/lost.*2 letters/s)]);
  await expect(readdir(folder)).rejects.toThrow("ENOENT");
});

test("saraban keys rotate moves from files to a key server", async (context) => {
  const { expect } = context;
  const { seal, here, query } = await installation(context);
  const { id, facts } = await seal("agency-a", "secret");
  const server = await startTransitServer({});
  context.onTestFinished(server.stop);
  const tokenFile = join(here.SARABAN_DATA_DIR, "token");
  await writeFile(tokenFile, server.token, { mode: 0o600 });
  const there = { ...here, SARABAN_CLOSED_KEYS: server.url, SARABAN_CLOSED_VAULT_TOKEN_FILE: tokenFile };
  const keys = (...args: string[]) => runHere(run, there, ["keys", ...args]);
  const missing = await keys("rotate", "agency-a", "secret");
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("saraban-agency-a.secret")]);
  server.makeKey("saraban-agency-a.secret");
  expect((await keys("check")).stdout).toContain("--continue");
  expect(await keys("rotate", "agency-a", "secret", "--continue")).toMatchObject({ code: 0 });
  const [row] = await query<{ wrapped: string }>(
    "select wrapped_key as wrapped from saraban.closed_letter where id = $1",
    [id],
  );
  expect(row?.wrapped).toMatch(/^vault:v1:/);
  server.sealed = true;
  const sealed = await keys("rotate", "agency-a", "secret");
  expect([sealed.code, sealed.stderr]).toEqual([69, expect.stringContaining("unseal")]);
  server.sealed = false;
  expect(await keys("check", "--every")).toMatchObject({ code: 0 });
  expect(facts).toHaveLength(32);
});

test("a wrapped key is replaced only where the one that was read still stands", async (context) => {
  const { expect } = context;
  const { seal, opened, pool, provider } = await installation(context);
  const { id, facts } = await seal("agency-a", "secret");
  const store = openWrappedKeys(pool);
  const [body, letter] = await store.list(SECRET, "", "", 10);
  expect([body?.subject, letter?.subject]).toEqual([bodySubject(id, 0), factsSubject(id)]);
  if (!letter) throw new Error("no letter");
  expect(await store.list(SECRET, "", letter.id, 10)).toEqual([]);
  const rewrapped = await provider.rewrap({ ...SECRET, subject: factsSubject(id) }, letter.wrappedKey);
  expect(await store.replace({ ...SECRET, agencyId: "agency-b" }, [{ ...letter, rewrapped }])).toBe(0);
  expect(await store.replace(SECRET, [{ ...letter, rewrapped }])).toBe(1);
  expect(await store.replace(SECRET, [{ ...letter, rewrapped: letter.wrappedKey }])).toBe(0);
  expect(await opened(id)).toMatchObject({ facts });
});

test("the index's key is one, whoever is first; no room changes or removes it", async (context) => {
  const { expect } = context;
  const { inHttp, provider, query } = await installation(context);
  const made = await Promise.all(
    Array.from({ length: 4 }, () =>
      inHttp((transaction) => openIndexKey(transaction, provider, SECRET, new Date())),
    ),
  );
  for (const key of made) expect(key).toEqual(made[0]);
  const [row] = await query<{ wrapped: string }>(
    "select wrapped_key as wrapped from saraban.closed_index_key",
  );
  const dataKey = await provider.unwrap({ ...SECRET, subject: INDEX_SUBJECT }, row?.wrapped ?? "");
  expect(indexKeyOf(dataKey)).toEqual(made[0]);
  await expect(query("delete from saraban.closed_index_key")).rejects.toThrow("append-only");
  await expect(query("update saraban.closed_index_key set level = 'confidential'")).rejects.toThrow(
    "append-only",
  );
});
