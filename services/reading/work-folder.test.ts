import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { CONTENT_LIMITS, openContentKeeper } from "../shared/mime/part-content.ts";
import { openWorkFolder } from "./work-folder.ts";

/** Unpacks a file of a letter into the folder of its first argument, and then works on it without end. */
const READER = `
  const { openContentKeeper, CONTENT_LIMITS } = await import(${JSON.stringify(new URL("../shared/mime/part-content.ts", import.meta.url).href)});
  const { openWorkFolder } = await import(${JSON.stringify(new URL("./work-folder.ts", import.meta.url).href)});
  const { newPath } = await openWorkFolder(process.argv[1]);
  await openContentKeeper(CONTENT_LIMITS, newPath).keepOctets(Buffer.alloc(1_000_000, "x"));
  process.stdout.write("unpacked");
  setInterval(() => {}, 1000);
`;

test("what a reader that was killed had unpacked is gone with the next start; what others are at stays", async () => {
  const dir = join(await mkdtemp(join(tmpdir(), "saraban-work-")), "reading");
  onTestFinished(() => rm(join(dir, ".."), { recursive: true }));
  const reader = spawn(process.execPath, ["--input-type=module", "-e", READER, dir]);
  const ended = once(reader, "exit");
  await once(reader.stdout, "data");
  const own = await openWorkFolder(dir);
  onTestFinished(own.close);
  const keeper = openContentKeeper(CONTENT_LIMITS, own.newPath);
  const kept = await keeper.keepOctets(Buffer.alloc(1_000_000, "y"));
  expect(await readdir(dir)).toHaveLength(2);
  expect((await stat(dir)).mode & 0o777).toBe(0o700);

  reader.kill("SIGKILL");
  await ended;
  expect(await readdir(dir)).toHaveLength(2);
  const next = await openWorkFolder(dir);
  onTestFinished(next.close);
  expect((await readdir(dir)).map((name) => join(dir, name))).toEqual([await kept?.path()]);
  await keeper.dispose();
  expect(await readdir(dir)).toEqual([]);
});
