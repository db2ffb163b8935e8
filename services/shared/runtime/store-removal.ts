import { link, mkdir, readdir, rename, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncDirectory } from "./store-spill.ts";

/** removed; missing: there was none; fresh: the same bytes came again lately, and their row may not be written yet. */
export type Removed = "removed" | "missing" | "fresh";

/** Longer than it takes from a file's last touch to the commit of the row that names it. */
const FRESH_MS = 60 * 60 * 1000;

/**
 * Removes a kept file without ever taking it from a letter that is just being accepted: that one touches the file it finds
 * (store-spill.ts) or, when it finds none, writes its own. So the file first gets a name under which nobody touches it;
 * then its time tells whether somebody did before, and it is put back.
 *
 * @param aside a name of its own on the same file system
 * @throws the file system's error; the file is then under one of the two names
 */
export async function removeFile(path: string, aside: string, nowMs: number): Promise<Removed> {
  await mkdir(dirname(aside), { recursive: true, mode: 0o750 });
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "missing";
    throw error;
  }
  const { mtimeMs } = await stat(aside);
  if (nowMs - mtimeMs < FRESH_MS) {
    await putBack(aside, path);
    return "fresh";
  }
  await unlink(aside);
  await syncDirectory(dirname(path));
  return "removed";
}

/** Puts back every file that was set aside and neither removed nor put back: the process died in between. */
export async function restoreFiles(asideDir: string, pathOf: (name: string) => string): Promise<void> {
  const names = await readdir(asideDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  for (const name of names) {
    if (/^[0-9a-f]{64}$/.test(name)) await putBack(join(asideDir, name), pathOf(name));
  }
}

async function putBack(aside: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  await link(aside, path).catch((error: NodeJS.ErrnoException) => {
    // Written anew meanwhile, the same bytes; or another process has put it back, or removed it, before us.
    if (error.code !== "EEXIST" && error.code !== "ENOENT") throw error;
  });
  await syncDirectory(dirname(path));
  await unlink(aside).catch((error: NodeJS.ErrnoException) => {
    // Another process that puts back too.
    if (error.code !== "ENOENT") throw error;
  });
}
