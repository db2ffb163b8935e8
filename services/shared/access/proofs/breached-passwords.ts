import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";

/** Whether a password is known from a breach. */
export type IsBreached = (password: string) => Promise<boolean>;

/** Longer than any line: 40 hexadecimal digits, a colon, a count. */
const LINE_BYTES = 128;
/** A shorter beginning of a hash would meet passwords that nobody has lost. */
const SHORTEST_HASH = 16;

/**
 * Looks passwords up in a file of "SHA-1:count" lines in the order of the hashes (as Have I Been Pwned gives them out; hashes
 * may be cut to their first 16 digits or more). Searched on disk: some 36 reads in the whole file of 40 GB, and no memory.
 * @throws Error when the file cannot be read, or is no such file
 */
export async function openBreachedPasswords(path: string): Promise<IsBreached> {
  await using(path, async (file, size) => {
    const first = await lineAt(file, 0, size);
    if (size > 0 && !isLine(first.text))
      throw new Error(`${path}: not a file of "SHA-1:count" lines in order`);
  });
  return (password) => {
    const hash = createHash("sha1").update(password).digest("hex").toUpperCase();
    return using(path, (file, size) => isInFile(file, size, hash));
  };
}

async function using<Result>(path: string, work: (file: FileHandle, size: number) => Promise<Result>) {
  const file = await open(path, "r");
  try {
    return await work(file, (await file.stat()).size);
  } finally {
    await file.close();
  }
}

async function isInFile(file: FileHandle, size: number, hash: string): Promise<boolean> {
  // Lines that begin in [low, high) may be the one.
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const line = await firstLineFrom(file, middle, low, size);
    if (line.start >= high) {
      // Between the middle and the end no line begins: what is left begins before.
      high = middle;
      continue;
    }
    const found = line.text.split(":")[0]?.toUpperCase() ?? "";
    const wanted = hash.slice(0, found.length);
    if (found === wanted && isLine(line.text)) return true;
    if (wanted < found) high = middle;
    else low = line.end;
  }
  return false;
}

interface Line {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The first line that begins at `from` or later; `begin` is a place where one is known to begin. */
async function firstLineFrom(file: FileHandle, from: number, begin: number, size: number): Promise<Line> {
  if (from === begin) return lineAt(file, from, size);
  // A line begins behind a line feed: the one before `from` counts.
  const before = await lineAt(file, from - 1, size);
  return lineAt(file, before.end, size);
}

async function lineAt(file: FileHandle, start: number, size: number): Promise<Line> {
  const length = Math.max(0, Math.min(LINE_BYTES, size - start));
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, start);
  const feed = buffer.subarray(0, bytesRead).indexOf(0x0a);
  const end = feed < 0 ? bytesRead : feed + 1;
  return { start, end: start + end, text: buffer.subarray(0, end).toString("latin1").trim() };
}

function isLine(text: string): boolean {
  return /^[0-9a-f]+(?::\d+)?$/i.test(text) && (text.split(":")[0] ?? "").length >= SHORTEST_HASH;
}
