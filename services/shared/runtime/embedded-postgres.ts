import { access, constants, mkdir, stat } from "node:fs/promises";
import { totalmem } from "node:os";
import path from "node:path";
import { findPostgresPackage, type PostgresBinaries, placeBinaries } from "./embedded-postgres-binaries.ts";
import { chooseRunAs, prepareCluster } from "./embedded-postgres-cluster.ts";
import {
  makeSocketDir,
  openServerLog,
  port,
  removeSocketDir,
  type ServerLog,
} from "./embedded-postgres-files.ts";
import { isLocked, lockDataDir, readHolder, stopOrphans } from "./embedded-postgres-lock.ts";
import {
  type EmbeddedConnection,
  type EmbeddedPostgres,
  launchServer,
  quitWithinMs,
  superviseServer,
} from "./embedded-postgres-server.ts";
import type { Log } from "./log.ts";

export type { EmbeddedConnection, EmbeddedPostgres };

export interface EmbeddedPostgresOptions {
  /** The installation's data directory; all of ours is in its folder `postgres`. */
  dataDir: string;
  log: Pick<Log, "info" | "warn">;
  /** Made with the cluster, never later. Lower-case letters, digits and _. */
  database?: string;
  /** PostgreSQL settings over the ones below, such as { fsync: "off" } for tests. */
  settings?: Readonly<Record<string, string>>;
  /** Recovery after a crash happens within it. */
  startWithinMs?: number;
  /** For a fast shutdown; then the server is ended without a checkpoint. */
  stopWithinMs?: number;
  /** Where PostgreSQL is, and where it may be copied to if it cannot run there; for tests. */
  binaries?: PostgresBinaries;
  copyParents?: readonly string[];
}

const defaultSettings: Readonly<Record<string, string>> = {
  max_connections: "100",
  shared_buffers: `${sharedBuffersMb()}MB`,
  timezone: "UTC",
  log_timezone: "UTC",
  log_checkpoints: "off",
  // Statements and details of errors can quote a letter. Our processes get every error over their connection and
  // log its code; the server's own file keeps what happens to the server: starts, ends, recovery, FATAL, PANIC.
  log_min_messages: "log",
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
};

/**
 * An eighth of the memory that this process may have, 128 MB to 4 GB: what a search reads should not have to be fetched
 * page by page from the system. It is taken up as it is used.
 */
function sharedBuffersMb(): number {
  const mayUseBytes = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return Math.round(Math.min(4096, Math.max(128, mayUseBytes / 8 / 1024 ** 2)));
}

/**
 * Starts PostgreSQL as a child of this process, for development and for installations of one host.
 *
 * Who may connect: the server listens on a Unix socket only, in a fresh directory of mode 0700, and trusts whoever
 * reaches it. Those are the owner of the directory, which is the server's own user id, and root: exactly the two
 * who can read the data files anyway, so a password would keep nobody out. (`peer` would ask for the caller's name
 * in /etc/passwd, which the server's id need not have, and would refuse root, who is not called postgres.)
 *
 * When this process ends without stop(), even by kill -9, a waiting shell asks the server to stop; if that failed
 * too, the next start ends the left-over server first.
 *
 * Throws Error with a message for a person: what is wrong, where, what to do.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log, database = "saraban", startWithinMs = 120_000, stopWithinMs = 10_000 } = options;
  const startedAtMs = performance.now();
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(database)) throw new Error(`unfit database name: ${database}`);
  const binaries = options.binaries ?? findPostgresPackage();
  const home = path.resolve(options.dataDir, "postgres");
  const clusterDir = path.join(home, "cluster");
  await makeHome(home);
  const runAs = await chooseRunAs(clusterDir);
  const lock = lockDataDir(home);
  let socketDir: string | undefined;
  let serverLog: ServerLog | undefined;
  try {
    await removeSocketDir(lock.previous?.socketDir);
    const copyParents =
      options.copyParents ?? (runAs.uid === undefined ? [home] : ["/var/cache", "/var/tmp", "/tmp"]);
    const nativeDir = await placeBinaries(binaries, runAs, copyParents);
    const orphans = await stat(clusterDir).then(
      () => stopOrphans(clusterDir, stopWithinMs, quitWithinMs),
      () => 0,
    );
    if (orphans > 0)
      log.warn({ orphans }, "stopped a database server left over from a process that was killed");
    const age = await prepareCluster(clusterDir, nativeDir, binaries, runAs, database);
    socketDir = await makeSocketDir(runAs);
    lock.announce(socketDir);
    const settings = { ...defaultSettings, ...options.settings };
    serverLog = openServerLog(path.join(home, "server.log"));
    const server = await launchServer(
      nativeDir,
      clusterDir,
      runAs,
      socketDir,
      settings,
      serverLog,
      startWithinMs,
    );
    const ms = Math.round(performance.now() - startedAtMs);
    log.info(
      { serverPid: server.pid, cluster: age, version: binaries.version, ms },
      "database server started",
    );
    return superviseServer(server, {
      clusterDir,
      runAs,
      socketDir,
      database,
      serverLog,
      stopWithinMs,
      release: lock.release,
      log,
    });
  } catch (error) {
    serverLog?.close();
    await removeSocketDir(socketDir);
    lock.release();
    throw error;
  }
}

async function makeHome(home: string): Promise<void> {
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    await access(home, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new Error(
      `The database directory ${home} is closed to this process (user id ${process.getuid?.()}): ` +
        `${(cause as Error).message}. Start as the user who owns it or as root, or choose another data ` +
        "directory (SARABAN_DATA_DIR).",
      { cause },
    );
  }
}

/** How a second process (a command beside the running service) reaches the server that the first has started. */
export function findRunningPostgres(dataDir: string, database = "saraban"): EmbeddedConnection | undefined {
  const home = path.resolve(dataDir, "postgres");
  const socketDir = readHolder(home)?.socketDir;
  if (socketDir === undefined || !isLocked(home)) return undefined;
  return { host: socketDir, port, user: "postgres", database };
}
