import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type ByteStore, openStore } from "../runtime/store.ts";
import { StoreError } from "../runtime/store-errors.ts";
import { realFiles, type StoreFiles } from "../runtime/store-spill.ts";
import { type ClosedSpool, type ClosedSpools, openClosedSpools } from "./closed-spool.ts";
import { openStream } from "./open-stream.ts";
import { SealFault } from "./seal-fault.ts";
import { bodyPart, sealedBytes } from "./sealed-form.ts";

const as = bodyPart("0197f1c2-3a00-7000-8000-000000000001", 0);
const key = randomBytes(32);
const MARK = "MARK-ลับมาก-MARK";

let root: string;
let count = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "closed-spool-"));
});
afterAll(() => rm(root, { recursive: true }));
const newDir = (): string => join(root, String(count++));

const sha256 = (octets: Buffer): string => createHash("sha256").update(octets).digest("hex");
const marked = (size: number): Buffer => Buffer.alloc(size, `${MARK}\r\n`);
const sourceOf = (...chunks: Buffer[]): Readable => Readable.from(chunks, { objectMode: false });
const spool = (spools: ClosedSpools, ...chunks: Buffer[]): Promise<ClosedSpool> =>
  spools.spool(sourceOf(...chunks), { key, as, limitBytes: 1e9 });
const incoming = (dir: string): Promise<string[]> => readdir(join(dir, "incoming"));

/** Every octet of every file below a folder. */
async function onDisk(dir: string): Promise<Buffer> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Buffer.concat(await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name)))));
}

describe.each([
  ["small", 1_000],
  ["large", 500_000],
] as const)("what is %s", (size, bytes) => {
  const content = marked(bytes);

  test("and kept: sealed, durable under the hash of what was sealed, and opens again", async () => {
    const dir = newDir();
    const spools = await openClosedSpools({ dir });
    const held = await spool(spools, content.subarray(0, 300), content.subarray(300));
    expect(held.content).toEqual({
      sha256: sha256(content),
      sizeBytes: content.length,
      newlines: { bareLf: false, bareCr: false },
    });
    expect((await buffer(held.read())).equals(content)).toBe(true);
    const kept = await held.keep();
    expect(kept.sizeBytes).toBe(sealedBytes(bytes));
    const sealed = kept.inline ?? (await buffer(spools.openKept(kept.sha256)));
    expect(kept.inline === null).toBe(size === "large");
    expect(sha256(sealed)).toBe(kept.sha256);
    expect((await buffer(sourceOf(sealed).pipe(openStream(key, as)))).equals(content)).toBe(true);
    expect((await onDisk(dir)).includes("MARK")).toBe(false);
    expect(await incoming(dir)).toEqual([]);
    // The ordinary store of the same folder finds and checks it.
    if (size === "large") expect(await (await openStore({ dir })).verifyStored(kept.sha256)).toBe("good");
    expect(() => held.read()).toThrow("decided");
    await expect(held.keep()).rejects.toThrow("decided");
    await held.drop();
    if (size === "large") expect((await stat(join(dir, "sha256"))).isDirectory()).toBe(true);
  });

  test("and ordinary: as if the ordinary store had taken it in itself", async () => {
    const dir = newDir();
    const ordinary = newDir();
    const store = await openStore({ dir: ordinary });
    const held = await spool(await openClosedSpools({ dir }), content);
    const released = await held.release(store, 1e9);
    expect(released.sha256).toBe(sha256(content));
    expect(released.newlines).toEqual(held.content.newlines);
    const stored = released.inline ?? (await buffer(store.openStored(released.sha256)));
    expect(stored.equals(content)).toBe(true);
    expect(await onDisk(dir)).toHaveLength(0);
    expect(() => held.read()).toThrow("decided");
  });

  test("and nothing: gone", async () => {
    const dir = newDir();
    const held = await spool(await openClosedSpools({ dir }), content);
    expect((await onDisk(dir)).includes("MARK")).toBe(false);
    await held.drop();
    expect(await onDisk(dir)).toHaveLength(0);
    await held.drop();
  });
});

test("always in a file, where that is wanted", async () => {
  const dir = newDir();
  const spools = await openClosedSpools({ dir, inlineLimitBytes: 0 });
  const kept = await (await spool(spools, Buffer.from("ลับ"))).keep();
  expect(kept.inline).toBeNull();
  expect(sha256(await buffer(spools.openKept(kept.sha256)))).toBe(kept.sha256);
});

test("the same letter twice is two files: nobody can compare", async () => {
  const spools = await openClosedSpools({ dir: newDir() });
  const [one, other] = await Promise.all([spool(spools, marked(100_000)), spool(spools, marked(100_000))]);
  expect((await one.keep()).sha256).not.toBe((await other.keep()).sha256);
});

test("the key that was given may be cleared at once", async () => {
  const own = Buffer.from(key);
  const spools = await openClosedSpools({ dir: newDir() });
  const held = await spools.spool(sourceOf(marked(200_000)), { key: own, as, limitBytes: 1e9 });
  own.fill(0);
  expect((await buffer(held.read())).length).toBe(200_000);
  await held.drop();
});

