import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { opendir, stat } from "node:fs/promises";
import { join } from "node:path";

/**
 * The byte store (shared/runtime/store.ts) as an auditor sees it: <dir>/sha256/ab/cd/<hash>. Opened as a store it would be
 * tidied up; here nothing is written, so that a user who may only read can verify.
 */
function pathOf(dir: string, sha256: string): string {
  return join(dir, "sha256", sha256.slice(0, 2), sha256.slice(2, 4), sha256);
}

export type FileState = "good" | "missing" | "damaged" | { readonly unreadable: string };

/** Reads a kept file in full, a piece at a time, and compares its hash with its name and its length with what it should be. */
export async function judgeFile(dir: string, sha256: string, sizeBytes: number): Promise<FileState> {
  const hash = createHash("sha256");
  let length = 0;
  try {
    for await (const piece of createReadStream(pathOf(dir, sha256)) as AsyncIterable<Buffer>) {
      hash.update(piece);
      length += piece.length;
    }
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? "missing" : { unreadable: code };
  }
  return hash.digest("hex") === sha256 && length === sizeBytes ? "good" : "damaged";
}

/** Names of all kept files, in pages. A store that is not there has none. */
export async function* listFiles(dir: string, most: number): AsyncGenerator<readonly string[]> {
  let page: string[] = [];
  const kept = await opendir(join(dir, "sha256"), { recursive: true }).catch(orNothing);
  for await (const entry of kept) {
    if (!entry.isFile()) continue;
    page.push(entry.name);
    if (page.length < most) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

function orNothing(error: NodeJS.ErrnoException): readonly never[] {
  if (error.code === "ENOENT") return [];
  throw error;
}

/** When a kept file was written (ms since 1970); null when it is gone. */
export async function writtenAtMs(dir: string, sha256: string): Promise<number | null> {
  return stat(pathOf(dir, sha256)).then(
    ({ mtimeMs }) => mtimeMs,
    () => null,
  );
}
