import { spawn } from "node:child_process";
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  openSync,
  readdirSync,
} from "node:fs";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { adviceFor } from "./embedded-postgres-advice.ts";
import type { PostgresBinaries, RunAs } from "./embedded-postgres-binaries.ts";

/**
 * The name by which a server finds its own data: the directory it was started in.
 *
 * PostgreSQL makes every path it is given absolute, and a server that is not root cannot walk an absolute path
 * through a folder that only root may enter. The working directory, however, is inherited open, and /proc/self/cwd
 * leads to it without a walk. So data stay below the data directory, wherever that is, and the directory may be
 * moved as a whole.
 */
export const ownDirectory = "/proc/self/cwd";

/**
 * Who the server is when we are root. Not "nobody": other services of a host run as nobody too, and whoever shares
 * the server's uid can read its files, stop it, and log in without a password. 65522 lies between the ranges that
 * Debian and systemd give out (both end at 65519) and nobody (65534), is no container image's habit (65532 is),
 * and exists in user namespaces, which mostly map 0 to 65535. It needs no line in /etc/passwd.
 */
export const unnamedServerUid = 65522;

const initTimeoutMs = 120_000;
const maxDepth = 12;

/**
 * The uid and gid of the server. When we are root: those of the cluster, if it has an owner who is not root.
 * Throws an Error when the cluster belongs to somebody we cannot be.
 */
export async function chooseRunAs(clusterDir: string): Promise<RunAs> {
  const ourUid = process.getuid?.() ?? 0;
  const owner = await stat(clusterDir).catch(() => undefined);
  if (ourUid !== 0) {
    if (owner === undefined || owner.uid === ourUid) return {};
    throw new Error(
      `The database in ${clusterDir} belongs to user id ${owner.uid}, and this process is user id ${ourUid}. ` +
        `Start as that user or as root, or hand it over: chown -R ${ourUid} ${clusterDir}`,
    );
  }
  if (owner === undefined || owner.uid === 0) return { uid: unnamedServerUid, gid: unnamedServerUid };
  return { uid: owner.uid, gid: owner.gid };
}

/**
 * Makes the cluster if there is none, else checks that it can be used by this version and owner.
 * A new one is complete, on disk and owned by the server before it takes its name, so that a crash on the way
 * leaves nothing that a later start could take for a cluster.
 */
export async function prepareCluster(
  clusterDir: string,
  nativeDir: string,
  binaries: PostgresBinaries,
  runAs: RunAs,
  database: string,
): Promise<"new" | "old"> {
  const madeBy = await readFile(path.join(clusterDir, "PG_VERSION"), "utf8").catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      return undefined;
    },
  );
  if (madeBy !== undefined) {
    if (madeBy.trim() !== binaries.majorVersion) {
      throw new Error(
        `The database in ${clusterDir} was made by PostgreSQL ${madeBy.trim()}, and this installation brings ` +
          `PostgreSQL ${binaries.majorVersion}, which cannot open it. Go back to the former installation, or dump ` +
          "the data there with pg_dump, move this directory away, and load the dump here.",
      );
    }
    takeOver(clusterDir, runAs);
    return "old";
  }

  const staging = `${clusterDir}.new`;
  await rm(staging, { recursive: true, force: true });
  try {
    await makeCluster(staging, nativeDir, runAs, database);
    await rename(staging, clusterDir);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error;
  }
  const parent = await open(path.dirname(clusterDir), constants.O_RDONLY);
  await parent.sync().finally(() => parent.close());
  return "new";
}

