import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { residentMb } from "../shared/runtime/resident-memory.ts";
import type { PrintAnswer, PrintResults, PrintTask } from "./print-process.ts";

/** What one task may cost. */
export interface PrintLimits {
  readonly taskMs: number;
  /** Of JavaScript objects, MB. */
  readonly heapMb: number;
  /** Of the whole process, MB; watched where the system tells it (Linux). */
  readonly memoryMb: number;
}

export const PRINT_LIMITS: PrintLimits = { taskMs: 60_000, heapMb: 512, memoryMb: 1024 };

/** A task took more time or memory than it may; its process was killed. */
export class PrintLimitReached extends Error {
  override readonly name = "PrintLimitReached";
  readonly limit: "time" | "memory";
  constructor(limit: "time" | "memory") {
    super(`printing took more ${limit} than it may`);
    this.limit = limit;
  }
}

export interface PrintProcess {
  /**
   * One task at a time. Rejects with PrintLimitReached or the signal's reason, and then it is over; or with what the task
   * threw.
   */
  ask<T extends PrintTask>(task: T): Promise<PrintResults[T["do"]]>;
  stop(): Promise<void>;
}

const MEMORY_CHECK_MS = 100;

/**
 * Starts a process for printing. Not a thread: a thread at its memory limit ended the whole service (seen with Node 24,
 * where V8 aborts when the limit is met inside an allocation of a buffer), and what is read here comes from strangers.
 */
export function startPrintProcess(limits: PrintLimits, signal?: AbortSignal): PrintProcess {
  signal?.throwIfAborted();
  const child = fork(fileURLToPath(new URL("./print-process.ts", import.meta.url)), {
    execArgv: [`--max-old-space-size=${limits.heapMb}`],
    // It has no use for this process's secrets, and what V8 says when it dies is told by PrintLimitReached.
    env: {},
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    serialization: "advanced",
  });
  let asked: { resolve: (result: never) => void; reject: (error: unknown) => void } | null = null;
  let failure: { readonly error: unknown } | null = null;
  let timer: NodeJS.Timeout | undefined;
  let memoryCheck: NodeJS.Timeout | undefined;

  const settle = (): typeof asked => {
    clearTimeout(timer);
    clearInterval(memoryCheck);
    const settled = asked;
    asked = null;
    return settled;
  };
  const fail = (error: unknown): void => {
    failure ??= { error };
    child.kill("SIGKILL");
    settle()?.reject(failure.error);
  };
  const onAbort = (): void => fail(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  child.on("message", (answer: PrintAnswer) => {
    if ("error" in answer) settle()?.reject(answer.error);
    else settle()?.resolve(answer.result as never);
  });
  const gone = new Promise<void>((resolve) => {
    child.on("error", (error) => {
      fail(error);
      // Without a process number it never began, and no exit follows.
      if (child.pid === undefined) resolve();
    });
    child.on("exit", (code, killedBy) => {
      fail(endedBy(code, killedBy));
      resolve();
    });
  });
  const checkMemory = (): void => {
    if (residentMb(child.pid) > limits.memoryMb) fail(new PrintLimitReached("memory"));
  };
  return {
    ask(task) {
      return new Promise((resolve, reject) => {
        if (failure !== null) return reject(failure.error);
        if (asked !== null) return reject(new Error("the printing process is busy"));
        asked = { resolve, reject };
        timer = setTimeout(() => fail(new PrintLimitReached("time")), limits.taskMs);
        memoryCheck = setInterval(checkMemory, MEMORY_CHECK_MS);
        child.send(task, (error) => {
          if (error !== null) fail(error);
        });
      });
    },
    async stop() {
      signal?.removeEventListener("abort", onAbort);
      fail(new Error("printing was stopped"));
      await gone;
    },
  };
}

/** V8 aborts at the heap's limit; a system short of memory kills. */
function endedBy(code: number | null, killedBy: NodeJS.Signals | null): Error {
  if (killedBy === "SIGABRT" || killedBy === "SIGKILL" || code === 134)
    return new PrintLimitReached("memory");
  return new Error(`the printing process ended (${killedBy ?? code})`);
}
