import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../shared/testing/free-port.ts";

/** What the one signature of the test's clamd finds: harmless, and unlike anything else. */
export const MARKER = "SARABAN-TEST-MARKER-OF-NO-HARM-7f3a";
/** Its signature as clamd names it: what comes from no official database ends in .UNOFFICIAL. */
export const MARKER_SIGNATURE = "Saraban.Test.Marker-1.UNOFFICIAL";
/** clamd's own limit (StreamMaxLength). */
export const STREAM_MAX_BYTES = 1024 * 1024;

export interface RunningClamd {
  /** For scanner.address. */
  readonly tcp: string;
  readonly unix: string;
  stop(): Promise<void>;
}

/** Debian's clamd, or undefined where it is not installed. */
export function findClamd(): string | undefined {
  for (const path of ["/usr/sbin/clamd", "/usr/local/sbin/clamd"]) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {}
  }
  return undefined;
}

/**
 * Starts a clamd of its own on loopback with a database of one signature, so that nothing has to be fetched; stopped by
 * its process id.
 * @throws Error with what it said when it does not listen within 20 s
 */
export async function startClamd(path: string, port?: number): Promise<RunningClamd> {
  const dir = await mkdtemp(join(tmpdir(), "saraban-clamd-"));
  const tcpPort = port ?? (await freePort());
  const database = join(dir, "database");
  await mkdir(database);
  const hex = Buffer.from(MARKER, "latin1").toString("hex");
  // Type 0: any file; *: at any place in it.
  await writeFile(join(database, "marker.ndb"), `Saraban.Test.Marker-1:0:*:${hex}\n`);
  const config = join(dir, "clamd.conf");
  const socket = join(dir, "clamd.sock");
  await writeFile(
    config,
    `Foreground yes
DatabaseDirectory ${database}
TemporaryDirectory ${dir}
TCPSocket ${tcpPort}
TCPAddr 127.0.0.1
LocalSocket ${socket}
StreamMaxLength ${STREAM_MAX_BYTES}
MaxThreads 4
`,
  );
  const child = spawn(path, ["-c", config], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const hear = (text: string): void => {
    said = (said + text).slice(-4_000);
  };
  child.stdout.setEncoding("utf8").on("data", hear);
  child.stderr.setEncoding("utf8").on("data", hear);
  const stop = async (): Promise<void> => {
    // Without a pid it never began: there is no such program.
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    }
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await listens(child, () => said);
  } catch (error) {
    await stop();
    throw new Error(`clamd does not listen: ${said.trim()}`, { cause: error });
  }
  return { tcp: `tcp://127.0.0.1:${tcpPort}`, unix: `unix:${socket}`, stop };
}

/** The last thing clamd says before it takes connections; its database is loaded and its sockets are bound by then. */
async function listens(child: ChildProcess, said: () => string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const look = (): void => {
    if (said().includes("Self checking every")) resolve();
  };
  const ended = (): void => reject(new Error("it has ended"));
  child.stdout?.on("data", look);
  child.stderr?.on("data", look);
  child.once("exit", ended);
  child.once("error", reject);
  const timer = setTimeout(() => reject(new Error("not within 20 s")), 20_000);
  await promise.finally(() => {
    clearTimeout(timer);
    child.stdout?.off("data", look);
    child.stderr?.off("data", look);
    child.off("exit", ended);
  });
}
