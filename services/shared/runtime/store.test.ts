import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ByteStore, openStore } from "./store.ts";
import { StoreError } from "./store-errors.ts";
import { realFiles, type StoreFiles } from "./store-spill.ts";

let root: string;
let count = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "store-test-"));
});
afterAll(() => rm(root, { recursive: true }));
const newDir = (): string => join(root, String(count++));

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const spool = (store: ByteStore, bytes: Buffer, limitBytes = 1e9) =>
  store.spool(Readable.from([bytes], { objectMode: false }), { limitBytes });
const pathOf = (dir: string, hash: string): string =>
  join(dir, "sha256", hash.slice(0, 2), hash.slice(2, 4), hash);
const incoming = (dir: string): Promise<string[]> => readdir(join(dir, "incoming"));
const faultOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(() => null).catch((caught: unknown) => caught);
  return error instanceof StoreError ? error.fault : `not a StoreError: ${String(error)}`;
};
const failing = (code: string): Promise<never> => Promise.reject(Object.assign(new Error(code), { code }));

describe("spool", () => {
  test("keeps small bytes in memory and leaves no file", async () => {
    const dir = newDir();
    const store = await openStore({ dir });
    const bytes = Buffer.alloc(64 * 1024, "a\r\n");
    const spooled = await spool(store, bytes);
    expect(spooled).toMatchObject({
      sha256: sha256(bytes),
      sizeBytes: bytes.length,
      newlines: { bareLf: false, bareCr: false },
    });
    expect(spooled.inline?.equals(bytes)).toBe(true);
    expect(await readdir(join(dir, "sha256"))).toEqual([]);
    spooled.discard();
    expect(spooled.inline).toBeNull();
  });

  test("one byte more goes to a file named by its hash, which discard leaves", async () => {
    const dir = newDir();
    const store = await openStore({ dir });
    const bytes = Buffer.alloc(64 * 1024 + 1, "a\n");
    const spooled = await spool(store, bytes);
    expect(spooled.inline).toBeNull();
    expect(spooled.newlines).toEqual({ bareLf: true, bareCr: false });
    spooled.discard();
    expect((await readFile(pathOf(dir, spooled.sha256))).equals(bytes)).toBe(true);
    expect((await buffer(store.openStored(spooled.sha256))).equals(bytes)).toBe(true);
    expect(await store.verifyStored(spooled.sha256)).toBe("good");
    expect(await incoming(dir)).toEqual([]);
  });

  test("takes pieces of any size without losing or moving a byte", async () => {
    const dir = newDir();
    const store = await openStore({ dir, inlineLimitBytes: 40_000 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 6 }),
        fc.nat(255),
        async (sizes, start) => {
          const pieces = sizes.map((size, index) => Buffer.alloc(size, start + index));
          const whole = Buffer.concat(pieces);
          const source = Readable.from(
            pieces.filter((piece) => piece.length > 0),
            { objectMode: false },
          );
          const spooled = await store.spool(source, { limitBytes: 1e9 });
          expect(spooled.sha256).toBe(sha256(whole));
          expect(spooled.sizeBytes).toBe(whole.length);
          expect(spooled.inline === null).toBe(whole.length > 40_000);
          const back = spooled.inline ?? (await readFile(pathOf(dir, spooled.sha256)));
          expect(back.equals(whole)).toBe(true);
        },
      ),
      { seed: 7, numRuns: 60 },
    );
    expect(await incoming(dir)).toEqual([]);
  });

  test("the same bytes twice, and at once, are one file", async () => {
    const dir = newDir();
    const [one, other] = await Promise.all([openStore({ dir }), openStore({ dir })]);
    const bytes = Buffer.alloc(100_000, "x");
    const all = await Promise.all([spool(one, bytes), spool(other, bytes), spool(one, bytes)]);
    expect(new Set(all.map((spooled) => spooled.sha256)).size).toBe(1);
    const { ino } = await stat(pathOf(dir, sha256(bytes)));
    await spool(one, bytes);
    expect((await stat(pathOf(dir, sha256(bytes)))).ino).toBe(ino);
    expect(await incoming(dir)).toEqual([]);
  });

  test("a damaged file under that name is told, never overwritten", async () => {
    const dir = newDir();
    const store = await openStore({ dir });
    const bytes = Buffer.alloc(100_000, "y");
    const { sha256: hash } = await spool(store, bytes);
    await chmod(pathOf(dir, hash), 0o600);
    await writeFile(pathOf(dir, hash), "short");
    expect(await store.verifyStored(hash)).toBe("damaged");
    expect(await faultOf(spool(store, bytes))).toBe("damaged");
    expect(await readFile(pathOf(dir, hash), "utf8")).toBe("short");
  });

  test("past the limit nothing stays and the source can still be read to its end", async () => {
    const dir = newDir();
    const store = await openStore({ dir });
    const source = new PassThrough();
    source.write(Buffer.alloc(10_000));
    const spooling = store.spool(source, { limitBytes: 90_000 });
    source.write(Buffer.alloc(100_000));
    expect(await faultOf(spooling)).toBe("too-large");
    expect(source.destroyed).toBe(false);
    source.end("tail");
    expect((await buffer(source)).toString()).toBe("tail");
    expect(await incoming(dir)).toEqual([]);
    expect(await readdir(join(dir, "sha256"))).toEqual([]);
  });

  test("a source that breaks off passes on its error and leaves nothing", async () => {
    const dir = newDir();
    const store = await openStore({ dir });
    const source = new PassThrough();
    const spooling = store.spool(source, { limitBytes: 1e9 });
    source.write(Buffer.alloc(200_000));
    const gone = new Error("client went away");
    setImmediate(() => source.destroy(gone));
    await expect(spooling).rejects.toBe(gone);
    expect(await incoming(dir)).toEqual([]);
  });

  test("reads no faster than the disk writes", async () => {
    const disk = Promise.withResolvers<void>();
    const slow: StoreFiles = {
      ...realFiles,
      async create(path) {
        const file = await realFiles.create(path);
        const write = async (bytes: Buffer, offset: number, length: number) => {
          await disk.promise;
          return file.write(bytes, offset, length);
        };
        return { write, sync: () => file.sync(), close: () => file.close() } as typeof file;
      },
    };
    const store = await openStore({ dir: newDir(), files: slow });
    let given = 0;
    const source = new Readable({
      read() {
        given += 16_384;
        this.push(given > 10_000_000 ? null : Buffer.alloc(16_384));
      },
    });
    const spooling = store.spool(source, { limitBytes: 1e9 });
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
    // The block, one piece in hand and the stream's own high-water mark.
    expect(given).toBeLessThan(64 * 1024 * 4);
    source.destroy();
    disk.resolve();
    await expect(spooling).rejects.toThrow();
  });
});