describe("faults", () => {
  test("too much: refused, nothing stays, and the source can still be heard out", async () => {
    const dir = newDir();
    const source = new PassThrough();
    const spooling = (await openClosedSpools({ dir })).spool(source, { key, as, limitBytes: 300_000 });
    source.write(marked(200_000));
    source.write(marked(200_000));
    await expect(spooling).rejects.toMatchObject({ name: "StoreError", fault: "too-large" });
    expect(source.destroyed).toBe(false);
    expect(await onDisk(dir)).toHaveLength(0);
  });

  test("a source that breaks passes on its own error, and nothing stays", async () => {
    const dir = newDir();
    const source = new PassThrough();
    const spooling = (await openClosedSpools({ dir })).spool(source, { key, as, limitBytes: 1e9 });
    source.write(marked(200_000));
    const broken = new Error("the client went away");
    setImmediate(() => source.destroy(broken));
    await expect(spooling).rejects.toBe(broken);
    expect(await onDisk(dir)).toHaveLength(0);
  });

  const failing = (code: string): Promise<never> => Promise.reject(Object.assign(new Error(code), { code }));
  const brokenFiles = (part: "write" | "sync" | "link", code: string): StoreFiles => ({
    async create(path) {
      const file = await realFiles.create(path);
      return {
        write: (...given: Parameters<typeof file.write>) =>
          part === "write" ? failing(code) : file.write(...given),
        sync: () => (part === "sync" ? failing(code) : file.sync()),
        close: () => file.close(),
      } as Awaited<ReturnType<StoreFiles["create"]>>;
    },
    link: (from, to) => (part === "link" ? failing(code) : realFiles.link(from, to)),
  });

  test("a full disk is told as such, and nothing stays", async () => {
    const dir = newDir();
    const spools = await openClosedSpools({ dir, files: brokenFiles("write", "ENOSPC") });
    await expect(spool(spools, marked(200_000))).rejects.toMatchObject({ fault: "no-space" });
    expect(await onDisk(dir)).toHaveLength(0);
  });

  test.each(["sync", "link"] as const)(
    "a disk that fails at the %s: not kept, and nothing stays",
    async (part) => {
      const dir = newDir();
      const held = await spool(
        await openClosedSpools({ dir, files: brokenFiles(part, "EIO") }),
        marked(200_000),
      );
      await expect(held.keep()).rejects.toMatchObject({ name: "StoreError", fault: "unavailable" });
      expect(await onDisk(dir)).toHaveLength(0);
      await expect(held.keep()).rejects.toThrow("decided");
    },
  );

  test("an ordinary store that has no room: it can be released later", async () => {
    const content = marked(200_000);
    const held = await spool(await openClosedSpools({ dir: newDir() }), content);
    const full: Pick<ByteStore, "spool"> = {
      async spool(source) {
        for await (const _ of source) throw new StoreError("no-space", "no room in the store");
        throw new Error("nothing came");
      },
    };
    await expect(held.release(full as ByteStore, 1e9)).rejects.toMatchObject({ fault: "no-space" });
    const store = await openStore({ dir: newDir() });
    expect((await held.release(store, 1e9)).sha256).toBe(sha256(content));
  });

  test("what the disk changed is not released: neither whole nor in part", async () => {
    for (const spoil of ["change", "cut"] as const) {
      const dir = newDir();
      const ordinary = newDir();
      const held = await spool(await openClosedSpools({ dir }), marked(300_000));
      const [part = ""] = await incoming(dir);
      const path = join(dir, "incoming", part);
      if (spoil === "cut") await truncate(path, (await stat(path)).size - 1);
      else {
        const octets = await readFile(path);
        octets[octets.length - 20] = (octets[octets.length - 20] as number) ^ 1;
        await writeFile(path, octets);
      }
      const store = await openStore({ dir: ordinary });
      await expect(held.release(store, 1e9)).rejects.toThrow(SealFault);
      expect(await onDisk(ordinary)).toHaveLength(0);
      await held.drop();
      expect(await onDisk(dir)).toHaveLength(0);
    }
  });
});

test.each(["within", "undecided"])(
  "killed %s: on disk is nothing in the clear, and the next start clears it",
  async (where) => {
    const dir = newDir();
    const script = new URL("./testing/spool-and-die.ts", import.meta.url).pathname;
    const child = spawn(process.execPath, [script, dir, MARK, where], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    const left = await onDisk(dir);
    // All but the last pieces, which were under way.
    expect(left.length).toBeGreaterThan(2_700_000);
    expect(left.includes("MARK")).toBe(false);
    expect(left.includes("ลับ")).toBe(false);
    const spools = await openClosedSpools({ dir });
    expect(await incoming(dir)).toEqual([]);
    expect((await (await spool(spools, marked(10))).keep()).inline).not.toBeNull();
  },
);
