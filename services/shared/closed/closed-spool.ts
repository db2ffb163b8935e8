import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline, Readable } from "node:stream";
import { type ByteStore, keptPath, type SpooledBytes } from "../runtime/store.ts";
import { StoreError, storeErrorOf } from "../runtime/store-errors.ts";
import { nameIncoming, sweepIncoming } from "../runtime/store-incoming.ts";
import { type Newlines, watchNewlines } from "../runtime/store-newlines.ts";
import { openSpill, realFiles, type Spill, type StoreFiles, syncDirectory } from "../runtime/store-spill.ts";
import { openStream } from "./open-stream.ts";
import { beginSealing, type Sealing } from "./seal-stream.ts";
import type { SealedAs } from "./sealed-form.ts";

/**
 * Takes in what may turn out to be classified: sealed from the first octet on, so that no disk ever holds it in the clear,
 * whatever is decided about it and wherever the process dies. The key of a spool that was not decided about dies with the
 * process, and what is left of it in `incoming` can be opened by nobody; the next start removes it.
 *
 * In the clear it stands in this process's memory, a chunk at a time: swap and core dumps are the machine's to encrypt or
 * switch off.
 */
export interface ClosedSpools {
  /**
   * Reads `source` to its end, no faster than the disk takes it, holding at most `inlineLimitBytes` and two chunks. Faults
   * are those of ByteStore.spool.
   * @param key of this spool alone, new and random; a copy is held until it is decided about. Kept: wrapped (KeyProvider.wrap)
   */
  spool(source: Readable, options: SpoolOptions): Promise<ClosedSpool>;
  /** Sealed octets that were kept; the stream fails with ENOENT when there are none. */
  openKept(sha256: string): Readable;
}

export interface SpoolOptions {
  readonly key: Buffer;
  readonly as: SealedAs;
  /** Of the content, before it is sealed. */
  readonly limitBytes: number;
}

export interface ClosedSpool {
  /** Of the content. Its hash is for comparing in memory: stored in the clear it would confirm a guess. */
  readonly content: { readonly sha256: string; readonly sizeBytes: number; readonly newlines: Newlines };
  /** The content, to be read and judged; ends with a SealFault should the disk have changed it. */
  read(): Readable;
  /**
   * It is classified: what was sealed is durable once this resolves, as a file named by its hash, or in `inline`, for the
   * row that it belongs to. A fault leaves nothing behind.
   */
  keep(): Promise<KeptSealed>;
  /** It is ordinary: opened into the ordinary store. After a fault it can still be tried again, or dropped. */
  release(store: Pick<ByteStore, "spool">, limitBytes: number): Promise<SpooledBytes>;
  /** It is nothing. */
  drop(): Promise<void>;
}

export interface KeptSealed {
  /** SHA-256 of the sealed octets, lower-case hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly inline: Buffer | null;
}

export interface ClosedSpoolsOptions {
  /** As of a ByteStore: `incoming` for what is undecided, `sha256` for what is kept. On a file system with hard links. */
  readonly dir: string;
  /** What is sealed stays in memory up to this size. Default 64 KiB; 0: always a file. */
  readonly inlineLimitBytes?: number;
  readonly files?: StoreFiles;
  readonly now?: () => number;
}

export async function openClosedSpools(options: ClosedSpoolsOptions): Promise<ClosedSpools> {
  const { dir, inlineLimitBytes = 64 * 1024, files = realFiles, now = Date.now } = options;
  const incoming = join(dir, "incoming");
  await mkdir(incoming, { recursive: true, mode: 0o750 });
  await mkdir(join(dir, "sha256"), { recursive: true, mode: 0o750 });
  await syncDirectory(dir);
  await sweepIncoming(incoming, now());
  const nextName = await nameIncoming();
  const durableDirs = new Set<string>();

  return {
    async spool(source, { key, as, limitBytes }) {
      const ownKey = Buffer.from(key);
      const path = join(incoming, nextName());
      const sink = openSink(inlineLimitBytes, () => openSpill(path, files, durableDirs));
      const sealing = beginSealing(ownKey, "body", as);
      try {
        const content = await takeIn(source, sealing, sink, limitBytes);
        return decide({ dir, path, ownKey, as, sink, content });
      } catch (error) {
        ownKey.fill(0);
        await sink.abandon();
        throw isOfSource(error, source) ? error : storeErrorOf(error);
      } finally {
        sealing.wipe();
      }
    },
    openKept: (sha256) => createReadStream(keptPath(dir, sha256)),
  };
}

