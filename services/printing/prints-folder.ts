import { createHash } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { PRINTS_KEPT_DAYS } from "../shared/letter/print-order.ts";

const UNFINISHED = ".part";

/** The finished prints of an installation, as files. They can be made again: nothing else refers to them. */
export interface PrintsFolder {
  /** Writes a file as its pieces come; it has its name when it is whole. @throws what `pieces` throws; then there is no file */
  write(
    name: string,
    pieces: AsyncIterable<Uint8Array>,
  ): Promise<{ readonly sha256: string; readonly sizeBytes: number }>;
  /** Removes what is older than it has to be kept, and what a crash has left half written. @returns how many files */
  clear(nowMs: number): Promise<number>;
}

export async function openPrintsFolder(dir: string): Promise<PrintsFolder> {
  // The owner, and the group for an HTTP service that runs as another user.
  await mkdir(dir, { recursive: true, mode: 0o750 });
  return {
    async write(name, pieces) {
      const unfinished = join(dir, `${name}${UNFINISHED}`);
      const hash = createHash("sha256");
      let sizeBytes = 0;
      const file = await open(unfinished, "w", 0o640);
      try {
        for await (const piece of pieces) {
          hash.update(piece);
          sizeBytes += piece.length;
          await file.write(piece);
        }
        await file.sync();
      } catch (error) {
        await file.close();
        await rm(unfinished, { force: true });
        throw error;
      }
      await file.close();
      await rename(unfinished, join(dir, name));
      return { sha256: hash.digest("hex"), sizeBytes };
    },
    async clear(nowMs) {
      let removed = 0;
      for (const name of await readdir(dir)) {
        const path = join(dir, name);
        const file = await stat(path).catch(() => undefined); // another service of the same folder was quicker
        const ageDays = (nowMs - (file?.mtimeMs ?? nowMs)) / (24 * 60 * 60 * 1000);
        if (ageDays < (name.endsWith(UNFINISHED) ? 1 : PRINTS_KEPT_DAYS)) continue;
        await rm(path, { force: true });
        removed += 1;
      }
      return removed;
    },
  };
}
