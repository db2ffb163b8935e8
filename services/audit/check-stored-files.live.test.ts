import { chmod, mkdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type TestContext, test } from "vitest";
import { openStore } from "../shared/runtime/store.ts";
import { letReadLettersWait } from "../shared/testing/arrivals.ts";
import { testPlants } from "./testing/plants.ts";
import { CHECKED_AT, faultsOf, registerScene } from "./testing/register-scene.ts";

testPlants("stored-files", [
  {
    fault: "octets-missing",
    at: ({ letter }) => letter.ignored,
    sql: ({ letter }) =>
      `delete from stored_body where sha256 = (select sha256 from intake where id = '${letter.ignored}')`,
  },
  {
    fault: "size-differs",
    at: ({ letter }) => letter.ignored,
    sql: ({ letter }) => `update intake set size_bytes = 37 where id = '${letter.ignored}'`,
  },
  {
    fault: "octets-removed",
    how: "of a letter that is in no quarantine",
    at: ({ letter }) => letter.first,
    sql: ({ letter }) => removal(letter.first),
  },
  {
    fault: "octets-removed",
    how: "before their time",
    at: ({ letter }) => letter.refused,
    sql: ({ letter }) => `${removal(letter.refused)}; ${quarantined(letter.refused, "null")}`,
  },
]);

function removal(intakeId: string): string {
  return `update stored_body set content = null, removed_at = now() where sha256 = (select sha256 from intake where id = '${intakeId}')`;
}

function quarantined(intakeId: string, removedAt: string): string {
  return `insert into quarantine (intake_id, agency_id, reason, since, keep_until, removed_at)
    values ('${intakeId}', 'agency-a', 'test', '2026-05-01', '2026-05-08', ${removedAt})`;
}

test("octets of a refused letter whose time was over are gone, and that is in order", async (context) => {
  const { expect } = context;
  const { plant, verify, letter } = await registerScene(context);
  await plant(`${removal(letter.refused)}; ${quarantined(letter.refused, "'2026-05-08'")}`);
  const [check] = (await verify()).checks.filter(({ code }) => code === "stored-files");
  expect(check).toMatchObject({ ok: true, looked: 16, figures: { inDatabase: 15, inFiles: 0, hashed: 15 } });
});

/** The scene with the octets of its first letter in a file of the real store. */
async function sceneWithFile(context: TestContext) {
  const scene = await registerScene(context);
  const store = await openStore({ dir: scene.storeDir, inlineLimitBytes: 0 });
  const keep = async (text: string) =>
    (await store.spool(Readable.from([Buffer.from(text)]), { limitBytes: 1_000_000 })).sha256;
  const sha256 = await keep(scene.letter.first);
  await scene.plant(`update stored_body set content = null where sha256 = '${sha256}'`);
  const pathOf = (hash: string) => join(scene.storeDir, "sha256", hash.slice(0, 2), hash.slice(2, 4), hash);
  const write = async (text: string) => {
    await chmod(pathOf(sha256), 0o600);
    await writeFile(pathOf(sha256), text);
  };
  const filesCheck = async (parts: Parameters<typeof scene.verify>[0] = {}) =>
    (await scene.verify(parts)).checks.filter(({ code }) => code === "stored-files");
  const faults = async (parts?: Parameters<typeof scene.verify>[0]) => faultsOf(await filesCheck(parts));
  return { ...scene, keep, sha256, pathOf, write, filesCheck, faults };
}

test("a file that is there and whole is in order; changed, cut short, unreadable or gone it is named", async (context) => {
  const { expect } = context;
  const { faults, filesCheck, write, letter, sha256, pathOf } = await sceneWithFile(context);
  const [before] = await filesCheck();
  expect(before).toMatchObject({
    ok: true,
    looked: 16,
    figures: { inDatabase: 15, inFiles: 1, hashed: 16 },
    notes: [],
  });

  await write(letter.first.replace(/^./, "x"));
  expect(await faults()).toEqual([`stored-files octets-damaged ${sha256}`]);
  // Who leaves the content unread sees none of this, and the figures say that nothing was hashed.
  const [skipped] = await filesCheck({ skipFiles: true });
  expect(skipped).toMatchObject({ ok: true, figures: { inDatabase: 15, inFiles: 1 } });
  expect(skipped?.figures).not.toHaveProperty("hashed");

  await write(letter.first.slice(1));
  expect(await faults()).toEqual([`stored-files octets-damaged ${sha256}`]);
  await write(letter.first);
  expect(await faults()).toEqual([]);

  await rm(pathOf(sha256));
  expect(await faults()).toEqual([`stored-files file-missing ${sha256}`]);
  await mkdir(pathOf(sha256)); // reading it fails with EISDIR, for root too
  expect(await faults()).toEqual([`stored-files file-unreadable ${sha256}`]);
});

