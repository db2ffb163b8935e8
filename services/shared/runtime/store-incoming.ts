import { randomUUID } from "node:crypto";
import { readdir, readFile, stat, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

const dayMs = 24 * 60 * 60 * 1000;

/** Names of files that are still being written: `<host>.<pid>.<started>.<uuid>.part`. */
export async function nameIncoming(): Promise<() => string> {
  const prefix = `${hostKey()}.${process.pid}.${(await startedAt(process.pid)) ?? "0"}`;
  return () => `${prefix}.${randomUUID()}.part`;
}

/**
 * Removes what a dead process left half written, and anything older than a day whoever wrote it.
 * A file of a process on this host is left alone while that process lives. Should a live file be taken
 * all the same (two containers that share a host name), its writer fails at the link and answers 451:
 * a letter comes twice, none is lost.
 *
 * @returns how many files were removed
 */
export async function sweepIncoming(dir: string, nowMs: number): Promise<number> {
  let removed = 0;
  for (const name of await readdir(dir)) {
    if (!name.endsWith(".part")) continue;
    const path = join(dir, name);
    try {
      const { mtimeMs } = await stat(path);
      if (nowMs - mtimeMs < dayMs && (await mayBeAlive(name))) continue;
      await unlink(path);
      removed++;
    } catch (error) {
      // Another process that starts at the same moment sweeps too.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return removed;
}

async function mayBeAlive(name: string): Promise<boolean> {
  const [host, pid, started] = name.split(".");
  if (host !== hostKey()) return true;
  const now = await startedAt(Number(pid));
  // A process id is given out again (in a container it is always the same): the start time tells
  // this process from its forerunner.
  return now !== null && now === started;
}

/**
 * Start of a process in clock ticks since boot (field 22 of /proc/<pid>/stat), `null` when there is no
 * such process, `"0"` where there is no /proc: then only the age of a file counts.
 */
async function startedAt(pid: number): Promise<string | null> {
  if (process.platform !== "linux") return "0";
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses and may itself hold spaces.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "0";
  } catch {
    return null;
  }
}

const hostKey = (): string => hostname().replaceAll(/[^A-Za-z0-9-]/g, "_") || "host";
