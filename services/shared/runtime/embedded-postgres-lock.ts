import { readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";

/** What the process that holds a data directory tells others; a hint for people and commands, not the lock. */
export interface Holder {
  pid: number;
  since: string;
  socketDir?: string;
}

export interface DataDirLock {
  /** The hint of the holder before us; it is dead. */
  previous: Holder | undefined;
  /** Completes the hint with the socket directory once there is one. */
  announce(socketDir: string): void;
  release(): void;
}

const holderFile = "holder.json";
const sqliteBusy = 5;
/** isLocked() of another process holds the lock for a moment. */
const askMs = 250;

/**
 * Takes the data directory for this process until release() or the end of the process, however it ends.
 *
 * The lock is the kernel's own (fcntl, through an empty SQLite file in a transaction that writes nothing), so there
 * is no stale lock after kill -9, no race in taking one over, and it also holds between two containers that share
 * a volume, where a pid file says nothing because both count from 1 and PostgreSQL's own shared-memory check
 * does not reach. One limit of fcntl locks: if this process opened and closed the file `lock` itself (a backup of
 * the data directory), the lock would be gone; PostgreSQL's postmaster.pid then still refuses a second server.
 *
 * Throws an Error that names the holder when there is one.
 */
export function lockDataDir(dir: string): DataDirLock {
  const lock = new DatabaseSync(path.join(dir, "lock"), { timeout: askMs });
  try {
    lock.exec("BEGIN IMMEDIATE");
  } catch (cause) {
    lock.close();
    if ((cause as { errcode?: number }).errcode !== sqliteBusy) throw cause;
    const holder = readHolder(dir);
    throw new Error(
      `The data directory ${dir} is in use by another running saraban process` +
        `${holder === undefined ? "" : ` (process ${holder.pid}, since ${holder.since})`}. ` +
        "Stop that one first, or give this one a data directory of its own (SARABAN_DATA_DIR).",
      { cause },
    );
  }
  const previous = readHolder(dir);
  const holder: Holder = { pid: process.pid, since: new Date().toISOString() };
  const write = (hint: Holder): void =>
    writeFileSync(path.join(dir, holderFile), JSON.stringify(hint), { mode: 0o600 });
  // The former socket directory stays in the file until its successor is there, so that it is not forgotten.
  write({ ...previous, ...holder });
  return {
    previous,
    announce: (socketDir) => write({ ...holder, socketDir }),
    release() {
      lock.close();
    },
  };
}

/** Whether some process, perhaps this one, holds the directory now. */
export function isLocked(dir: string): boolean {
  try {
    const lock = new DatabaseSync(path.join(dir, "lock"), { timeout: 0 });
    try {
      lock.exec("BEGIN IMMEDIATE");
      return false;
    } finally {
      lock.close();
    }
  } catch (error) {
    return (error as { errcode?: number }).errcode === sqliteBusy;
  }
}

/** The hint of the last holder; it may be dead. */
export function readHolder(dir: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(path.join(dir, holderFile), "utf8").slice(0, 4096)) as Holder;
    return Number.isInteger(holder.pid) && typeof holder.since === "string" ? holder : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Ends every PostgreSQL process that works in `clusterDir` and that nobody owns any more (the lock is ours): the
 * server of a process that was killed. First as at every stop (SIGINT: fast shutdown), then without a checkpoint
 * (SIGQUIT), which costs a recovery at the next start and no data. Also waits for the sessions of a server that
 * was itself killed: they leave by themselves, but PostgreSQL refuses to start while one is there.
 * @returns the number of servers found
 */
export async function stopOrphans(
  clusterDir: string,
  fastWithinMs: number,
  nowWithinMs: number,
): Promise<number> {
  const orphans = serversIn(clusterDir);
  const steps = [
    { signal: "SIGINT", withinMs: fastWithinMs },
    { signal: "SIGQUIT", withinMs: nowWithinMs },
  ] as const;
  for (const { signal, withinMs } of steps) {
    // Asked again just before the signal, so that a number that has gone to another program is not hit.
    for (const { pid } of leaders(serversIn(clusterDir))) {
      try {
        process.kill(pid, signal);
      } catch {
        // Ended in between, or not ours to end: the wait below tells which.
      }
    }
    const giveUpAtMs = performance.now() + withinMs;
    while (performance.now() < giveUpAtMs) {
      if (serversIn(clusterDir).length === 0) return leaders(orphans).length;
      await pause(20);
    }
  }
  const left = serversIn(clusterDir).map(({ pid }) => pid);
  if (left.length === 0) return leaders(orphans).length;
  throw new Error(
    `A PostgreSQL left over from an earlier start still works in ${clusterDir} and does not end ` +
      `(process ${left.join(", ")}). End it (kill -QUIT ${left[0]}), then start again.`,
  );
}

interface ServerProcess {
  pid: number;
  parentPid: number;
}

/** A server and its sessions all have the cluster as their working directory; its path may have changed since. */
function serversIn(clusterDir: string): ServerProcess[] {
  const cluster = statSync(clusterDir);
  const found: ServerProcess[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const cwd = statSync(`/proc/${name}/cwd`);
      if (cwd.ino !== cluster.ino || cwd.dev !== cluster.dev) continue;
      if (!/\/postgres(?: \(deleted\))?$/.test(readlinkSync(`/proc/${name}/exe`))) continue;
      // proc(5): "pid (comm) state ppid …"; comm may itself hold blanks and brackets.
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const parentPid = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      found.push({ pid: Number(name), parentPid });
    } catch {
      // Ended while we looked, or another user's: not ours.
    }
  }
  return found;
}

function leaders(servers: readonly ServerProcess[]): ServerProcess[] {
  const pids = new Set(servers.map(({ pid }) => pid));
  return servers.filter(({ parentPid }) => !pids.has(parentPid));
}