test("octets in the database are compared too, and so is the size of a file", async (context) => {
  const { plant, query, faults, letter, sha256 } = await sceneWithFile(context);
  const [second] = await query<{ sha256: string }>("select sha256 from saraban.intake where id = $1", [
    letter.second,
  ]);
  await plant(`
    update stored_body set content = overlay(content placing '!' from 1) where sha256 = '${second?.sha256}';
    update stored_body set size_bytes = 35 where sha256 = '${sha256}';
    update intake set size_bytes = 35 where sha256 = '${sha256}'`);
  const damaged = [second?.sha256, sha256].sort().map((hash) => `stored-files octets-damaged ${hash}`);
  context.expect(await faults()).toEqual(damaged);
});

test("agencies that share a file both lose it", async (context) => {
  const { plant, faults, sha256, pathOf } = await sceneWithFile(context);
  await plant(
    `insert into stored_body select 'agency-b', sha256, size_bytes, null from stored_body where sha256 = '${sha256}'`,
  );
  context.expect(await faults()).toEqual([]);
  await rm(pathOf(sha256));
  const missing = `stored-files file-missing ${sha256}`;
  context.expect(await faults()).toEqual([missing, missing]);
});

test("all pages are read, up to the last hash", async (context) => {
  const { expect } = context;
  const { query, plant, filesCheck, faults } = await sceneWithFile(context);
  await letReadLettersWait(
    query,
    Array.from({ length: 600 }, () => ({ arrivedAt: CHECKED_AT })),
  );
  await plant(`update stored_body b set content = convert_to(i.id::text, 'utf8'), size_bytes = 36
    from intake i where i.sha256 = b.sha256 and b.size_bytes = 1; update intake set size_bytes = 36 where closed_level is null`);
  const shares: number[] = [];
  const [check] = await filesCheck({ progress: (share) => shares.push(share) });
  expect(check).toMatchObject({ ok: true, looked: 616, figures: { hashed: 616 } });
  expect(shares).toHaveLength(3);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect(shares.at(-1)).toBe(1);
  const [last] = await query<{ sha256: string }>("select max(sha256) as sha256 from saraban.stored_body");
  await plant(
    `update stored_body set content = convert_to(repeat('x', 36), 'utf8') where sha256 = '${last?.sha256}'`,
  );
  expect(await faults()).toEqual([`stored-files octets-damaged ${last?.sha256}`]);
});

test("files that no row names are noted, unless they are prints or may belong to an arrival of this hour", async (context) => {
  const { expect } = context;
  const { keep, pathOf, plant, filesCheck } = await sceneWithFile(context);
  const written = async (text: string, at: string) => {
    const hash = await keep(text);
    await utimes(pathOf(hash), new Date(at), new Date(at));
    return hash;
  };
  await written("an arrival of just now", "2026-05-09T23:30:00Z");
  const print = await written("a print", "2026-05-09T20:00:00Z");
  await plant(`insert into print_progress (order_id, agency_id, state, lines_total, sha256)
    values (gen_random_uuid(), 'agency-a', 'done', 1, '${print}')`);
  expect((await filesCheck())[0]).toMatchObject({ ok: true, notes: [] });
  const stranger = await written("an arrival that was never committed", "2026-05-09T20:00:00Z");
  expect((await filesCheck())[0]).toMatchObject({
    ok: true,
    notes: [expect.stringMatching(/^1 files .* no row/)],
  });
  // Nothing was tidied up, and one agency's auditor is not told what others have.
  expect((await stat(pathOf(stranger))).isFile()).toBe(true);
  const acting = { actor: "person:auditor", agencies: ["agency-b"] } as const;
  expect((await filesCheck({ acting, isWhole: false }))[0]).toMatchObject({ ok: true, notes: [] });
});
