import { type FileHandle, link, mkdir, open, stat, unlink, utimes } from "node:fs/promises";
import { dirname } from "node:path";
import { StoreError } from "./store-errors.ts";

type Writing = Pick<FileHandle, "write" | "sync" | "close">;

/** The part of the file system a spool writes through; tests put a failing disk here. */
export interface StoreFiles {
  create(path: string): Promise<Writing>;
  link(from: string, to: string): Promise<void>;
}

export const realFiles: StoreFiles = {
  create: (path) => open(path, "wx", 0o640),
  link,
};

/** A file being written that becomes a kept one, or nothing. */
export interface Spill {
  write(bytes: Buffer): Promise<void>;
  /** Makes the content durable and gives it its name at `path`, see {@link nameDurably}. */
  keepAs(path: string, sizeBytes: number): Promise<void>;
  abandon(): Promise<void>;
}

/** @param durableDirs directories known to be on disk with all above them; shared by one store's spills */
export async function openSpill(
  incoming: string,
  files: StoreFiles,
  durableDirs: Set<string>,
): Promise<Spill> {
  const file = await files.create(incoming);
  let open = true;
  return {
    async write(bytes) {
      // write(2) may take less than it was given, for instance just before the disk is full.
      for (let written = 0; written < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, written, bytes.length - written);
        written += bytesWritten;
      }
    },
    async keepAs(path, sizeBytes) {
      // Content first, name second: a name must never stand over bytes the disk does not have.
      await file.sync();
      open = false;
      await file.close();
      await nameDurably({ incoming, path, sizeBytes, files, durableDirs });
      await unlink(incoming);
    },
    async abandon() {
      if (open) await file.close().catch(() => undefined);
      await unlink(incoming).catch(() => undefined);
    },
  };
}

async function nameDurably(given: {
  incoming: string;
  path: string;
  sizeBytes: number;
  files: StoreFiles;
  durableDirs: Set<string>;
}): Promise<void> {
  const { incoming, path, sizeBytes, files, durableDirs } = given;
  const inner = dirname(path);
  const outer = dirname(inner);
  await mkdir(inner, { recursive: true, mode: 0o750 });
  // A second round only when the file that stood there was removed at that very moment.
  for (let round = 0; !(await linkOrTouch(incoming, path, sizeBytes, files)); round++) {
    if (round === 3) throw new StoreError("unavailable", "a kept file comes and goes");
  }
  // Also when the file was there before: whoever linked it may have died right then. A new directory is
  // durable only when the one above it is too (fsync(2)), hence all three the first time.
  const unsure = durableDirs.has(inner) ? [inner] : [inner, outer, dirname(outer)];
  await Promise.all(unsure.map(syncDirectory));
  durableDirs.add(inner);
}

/**
 * @returns false when the name was taken, and then its file was gone. The touch keeps a file that is to be removed
 * (store-removal.ts): whoever removes it looks at the time once nobody can touch it any more.
 */
async function linkOrTouch(
  incoming: string,
  path: string,
  sizeBytes: number,
  files: StoreFiles,
): Promise<boolean> {
  try {
    // A link, not a rename: a rename would silently replace what stands there.
    await files.link(incoming, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  try {
    const { size } = await stat(path);
    if (size !== sizeBytes)
      throw new StoreError("damaged", `a kept file has ${size} bytes, not ${sizeBytes}`);
    const now = new Date();
    await utimes(path, now, now);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return false;
  }
}

export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
