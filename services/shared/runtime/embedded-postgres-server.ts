import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { adviceFor } from "./embedded-postgres-advice.ts";
import type { RunAs } from "./embedded-postgres-binaries.ts";
import { ownDirectory } from "./embedded-postgres-cluster.ts";
import { port, removeSocketDir, type ServerLog } from "./embedded-postgres-files.ts";
import type { Log } from "./log.ts";

const logCheckMs = 10 * 60_000;
/** PostgreSQL itself kills sessions that have not obeyed a SIGQUIT for 5 s. */
export const quitWithinMs = 6_000;

/** Fields for node-postgres. The host is a directory: a Unix socket, no password. */
export interface EmbeddedConnection {
  host: string;
  port: number;
  user: string;
  database: string;
}

export interface ServerEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** False when nobody here had asked for it. */
  asked: boolean;
}

export interface EmbeddedPostgres {
  socketDir: string;
  connection: EmbeddedConnection;
  pid: number;
  /** Fast shutdown: sessions are cut, what was committed is on disk. May be called twice. */
  stop(): Promise<void>;
  exited: Promise<ServerEnd>;
}

/** A server that answers. */
export interface Server {
  child: ChildProcess;
  pid: number;
  ended: Promise<Omit<ServerEnd, "asked">>;
}

/** Starts the server and waits until it answers. Throws with the server's last words when it does not. */
export async function launchServer(
  nativeDir: string,
  clusterDir: string,
  runAs: RunAs,
  socketDir: string,
  settings: Readonly<Record<string, string>>,
  serverLog: ServerLog,
  startWithinMs: number,
): Promise<Server> {
  const fixed = {
    listen_addresses: "",
    unix_socket_directories: socketDir,
    unix_socket_permissions: "0700",
    port,
  };
  const args = Object.entries({ ...settings, ...fixed }).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ]);
  const logStart = serverLog.size();
  const child = spawn(path.join(nativeDir, "bin", "postgres"), ["-D", ownDirectory, ...args], {
    ...runAs,
    cwd: clusterDir,
    env: {},
    stdio: ["ignore", serverLog.fd, serverLog.fd],
    // A process group of its own: Ctrl-C at the terminal must reach only us, who stop the services first.
    detached: true,
  });
  const ended = new Promise<Omit<ServerEnd, "asked">>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  let fault: Error | undefined;
  const failed = new Promise<void>((resolve) => {
    child.on("error", (error) => {
      fault = error;
      resolve();
    });
  });
  const why = (what: string): Error => {
    const words = serverLog.since(logStart).trim();
    return new Error(
      `PostgreSQL ${what} (data in ${clusterDir}). Its last words: ${words || "none"}${adviceFor(words)}`,
    );
  };
  let over: Omit<ServerEnd, "asked"> | undefined;
  const noted = ended.then((end) => {
    over = end;
  });
  const giveUpAtMs = performance.now() + startWithinMs;
  while (!(await isReady(clusterDir, child.pid))) {
    await Promise.race([pause(10), noted, failed]);
    if (fault !== undefined) throw why(`could not be run: ${fault.message}`);
    if (over !== undefined) throw why(`ended at its start with ${over.signal ?? over.code}`);
    if (performance.now() > giveUpAtMs) {
      child.kill("SIGQUIT");
      await ended;
      throw why(`was not ready after ${startWithinMs / 1000} s`);
    }
  }
  return { child, pid: child.pid as number, ended };
}

/** As pg_ctl does: line 1 of postmaster.pid is the process, line 8 its state. An old file has another process. */
async function isReady(clusterDir: string, pid: number | undefined): Promise<boolean> {
  const lines = (await readFile(path.join(clusterDir, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
  return Number(lines[0]) === pid && lines[7]?.trim() === "ready";
}

export interface Supervision {
  clusterDir: string;
  runAs: RunAs;
  socketDir: string;
  database: string;
  serverLog: ServerLog;
  stopWithinMs: number;
  release: () => void;
  log: Pick<Log, "info" | "warn">;
}

/** Hands out the running server, and sees to what must happen at its end, whoever brings it about. */
export function superviseServer(server: Server, around: Supervision): EmbeddedPostgres {
  const { child, pid, ended } = server;
  const { socketDir, serverLog, log } = around;
  const mourner = watchOverUs(pid, around);
  const trim = setInterval(() => serverLog.trim(), logCheckMs).unref();
  // A program that forgets stop() can still end; the mourner then ends the server.
  child.unref();
  let asked = false;
  const exited = ended.then(async (end) => {
    clearInterval(trim);
    mourner.kill("SIGKILL");
    if (!asked)
      log.warn({ pid, ...end, lastWords: serverLog.since(serverLog.size() - 2000) }, "database server ended");
    serverLog.close();
    await removeSocketDir(socketDir);
    around.release();
    return { ...end, asked };
  });
  const stop = async (): Promise<void> => {
    asked = true;
    child.ref();
    child.kill("SIGINT");
    const overdue = setTimeout(() => {
      log.warn(
        { pid, withinMs: around.stopWithinMs },
        "database server did not stop in time: ending it, it will recover",
      );
      child.kill("SIGQUIT");
    }, around.stopWithinMs);
    const hopeless = setTimeout(() => child.kill("SIGKILL"), around.stopWithinMs + quitWithinMs);
    await exited;
    clearTimeout(overdue);
    clearTimeout(hopeless);
  };
  const connection = { host: socketDir, port, user: "postgres", database: around.database };
  return { socketDir, connection, pid, stop, exited };
}

/**
 * A shell that waits at a pipe from us. The kernel closes the pipe when we are gone, however we went; then the shell
 * asks the server to stop (SIGINT: fast shutdown), after a look whether that number still is the server: its
 * working directory is ours. Without /bin/sh nothing is lost but time: the next start does the same.
 */
function watchOverUs(pid: number, { clusterDir, runAs, log }: Supervision): ChildProcess {
  const script = 'read -r _; [ "/proc/$1/cwd" -ef . ] && kill -INT "$1"';
  const shell = spawn("/bin/sh", ["-c", script, "sh", String(pid)], {
    ...runAs,
    cwd: clusterDir,
    env: {},
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  shell.on("error", (error) => log.warn({ err: error }, "nobody watches over the database server"));
  shell.stdin?.on("error", () => {});
  shell.unref();
  (shell.stdin as unknown as { unref?: () => void })?.unref?.();
  return shell;
}
