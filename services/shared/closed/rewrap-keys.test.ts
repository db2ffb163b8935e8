import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkKeys } from "./check-keys.ts";
import { openFileKeys } from "./file-key-provider.ts";
import { KeyFault, type KeyProvider } from "./key-provider.ts";
import { rewrapKeys } from "./rewrap-keys.ts";
import { keysInMemory } from "./testing/keys-in-memory.ts";

const place = { agencyId: "agency-a", level: "secret" } as const;
let folder: string;
let provider: KeyProvider;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "closed-rewrap-"));
  provider = openFileKeys({ folder, usedBy: async () => null });
});
afterEach(() => rm(folder, { recursive: true }));

async function seal(count: number) {
  const keys = keysInMemory();
  const made = new Map<string, string>();
  for (let number = 0; number < count; number++) {
    const subject = `letter-${String(number).padStart(4, "0")}`;
    const { key, wrapped } = await provider.newDataKey({ ...place, subject });
    made.set(subject, key.toString("hex"));
    keys.rows.set(subject, wrapped);
  }
  return { keys, made };
}
async function expectAllOpen({ keys, made }: Awaited<ReturnType<typeof seal>>, version: number) {
  for (const [subject, wrapped] of keys.rows) {
    expect(wrapped).toContain(`file:v${version}:`);
    expect((await provider.unwrap({ ...place, subject }, wrapped)).toString("hex")).toBe(made.get(subject));
  }
}

test("all keys come under the newest version, the same keys, in batches, with progress", async () => {
  const sealed = await seal(57);
  await provider.rotate(place);
  await provider.rotate(place);
  const told: number[] = [];
  const result = await rewrapKeys({
    place,
    provider,
    keys: sealed.keys,
    batch: 10,
    progress: (at) => told.push(at),
  });
  expect(result).toEqual({ rewrapped: 57, changed: 0, failed: [] });
  expect(told).toEqual([10, 20, 30, 40, 50, 57]);
  await expectAllOpen(sealed, 3);
  expect(await rewrapKeys({ place, provider, keys: sealed.keys })).toEqual({
    rewrapped: 0,
    changed: 0,
    failed: [],
  });
});

test("broken off anywhere, it goes on with what is left", async () => {
  const sealed = await seal(30);
  await provider.rotate(place);
  let calls = 0;
  const dying: KeyProvider = {
    ...provider,
    async rewrap(of, wrapped) {
      if (++calls > 17) throw new KeyFault("unreachable", "the key server does not answer");
      return provider.rewrap(of, wrapped);
    },
  };
  await expect(rewrapKeys({ place, provider: dying, keys: sealed.keys, batch: 8 })).rejects.toThrow(
    "does not answer",
  );
  const done = [...sealed.keys.rows.values()].filter((wrapped) => wrapped.startsWith("file:v2:")).length;
  expect(done).toBe(16);
  const result = await rewrapKeys({ place, provider, keys: sealed.keys, batch: 8 });
  expect(result.rewrapped).toBe(14);
  await expectAllOpen(sealed, 2);
});

test("a key that does not open is told and left, the others are done", async () => {
  const sealed = await seal(12);
  await provider.rotate(place);
  const [taken = "", given = ""] = ["letter-0003", "letter-0007"];
  const was = sealed.keys.rows.get(taken) as string;
  sealed.keys.rows.set(taken, sealed.keys.rows.get(given) as string);
  const result = await rewrapKeys({ place, provider, keys: sealed.keys, batch: 5 });
  expect(result).toMatchObject({ rewrapped: 11, changed: 0, failed: [{ subject: taken }] });
  expect(result.failed[0]?.why).toContain("that of another letter");
  sealed.keys.rows.set(taken, was);
  await rewrapKeys({ place, provider, keys: sealed.keys });
  await expectAllOpen(sealed, 2);
});

test("one that somebody else has just wrapped anew stays as they left it", async () => {
  const sealed = await seal(5);
  await provider.rotate(place);
  const subject = "letter-0002";
  const racing: KeyProvider = {
    ...provider,
    async rewrap(of, wrapped) {
      if (of.subject === subject) sealed.keys.rows.set(subject, await provider.rewrap(of, wrapped));
      return provider.rewrap(of, wrapped);
    },
  };
  expect(await rewrapKeys({ place, provider: racing, keys: sealed.keys })).toEqual({
    rewrapped: 4,
    changed: 1,
    failed: [],
  });
  await expectAllOpen(sealed, 2);
});

test("nothing was ever sealed: nothing to do", async () => {
  expect(await rewrapKeys({ place, provider, keys: keysInMemory() })).toEqual({
    rewrapped: 0,
    changed: 0,
    failed: [],
  });
});

test("a check says what opens, what is older, what is lost and for how many letters", async () => {
  const sealed = await seal(4);
  await provider.rotate(place);
  const later = await provider.newDataKey({ ...place, subject: "letter-9999" });
  sealed.keys.rows.set("letter-9999", later.wrapped);
  const check = (every: boolean) =>
    checkKeys(place, openFileKeys({ folder, usedBy: async () => null }), sealed.keys, every);
  expect(await check(false)).toMatchObject([
    { keys: 4, letters: 4, state: "older", tried: 1, failed: 0, trouble: null },
    { keys: 1, letters: 1, state: "opens", tried: 1, failed: 0, trouble: null },
  ]);
  expect(await check(true)).toMatchObject([{ tried: 4 }, { tried: 1 }]);
  const was = sealed.keys.rows.get("letter-0002") as string;
  sealed.keys.rows.set("letter-0002", sealed.keys.rows.get("letter-0001") as string);
  expect(await check(false)).toMatchObject([{ state: "older" }, { state: "opens" }]);
  expect(await check(true)).toMatchObject([{ state: "damaged", tried: 4, failed: 1 }, { state: "opens" }]);
  sealed.keys.rows.set("letter-0002", was);
  const [first = ""] = (await readdir(folder)).sort();
  await rm(join(folder, first));
  const [lost, well] = await check(false);
  expect(lost).toMatchObject({ state: "lost", letters: 4, tried: 0 });
  expect(lost?.trouble).toMatch(/file:v1:.*agency-a, secret.*4 letters.*backup of the keys/s);
  expect(well).toMatchObject({ state: "opens" });
});
