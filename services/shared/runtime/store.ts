import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { StoreError, storeErrorOf } from "./store-errors.ts";
import { nameIncoming, sweepIncoming } from "./store-incoming.ts";
import { type Newlines, watchNewlines } from "./store-newlines.ts";
import { type Removed, removeFile, restoreFiles } from "./store-removal.ts";
import { openSpill, realFiles, type Spill, type StoreFiles, syncDirectory } from "./store-spill.ts";

/** Bytes taken from a stream, named by their SHA-256. */
export interface SpooledBytes {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** The bytes themselves when small: the caller commits them with its own row. `null`: a durable file. */
  readonly inline: Buffer | null;
  readonly newlines: Newlines;
  /**
   * Lets go of the memory. A file stays: the same bytes may meanwhile belong to another letter, also in
   * another process, so only a comparison with the database may remove it.
   */
  discard(): void;
}

export interface ByteStore {
  /**
   * Reads `source` to its end, no faster than the disk takes it, holding at most `inlineLimitBytes` (or
   * 32 KiB, whichever is more). A fault leaves nothing behind. On a fault of ours the source is left open
   * and paused, so that a door can still hear its client out and answer; a source that fails itself
   * (the client went away) passes on its own error.
   *
   * @throws StoreError on a fault of the store or past `limitBytes`
   */
  spool(source: Readable, options: { readonly limitBytes: number }): Promise<SpooledBytes>;
  /** The bytes of a stored file; the stream fails with ENOENT when there is none. */
  openStored(sha256: string): Readable;
  /** Reads a stored file in full and compares its hash with its name. */
  verifyStored(sha256: string): Promise<"good" | "missing" | "damaged">;
  /** Removes a file that no row names any more, unless it came again lately (removeFile). */
  removeStored(sha256: string): Promise<Removed>;
  /** Puts back what a process that died had begun to remove: before the first removeStored. */
  restoreRemoved(): Promise<void>;
}

export interface StoreOptions {
  /** One file system that allows hard links (ext4, xfs, zfs …). */
  readonly dir: string;
  /** Up to this size bytes stay in memory. Default 64 KiB. */
  readonly inlineLimitBytes?: number;
  readonly files?: StoreFiles;
  readonly now?: () => number;
}

/** Most letters fit in one block of this size, so that their bytes are copied once. */
const firstBlockBytes = 32 * 1024;

/**
 * Opens a content-addressed store: `<dir>/sha256/ab/cd/<hash>` for what is kept and `<dir>/incoming` for
 * what is still being written. Clears what dead processes left in `incoming`.
 */
export async function openStore(options: StoreOptions): Promise<ByteStore> {
  const { dir, inlineLimitBytes = 64 * 1024, files = realFiles, now = Date.now } = options;
  const incomingDir = join(dir, "incoming");
  const keptDir = join(dir, "sha256");
  const removingDir = join(dir, "removing");
  const maxBlockBytes = Math.max(inlineLimitBytes, firstBlockBytes);
  // Letters are nobody else's to read: the owner, and the group for services that run as another user.
  await mkdir(incomingDir, { recursive: true, mode: 0o750 });
  await mkdir(keptDir, { recursive: true, mode: 0o750 });
  await syncDirectory(dir);
  await sweepIncoming(incomingDir, now());
  const nextName = await nameIncoming();
  const durableDirs = new Set<string>();

  const pathOf = (sha256: string): string => keptPath(dir, sha256);
  const newSpill = (): Promise<Spill> => openSpill(join(incomingDir, nextName()), files, durableDirs);

  const take = async (source: Readable, limitBytes: number, spilled: { to: Spill | null }) => {
    const hash = createHash("sha256");
    const newlines = watchNewlines();
    // Pieces are copied into one block. Keeping the pieces would let a client that sends single bytes
    // make us hold a hundred bytes of memory for each.
    let block: Buffer = Buffer.allocUnsafeSlow(firstBlockBytes);
    let filled = 0;
    let sizeBytes = 0;
    const flush = async (): Promise<void> => {
      spilled.to ??= await newSpill();
      await spilled.to.write(block.subarray(0, filled));
      filled = 0;
    };
    for await (const chunk of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > limitBytes) throw new StoreError("too-large", `more than ${limitBytes} bytes`);
      hash.update(chunk);
      newlines.see(chunk);
      for (let taken = 0; taken < chunk.length; ) {
        if (filled === block.length) {
          if (block.length < maxBlockBytes) block = enlarge(block, maxBlockBytes);
          else await flush();
        }
        const count = chunk.copy(block, filled, taken);
        filled += count;
        taken += count;
      }
    }
    const sha256 = hash.digest("hex");
    const small = sizeBytes <= inlineLimitBytes;
    if (!small) {
      await flush();
      await spilled.to?.keepAs(pathOf(sha256), sizeBytes);
    }
    return spooledBytes(sha256, sizeBytes, small ? block.subarray(0, filled) : null, newlines.end());
  };

  return {
    async spool(source, { limitBytes }) {
      const spilled: { to: Spill | null } = { to: null };
      try {
        return await take(source, limitBytes, spilled);
      } catch (error) {
        await spilled.to?.abandon();
        throw isOfSource(error, source) ? error : storeErrorOf(error);
      }
    },
    openStored: (sha256) => createReadStream(pathOf(sha256)),
    async verifyStored(sha256) {
      const hash = createHash("sha256");
      try {
        for await (const chunk of createReadStream(pathOf(sha256))) hash.update(chunk);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return "missing";
        throw storeErrorOf(error);
      }
      return hash.digest("hex") === sha256 ? "good" : "damaged";
    },
    removeStored: (sha256) => removeFile(pathOf(sha256), join(removingDir, sha256), now()),
    restoreRemoved: () => restoreFiles(removingDir, pathOf),
  };
}

/** Where a store keeps the bytes of that hash. */
export function keptPath(dir: string, sha256: string): string {
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new StoreError("unavailable", "not a SHA-256 in hex");
  return join(dir, "sha256", sha256.slice(0, 2), sha256.slice(2, 4), sha256);
}

function spooledBytes(
  sha256: string,
  sizeBytes: number,
  bytes: Buffer | null,
  newlines: Newlines,
): SpooledBytes {
  let inline = bytes;
  return {
    sha256,
    sizeBytes,
    get inline() {
      return inline;
    },
    newlines,
    discard: () => {
      inline = null;
    },
  };
}

function enlarge(block: Buffer, limitBytes: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.min(block.length * 2, limitBytes));
  block.copy(larger);
  return larger;
}

const isOfSource = (error: unknown, source: Readable): boolean =>
  source.errored === error || (error as NodeJS.ErrnoException).code === "ERR_STREAM_PREMATURE_CLOSE";
