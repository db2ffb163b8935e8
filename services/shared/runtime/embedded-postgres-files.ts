import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync } from "node:fs";
import { chmod, chown, mkdtemp, rmdir, stat, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { RunAs } from "./embedded-postgres-binaries.ts";

/** Only a part of the socket's name: there is no TCP. */
export const port = 5432;
const socketName = `.s.PGSQL.${port}`;
const logLimitBytes = 5_000_000;
const lastWordsBytes = 2_000;

/** Fresh and unforeseeable, so nobody can have made it before us. */
export async function makeSocketDir(runAs: RunAs): Promise<string> {
  for (const base of [tmpdir(), "/tmp"]) {
    // unix(7): a path has at most 107 bytes.
    if (Buffer.byteLength(path.join(base, "saraban-pg-XXXXXX", socketName)) > 107) continue;
    if (runAs.uid !== undefined && !(await everybodyMayEnter(base))) continue;
    const dir = await mkdtemp(path.join(base, "saraban-pg-"));
    await chmod(dir, 0o700);
    if (runAs.uid !== undefined && runAs.gid !== undefined) await chown(dir, runAs.uid, runAs.gid);
    return dir;
  }
  throw new Error(
    `The database's socket has no place: neither ${tmpdir()} nor /tmp serves (too long, or closed).`,
  );
}

async function everybodyMayEnter(dir: string): Promise<boolean> {
  for (let place = path.resolve(dir); ; place = path.dirname(place)) {
    if (((await stat(place)).mode & 0o001) === 0) return false;
    if (place === path.dirname(place)) return true;
  }
}

/** Only what we put there: the name comes from a file, and a wrong one must not cost anything else. */
export async function removeSocketDir(dir: string | undefined): Promise<void> {
  if (dir === undefined || !path.basename(dir).startsWith("saraban-pg-")) return;
  for (const name of [socketName, `${socketName}.lock`]) await unlink(path.join(dir, name)).catch(() => {});
  await rmdir(dir).catch(() => {});
}

export interface ServerLog {
  fd: number;
  size(): number;
  since(position: number): string;
  trim(): void;
  close(): void;
}

/**
 * The server writes at the end of the file itself, so it goes on when we are gone, and so that the file can be cut
 * to nothing below it when it grows too large.
 */
export function openServerLog(file: string): ServerLog {
  const fd = openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600);
  const size = (): number => fstatSync(fd).size;
  const trim = (): void => {
    if (size() > logLimitBytes) ftruncateSync(fd);
  };
  trim();
  return {
    fd,
    size,
    since(position) {
      const start = Math.max(position, size() - lastWordsBytes, 0);
      const words = Buffer.alloc(lastWordsBytes);
      return words.toString("utf8", 0, readSync(fd, words, 0, words.length, start));
    },
    trim,
    close: () => closeSync(fd),
  };
}