async function makeCluster(
  staging: string,
  nativeDir: string,
  runAs: RunAs,
  database: string,
): Promise<void> {
  await mkdir(staging, { mode: 0o700 });
  // initdb insists on a name for its user id in /etc/passwd (the server itself does not), so when we are root
  // nobody lends its name for this one second, in a directory that nobody but root and it can find.
  const maker: RunAs = runAs.uid === undefined ? runAs : await nobody();
  give(staging, 0, maker);
  const initdb = path.join(nativeDir, "bin", "initdb");
  // Collation by code point from PostgreSQL itself, so that no index depends on the C library of the host the
  // data are moved to. LC_CTYPE=C.UTF-8 and not C, or pg_trgm sees no letters in Thai words.
  await run(initdb, maker, staging, [
    "--username=postgres --auth-local=trust --auth-host=reject --encoding=UTF8 --locale=C.UTF-8",
    "--locale-provider=builtin --builtin-locale=C.UTF-8 --data-checksums --no-sync --no-instructions",
  ]);
  if (database !== "postgres") {
    const server = path.join(nativeDir, "bin", "postgres");
    await run(server, maker, staging, ["--single", "-F", "postgres"], `CREATE DATABASE ${database}\n`);
  }
  give(staging, maker.uid ?? 0, runAs);
  // Nothing above was synced; now all is, in one system call instead of a thousand, owners included.
  await run(initdb, runAs, staging, ["--sync-only", "--sync-method=syncfs"]);
}

/** After a copy or unpacking by root all belongs to root, and often everybody may read: both stop a server. */
function takeOver(clusterDir: string, runAs: RunAs): void {
  give(clusterDir, 0, runAs);
  if (runAs.uid === undefined) chmodSync(clusterDir, 0o700);
}

/** Gives the directory and all in it that belongs to user id `from` to `to`; does nothing when `to` names nobody. */
function give(dir: string, from: number, to: RunAs): void {
  if (to.uid === undefined || to.gid === undefined) return;
  const top = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    if (fstatSync(top).uid === from) giveOpened(top, from, to.uid, to.gid, 0);
    fchmodSync(top, 0o700);
  } finally {
    closeSync(top);
  }
}

/**
 * By open directories and never by path: the present owner could exchange a directory for a link while root walks,
 * and root would give away the link's target. A file with a second name might be anybody's and is refused.
 */
function giveOpened(dir: number, from: number, uid: number, gid: number, depth: number): void {
  if (depth > maxDepth) throw new Error("the database directory is deeper than PostgreSQL makes it");
  fchownSync(dir, uid, gid);
  for (const entry of readdirSync(`/proc/self/fd/${dir}`, { withFileTypes: true })) {
    if (!entry.isDirectory() && !entry.isFile()) continue;
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const opened = openSync(`/proc/self/fd/${dir}/${entry.name}`, flags);
    try {
      const found = fstatSync(opened);
      if (found.uid !== from) continue;
      if (found.isDirectory()) giveOpened(opened, from, uid, gid, depth + 1);
      else if (found.nlink === 1) fchownSync(opened, uid, gid);
      else throw new Error(`${entry.name} in the database directory has a second name (hard link)`);
    } finally {
      closeSync(opened);
    }
  }
}

async function nobody(): Promise<RunAs> {
  const text = await readFile("/etc/passwd", "utf8").catch(() => "");
  const fields = /^nobody:[^:]*:(\d+):(\d+):/m.exec(text);
  // Without a line of its own systemd answers for this number.
  return { uid: Number(fields?.[1] ?? 65534), gid: Number(fields?.[2] ?? 65534) };
}

/** Runs a program of PostgreSQL in `cwd` as its own data directory. Throws with its last words when it fails. */
function run(file: string, runAs: RunAs, cwd: string, args: readonly string[], input = ""): Promise<void> {
  const words = args.flatMap((part) => part.split(" "));
  const single = words[0] === "--single" ? ["--single"] : [];
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...single, "-D", ownDirectory, ...words.slice(single.length)], {
      ...runAs,
      cwd,
      env: {},
      stdio: ["pipe", "ignore", "pipe"],
      detached: true,
      timeout: initTimeoutMs,
      killSignal: "SIGKILL",
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString("utf8")).slice(-2000);
    });
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    const fail = (why: string): void =>
      reject(new Error(`Could not make a database in ${path.dirname(cwd)}: ${why}${adviceFor(why)}`));
    child.on("error", (error) => fail(`${path.basename(file)}: ${error.message}`));
    child.on("close", (code, signal) => {
      // Single-user mode ends well even when its statement has failed.
      if (code === 0 && !/^.*(?:ERROR|FATAL):/m.test(said)) resolve();
      else
        fail(
          /^.*(?:ERROR|FATAL|PANIC|error):.*$/m.exec(said)?.[0] ??
            (said.trim() || `${path.basename(file)} ended with ${signal ?? code}`),
        );
    });
  });
}
