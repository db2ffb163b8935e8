import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { inScratch } from "../scratch.ts";

export interface BenchOptions {
  /** Undefined: the bench's own default. */
  readonly letters: number | undefined;
  readonly seconds: number | undefined;
  readonly seed: number;
  /** For CI: under 30 s, figures only roughly right. */
  readonly quick: boolean;
}

/** What a bench is given. */
export interface BenchRun {
  readonly options: BenchOptions;
  /** An empty folder that other users may pass through; removed at the end, with all in it. */
  readonly scratchDir: string;
  /** To stderr; stdout is for the result. */
  say(line: string): void;
  /** Called at the end, last one first, also after Ctrl-C and failure; must bear being called when all is over. */
  atEnd(stop: () => unknown): void;
}

/** Measures, and returns what stands in the last line of stdout. */
export type Bench = (run: BenchRun) => Promise<Record<string, unknown>>;

/**
 * Runs a bench; whatever happens, its processes are stopped and its folder is removed.
 * @returns the result, or undefined when a signal ended the run
 */
export async function runBench(
  bench: Bench,
  options: BenchOptions,
): Promise<Record<string, unknown> | undefined> {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const ran = Promise.withResolvers<Record<string, unknown>>();
  ran.promise.catch(() => {}); // after a signal nobody asks
  const { interrupted } = await inScratch("saraban-bench", async ({ dir, atEnd }) => {
    // The database server and Postfix work in it under user ids of their own.
    await chmod(dir, 0o711);
    await bench({ options, scratchDir: dir, say, atEnd }).then(ran.resolve, ran.reject);
    return true; // a failed run may have left a gigabyte: the folder goes too
  });
  return interrupted ? undefined : ran.promise;
}

/** The program's path, or undefined: the places where Debian puts servers, whatever PATH says. */
export function findProgram(name: string): string | undefined {
  for (const folder of ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"]) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {}
  }
  return undefined;
}

/**
 * Runs a program to its end. @returns its stdout
 * @throws Error with the end of its stderr when its exit code is not 0 or it takes longer than `withinMs`
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  withinMs: number,
): Promise<string> {
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: withinMs,
    killSignal: "SIGKILL",
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err = (err + text).slice(-2_000);
  });
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (code !== 0) throw new Error(`${program} ended with ${signal ?? code}: ${err.trim()}`);
  return out;
}

/** Of an even count the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return (low + high) / 2;
}

/** Nearest rank: the smallest value that `percent` of all do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

export function rounded(value: number, decimals = 0): number {
  return Number(value.toFixed(decimals));
}