async function takeIn(
  source: Readable,
  sealing: Sealing,
  sink: Sink,
  limitBytes: number,
): Promise<ClosedSpool["content"]> {
  const hash = createHash("sha256");
  const newlines = watchNewlines();
  let sizeBytes = 0;
  await sink.write(sealing.head);
  for await (const chunk of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) throw new StoreError("too-large", `more than ${limitBytes} bytes`);
    hash.update(chunk);
    newlines.see(chunk);
    for (const sealed of sealing.take(chunk)) await sink.write(sealed);
  }
  await sink.write(sealing.end());
  return { sha256: hash.digest("hex"), sizeBytes, newlines: newlines.end() };
}

/** Sealed octets, in memory while they are few, then in a file of `incoming`. */
interface Sink {
  write(sealed: Buffer): Promise<void>;
  abandon(): Promise<void>;
  /** Null: they are in the file. */
  inline(): Buffer | null;
  /** Gives the file its name. */
  keepAs(path: (sha256: string) => string): Promise<void>;
  sum(): { sha256: string; sizeBytes: number };
}

function openSink(inlineLimitBytes: number, newSpill: () => Promise<Spill>): Sink {
  const hash = createHash("sha256");
  let held: Buffer[] = [];
  let sizeBytes = 0;
  let spill: Spill | null = null;
  let sha256: string | null = null;
  const sum = () => {
    sha256 ??= hash.digest("hex");
    return { sha256, sizeBytes };
  };
  return {
    async write(sealed) {
      hash.update(sealed);
      sizeBytes += sealed.length;
      if (spill === null && sizeBytes <= inlineLimitBytes) return void held.push(sealed);
      spill ??= await newSpill();
      for (const each of held) await spill.write(each);
      held = [];
      await spill.write(sealed);
    },
    async abandon() {
      held = [];
      await spill?.abandon();
    },
    inline: () => (spill === null ? Buffer.concat(held) : null),
    async keepAs(path) {
      const { sha256, sizeBytes } = sum();
      await spill?.keepAs(path(sha256), sizeBytes);
    },
    sum,
  };
}

function decide(given: {
  dir: string;
  path: string;
  ownKey: Buffer;
  as: SealedAs;
  sink: Sink;
  content: ClosedSpool["content"];
}): ClosedSpool {
  const { dir, path, ownKey, as, sink, content } = given;
  let isDecided = false;
  const decided = (): void => {
    isDecided = true;
    ownKey.fill(0);
  };
  const notYet = (): void => {
    if (isDecided) throw new Error("it was decided about this spool already");
  };
  const read = (): Readable => {
    notYet();
    const inline = sink.inline();
    const sealed = inline === null ? createReadStream(path) : Readable.from([inline], { objectMode: false });
    // Whichever of the two fails or is left, the other ends with it.
    return pipeline(sealed, openStream(ownKey, as), () => undefined);
  };
  return {
    content,
    read,
    async keep() {
      notYet();
      const inline = sink.inline();
      decided();
      try {
        await sink.keepAs((sha256) => keptPath(dir, sha256));
      } catch (error) {
        // Not tried again: once an fsync has failed, the next one may say yes to what is not on the disk.
        await sink.abandon();
        throw storeErrorOf(error);
      }
      return { ...sink.sum(), inline };
    },
    async release(store, limitBytes) {
      const spooled = await store.spool(read(), { limitBytes });
      decided();
      await sink.abandon();
      return spooled;
    },
    async drop() {
      if (isDecided) return;
      decided();
      await sink.abandon();
    },
  };
}

const isOfSource = (error: unknown, source: Readable): boolean =>
  source.errored === error || (error as NodeJS.ErrnoException).code === "ERR_STREAM_PREMATURE_CLOSE";
