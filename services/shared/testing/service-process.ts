import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { projectDir, readJson } from "../runtime/settings.ts";

export interface ServiceExit {
  /** Null when a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running `saraban COMMAND`. */
export interface ServiceProcess {
  readonly pid: number;
  /** What it wrote to stdout so far, line by line. */
  readonly said: readonly string[];
  /** @throws Error when the command opened no SMTP port */
  readonly smtpPort: number;
  /** "http://127.0.0.1:PORT" @throws Error when the command serves no HTTP */
  readonly httpUrl: string;
  /** Its stderr: log lines in JSON. A second process with the same data folder appends to the same file. */
  readonly logFile: string;
  readonly exited: Promise<ServiceExit>;
  /** SIGTERM, and SIGKILL after `withinMs` (the service gives itself 9 s). Does nothing to a process that has ended. */
  stop(withinMs?: number): Promise<ServiceExit>;
  /** SIGKILL: what a power cut or the kernel's out-of-memory killer leaves behind. */
  kill(): Promise<ServiceExit>;
}

export interface ServiceProcessOptions {
  /** Scratch folder: SARABAN_DATA_DIR and the log file. */
  readonly dataDir: string;
  /** Settings beyond the ones below, by variable name. The caller's own environment is not passed on. */
  readonly environment?: Readonly<Record<string, string>>;
  /** For node itself, before services/cli.ts (--cpu-prof …). */
  readonly nodeArguments?: readonly string[];
  readonly readyWithinMs?: number;
}

const cliFile = fileURLToPath(new URL("../../cli.ts", import.meta.url));

/** Free ports, so that any number of services run side by side; a fixed PATH, so that nothing leaks in from the caller. */
const ownEnvironment = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  SARABAN_SMTP_PORT: "0",
  SARABAN_HTTP_PORT: "0",
};

/** The words of `npm start`: what it sets for Node and the C library holds for every `all`, here too. */
const startWords = (
  readJson(join(projectDir, "package.json")) as { readonly scripts: { readonly start: string } }
).scripts.start.split(" ");
const startEnvironment = Object.fromEntries(
  startWords.flatMap((word) => (/^[A-Z_]+=/.test(word) ? [word.split("=")] : [])),
);
const startArguments = startWords.filter((word) => word.startsWith("--"));

/**
 * Starts `node services/cli.ts COMMAND` and waits until it says that it is ready.
 * @throws Error with the end of its stderr when it ends first or is not ready in time
 */
export async function startServiceProcess(
  command: string,
  options: ServiceProcessOptions,
): Promise<ServiceProcess> {
  const { dataDir, environment = {}, nodeArguments = [], readyWithinMs = 60_000 } = options;
  await mkdir(dataDir, { recursive: true });
  const logFile = join(dataDir, `${command}.log`);
  const log = openSync(logFile, "a");
  const child = spawn(
    process.execPath,
    [...(command === "all" ? startArguments : []), ...nodeArguments, cliFile, command],
    {
      env: {
        ...ownEnvironment,
        ...(command === "all" ? startEnvironment : {}),
        SARABAN_DATA_DIR: dataDir,
        ...environment,
      },
      stdio: ["ignore", "pipe", log],
      // A group of its own: Ctrl-C at a terminal signals the whole group, and a service takes a second signal for "now".
      detached: true,
    },
  );
  closeSync(log);
  const exited = exitOf(child);
  const said: string[] = [];
  const ready = Promise.withResolvers<void>();
  createInterface({ input: child.stdout as Readable }).on("line", (line) => {
    said.push(line);
    if (line.startsWith(`saraban ${command} is ready`)) ready.resolve();
  });

  const end = async (signal: NodeJS.Signals): Promise<ServiceExit> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return exited;
  };
  const stop = async (withinMs = 15_000): Promise<ServiceExit> => {
    const overdue = setTimeout(() => void end("SIGKILL"), withinMs);
    return end("SIGTERM").finally(() => clearTimeout(overdue));
  };
  try {
    await inTime(
      Promise.race([ready.promise, exited.then(() => Promise.reject(new Error("it ended")))]),
      readyWithinMs,
    );
  } catch (cause) {
    await stop();
    const words = readFileSync(logFile, "utf8").slice(-2_000);
    throw new Error(`saraban ${command} did not get ready: ${(cause as Error).message}\n${words}`, { cause });
  }
  const find = (pattern: RegExp, what: string): string => {
    for (const line of said) {
      const found = pattern.exec(line)?.[1];
      if (found !== undefined) return found;
    }
    throw new Error(`saraban ${command} said no ${what}`);
  };
  return {
    pid: child.pid as number,
    said,
    get smtpPort() {
      return Number(find(/SMTP on \S+:(\d+)/, "SMTP port"));
    },
    get httpUrl() {
      return find(/HTTP on (https?:\/\/[^\s/]+)/, "HTTP address");
    },
    logFile,
    exited,
    stop,
    kill: () => end("SIGKILL"),
  };
}

/** Resolves when the process is gone; until then our own end, however it comes about, asks it to stop. */
async function exitOf(child: ChildProcess): Promise<ServiceExit> {
  const onOurExit = (): void => void child.kill("SIGTERM");
  process.on("exit", onOurExit);
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    return { code, signal };
  } finally {
    process.off("exit", onOurExit);
  }
}

async function inTime<Result>(promise: Promise<Result>, withinMs: number): Promise<Result> {
  const { promise: overdue, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not within ${withinMs} ms`)), withinMs);
  return Promise.race([promise, overdue]).finally(() => clearTimeout(timer));
}