describe("keep", () => {
  test("says of bytes that are held what spool says of a stream of them, and keeps them in the same place", async () => {
    const dir = newDir();
    const store = await openStore({ dir });
    for (const size of [0, 1, 64 * 1024, 64 * 1024 + 1, 300_000]) {
      const bytes = Buffer.alloc(size, "a\r\nb\n");
      const kept = await store.keep(bytes);
      const {
        inline,
        newlines,
        sizeBytes,
        sha256: name,
      } = await spool(await openStore({ dir: newDir() }), bytes);
      expect({ ...kept, inline: kept.inline !== null }).toMatchObject({
        sha256: name,
        sizeBytes,
        newlines,
        inline: inline !== null,
      });
      if (kept.inline === null) expect((await readFile(pathOf(dir, name))).equals(bytes)).toBe(true);
      else expect(kept.inline).toBe(bytes);
      expect(await store.keep(bytes, name)).toMatchObject({ sha256: name });
    }
    expect(await incoming(dir)).toEqual([]);
  });
});

describe("faults of the disk", () => {
  const diskOf = (fault: "create" | "write" | "sync" | "link", code: string): StoreFiles => ({
    create: async (path) => {
      if (fault === "create") return failing(code);
      const file = await realFiles.create(path);
      return {
        write: fault === "write" ? () => failing(code) : file.write.bind(file),
        sync: fault === "sync" ? () => failing(code) : () => file.sync(),
        close: () => file.close(),
      } as typeof file;
    },
    link: (from, to) => (fault === "link" ? failing(code) : realFiles.link(from, to)),
  });

  test.each([
    ["create", "ENOSPC", "no-space"],
    ["create", "EMFILE", "unavailable"],
    ["write", "ENOSPC", "no-space"],
    ["write", "EDQUOT", "no-space"],
    ["write", "EIO", "unavailable"],
    ["sync", "EIO", "unavailable"],
    ["sync", "ENOSPC", "no-space"],
    ["link", "ENOENT", "unavailable"],
  ] as const)("%s failing with %s is %s and leaves nothing half written", async (fault, code, expected) => {
    const dir = newDir();
    const store = await openStore({ dir, files: diskOf(fault, code) });
    expect(await faultOf(spool(store, Buffer.alloc(200_000)))).toBe(expected);
    expect(await faultOf(store.keep(Buffer.alloc(200_000)))).toBe(expected);
    expect(await incoming(dir)).toEqual([]);
    const names = await readdir(join(dir, "sha256"), { recursive: true });
    expect(names.filter((name) => name.length > 5)).toEqual([]);
  });
});

describe("what is kept", () => {
  test("a missing file is missing, and a name that is no hash opens no file", async () => {
    const store = await openStore({ dir: newDir() });
    expect(await store.verifyStored("0".repeat(64))).toBe("missing");
    await expect(buffer(store.openStored("0".repeat(64)))).rejects.toMatchObject({ code: "ENOENT" });
    expect(() => store.openStored("../../etc/passwd")).toThrow(StoreError);
    expect(() => store.openStored("A".repeat(64))).toThrow(StoreError);
  });
});

describe("opening a store", () => {
  test.runIf(process.platform === "linux")(
    "clears what the dead left and what is old, and nothing else",
    async () => {
      const dir = newDir();
      await mkdir(join(dir, "incoming"), { recursive: true });
      const host = hostname().replaceAll(/[^A-Za-z0-9-]/g, "_");
      const mine = (await readFile(`/proc/${process.pid}/stat`, "utf8")).split(") ").at(-1)?.split(" ")[19];
      const names = {
        living: `${host}.${process.pid}.${mine}.1.part`,
        // The process id was given out again.
        forerunner: `${host}.${process.pid}.1.2.part`,
        dead: `${host}.999999999.5.3.part`,
        elsewhere: `other-host.999999999.5.4.part`,
        old: `other-host.1.5.5.part`,
      };
      for (const name of Object.values(names)) await writeFile(join(dir, "incoming", name), "half");
      const longAgo = new Date(Date.now() - 25 * 3600 * 1000);
      await utimes(join(dir, "incoming", names.old), longAgo, longAgo);
      await openStore({ dir });
      expect((await incoming(dir)).sort()).toEqual([names.living, names.elsewhere].sort());
    },
  );
});
