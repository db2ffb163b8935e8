import { spawnSync } from "node:child_process";
import { mkdtemp, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

/** Runs a module with a file system of one megabyte at `dir` that only it sees. */
const onSmallDisk = (dir: string, module: string, args: readonly string[] = []) =>
  spawnSync(
    "unshare",
    [
      "--mount",
      "--map-root-user",
      "sh",
      "-c",
      'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"',
      dir,
      process.execPath,
      "--input-type=module",
      "-e",
      module,
      dir,
      ...args,
    ],
    { encoding: "utf8", timeout: 60_000 },
  );

const fillTwice = `
  import { readdirSync } from "node:fs";
  import { Readable } from "node:stream";
  const [dir, module] = process.argv.slice(1);
  const { openStore } = await import(module);
  const store = await openStore({ dir });
  const spool = (sizeBytes) =>
    store.spool(Readable.from([Buffer.alloc(sizeBytes, "a")], { objectMode: false }), { limitBytes: 1e9 });
  const fault = await spool(3_000_000).then(() => null, (error) => [error.name, error.fault, error.cause.code]);
  const left = readdirSync(dir, { recursive: true });
  const after = await spool(200_000);
  console.log(JSON.stringify({ fault, left, kept: await store.verifyStored(after.sha256) }));
`;

describe("a disk that is really full", async () => {
  const dir = await mkdtemp(join(tmpdir(), "store-full-"));
  const permitted = onSmallDisk(dir, "").status === 0;

  test.runIf(permitted)("says no-space, leaves nothing, and takes the next letter that fits", async () => {
    const { stdout, stderr } = onSmallDisk(dir, fillTwice, [new URL("./store.ts", import.meta.url).href]);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      fault: ["StoreError", "no-space", "ENOSPC"],
      left: expect.not.arrayContaining([expect.stringContaining(".part")]),
      kept: "good",
    });
    await rmdir(dir);
  });
});
