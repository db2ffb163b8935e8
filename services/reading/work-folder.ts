import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { nameIncoming, sweepIncoming } from "../shared/runtime/store-incoming.ts";

const SWEEP_EVERY_MS = 60 * 60 * 1000;

/** Where files of a letter stand while it is read. */
export interface WorkFolder {
  /** A path for a new file. */
  newPath(): string;
  close(): void;
}

/**
 * Opens the folder, for its owner alone, and removes what processes that died have left in it: the files of a letter that
 * was being read just then may be those of a classified one, and the system's temporary folder would keep them.
 */
export async function openWorkFolder(dir: string): Promise<WorkFolder> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700); // it may have been there with other rights
  await sweepIncoming(dir, Date.now());
  const nextName = await nameIncoming();
  // Of a process on another host only the age of its files tells that it is gone.
  const sweeping = setInterval(() => {
    sweepIncoming(dir, Date.now()).catch(() => {}); // the next one, or the next start, finds them
  }, SWEEP_EVERY_MS).unref();
  return { newPath: () => join(dir, nextName()), close: () => clearInterval(sweeping) };
}
