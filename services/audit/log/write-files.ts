import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Zip, ZipDeflate } from "fflate";

/** Files that are written one after the other, into a folder or an archive. */
export interface FileSet {
  write(name: string, content: AsyncIterable<string> | Iterable<string>): Promise<void>;
  /** The set is complete. */
  close(): Promise<void>;
  /** It never will be: nothing half-written is left where a complete one is looked for. */
  abandon(): Promise<void>;
}

export function openFileSet(out: string): Promise<FileSet> {
  return out.toLowerCase().endsWith(".zip") ? openArchive(out) : openFolder(out);
}

async function openFolder(out: string): Promise<FileSet> {
  await mkdir(out, { recursive: true, mode: 0o750 });
  return {
    async write(name, content) {
      await pipeline(content, createWriteStream(join(out, name), { flags: "wx", mode: 0o640 }));
    },
    close: async () => {},
    abandon: async () => {}, // a folder may hold what was there before
  };
}

/** The same content gives the same octets; a ZIP archive knows no earlier time, and it is a local one. */
const UNDATED = new Date(1980, 0, 1);
/** Beyond it an archive needs ZIP64, which fflate does not write. */
const LARGEST_FILE = 0xffff_ffff;

async function openArchive(out: string): Promise<FileSet> {
  const part = `${out}.part`;
  const file = createWriteStream(part, { mode: 0o640 });
  let failed: Error | undefined;
  file.on("error", (error) => {
    failed = error;
  });
  let waiting: Uint8Array[] = [];
  const zip = new Zip((error, octets) => {
    if (error) throw error;
    waiting.push(octets);
  });
  const flush = async (): Promise<void> => {
    const octets = waiting;
    waiting = [];
    if (failed) throw failed;
    for (const chunk of octets) {
      if (!file.write(chunk))
        await new Promise<void>((resolve) =>
          file.once("drain", () => resolve()).once("error", () => resolve()),
        );
      if (failed) throw failed;
    }
  };
  return {
    async write(name, content) {
      const entry = new ZipDeflate(name);
      entry.mtime = UNDATED;
      zip.add(entry);
      let size = 0;
      for await (const text of content) {
        const octets = Buffer.from(text);
        size += octets.length;
        if (size > LARGEST_FILE) throw new Error("this is too much for an archive: export into a folder");
        entry.push(octets);
        await flush();
      }
      entry.push(Buffer.alloc(0), true);
      await flush();
    },
    async close() {
      zip.end();
      await flush();
      await new Promise<void>((resolve, reject) => {
        file.once("error", reject);
        file.end(resolve);
      });
      await rename(part, out);
    },
    async abandon() {
      file.destroy();
      await rm(part, { force: true });
    },
  };
}
