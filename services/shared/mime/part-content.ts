import { createReadStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { newId } from "../runtime/ids.ts";

/**
 * The decoded octets of an attachment, for the readers that look into it (PDF, XML, ZIP, TNEF, a scanner). Small ones are
 * held in memory, larger ones in a file, so that memory does not grow with the mail.
 */
export interface PartContent {
  readonly sizeBytes: number;
  /** The first 4,100 octets at most: what its type is told by. */
  readonly head: Buffer;
  /** All octets, in memory. Ask only for what is known to be small enough. */
  read(): Promise<Buffer>;
  /** All octets, slice by slice: for what may be large. */
  octets(): AsyncIterable<Buffer>;
  /** A file with the octets for a program beside us; made on first need, gone with `dispose` of the keeper. */
  path(): Promise<string>;
}

/** Takes what a parser finds. */
export type ContentTaker = Pick<ContentKeeper, "keep">;

/** Keeps contents within bounds and removes them again. One for each message, attached messages included. */
export interface ContentKeeper {
  /**
   * Takes a stream to its end. Null when the content goes beyond what may be kept: then nothing of it is kept.
   * @param partId where in the message it stands, for who wants one of them only
   */
  keep(content: Readable, partId?: string): Promise<PartContent | null>;
  /** Keeps octets that a reader has unpacked. */
  keepOctets(octets: Buffer): Promise<PartContent | null>;
  dispose(): Promise<void>;
}

export interface ContentLimits {
  readonly maxContentBytes: number;
  /** Of all contents of one message, unpacked ones included. */
  readonly maxTotalBytes: number;
}

export const CONTENT_LIMITS: ContentLimits = {
  maxContentBytes: 64 * 1024 * 1024,
  maxTotalBytes: 160 * 1024 * 1024,
};

const IN_MEMORY_BYTES = 256 * 1024;
/** Of one message altogether: hundreds of small files are as much as a large one. */
const ALL_IN_MEMORY_BYTES = 2 * 1024 * 1024;
const HEAD_BYTES = 4_100;

/** @param newPath names a new file: of the service's own folder (work-folder.ts), or of the system's temporary one */
export function openContentKeeper(
  limits: ContentLimits = CONTENT_LIMITS,
  newPath = (): string => join(tmpdir(), `saraban-part-${newId()}`),
): ContentKeeper {
  const files: string[] = [];
  let leftBytes = limits.maxTotalBytes;
  let leftInMemoryBytes = ALL_IN_MEMORY_BYTES;
  const newFile = (): string => {
    const path = newPath();
    files.push(path);
    return path;
  };

  const keep = async (content: AsyncIterable<Buffer>): Promise<PartContent | null> => {
    const held: Buffer[] = [];
    let file: Awaited<ReturnType<typeof open>> | undefined;
    let path: string | undefined;
    let sizeBytes = 0;
    let head = Buffer.alloc(0);
    let within = true;
    try {
      for await (const chunk of content) {
        if (!within) continue;
        if (sizeBytes + chunk.length > limits.maxContentBytes || chunk.length > leftBytes) {
          within = false;
          leftBytes += sizeBytes;
          held.length = 0;
          continue;
        }
        leftBytes -= chunk.length;
        sizeBytes += chunk.length;
        if (head.length < HEAD_BYTES)
          head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
        held.push(chunk);
        if (sizeBytes <= Math.min(IN_MEMORY_BYTES, leftInMemoryBytes)) continue;
        // Only its owner may read it: it is a letter.
        path ??= newFile();
        file ??= await open(path, "wx", 0o600);
        for (const piece of held) await file.write(piece);
        held.length = 0;
      }
    } finally {
      await file?.close();
    }
    if (!within) {
      if (path !== undefined) await rm(path, { force: true });
      return null;
    }
    if (path !== undefined) return inFile(path, sizeBytes, head);
    leftInMemoryBytes -= sizeBytes;
    return inMemory(Buffer.concat(held), head, newFile);
  };

  return {
    keep: (content) => keep(content as AsyncIterable<Buffer>),
    keepOctets: (octets) => keep(slices(octets)),
    async dispose() {
      await Promise.all(files.splice(0).map((path) => rm(path, { force: true })));
    },
  };
}

function inFile(path: string, sizeBytes: number, head: Buffer): PartContent {
  return {
    sizeBytes,
    head,
    read: () => readWhole(path),
    octets: () => createReadStream(path),
    path: async () => path,
  };
}

function inMemory(octets: Buffer, head: Buffer, newFile: () => string): PartContent {
  let path: Promise<string> | undefined;
  const write = async (): Promise<string> => {
    const made = newFile();
    const file = await open(made, "wx", 0o600);
    await file.writeFile(octets).finally(() => file.close());
    return made;
  };
  return {
    sizeBytes: octets.length,
    head,
    read: async () => octets,
    octets: () => slices(octets),
    path: () => (path ??= write()),
  };
}

async function readWhole(path: string): Promise<Buffer> {
  const file = await open(path);
  return file.readFile().finally(() => file.close());
}

async function* slices(octets: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < octets.length; at += IN_MEMORY_BYTES) yield octets.subarray(at, at + IN_MEMORY_BYTES);
}
