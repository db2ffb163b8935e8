import { Worker } from "node:worker_threads";
import type { PrintAnswers, PrintTask } from "./print-worker.ts";

/** What one task may cost. */
export interface PrintLimits {
  readonly taskMs: number;
  /** Of JavaScript objects, MB. */
  readonly heapMb: number;
  /** Of buffers, which the limits of a thread do not count, MB. */
  readonly buffersMb: number;
}

export const PRINT_LIMITS: PrintLimits = { taskMs: 60_000, heapMb: 512, buffersMb: 512 };

/** A task took more time or memory than it may; the thread was ended. */
export class PrintLimitReached extends Error {
  override readonly name = "PrintLimitReached";
  readonly limit: "time" | "memory";
  constructor(limit: "time" | "memory", options?: ErrorOptions) {
    super(`printing took more ${limit} than it may`, options);
    this.limit = limit;
  }
}

export interface PrintWorker {
  /** One task at a time. Rejects with PrintLimitReached, the signal's reason, or what the thread threw; then it is over. */
  ask<T extends PrintTask>(task: T): Promise<PrintAnswers[T["do"]]>;
  stop(): Promise<void>;
}

const MEMORY_CHECK_MS = 100;

export function startPrintWorker(limits: PrintLimits, signal?: AbortSignal): PrintWorker {
  signal?.throwIfAborted();
  const worker = new Worker(new URL("./print-worker.ts", import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: limits.heapMb },
    // The thread reads what strangers sent: it has no use for this process's secrets or flags.
    env: {},
    execArgv: [],
  });
  let asked: { resolve: (answer: never) => void; reject: (error: unknown) => void } | null = null;
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
    void worker.terminate();
    settle()?.reject(failure.error);
  };
  const onAbort = (): void => fail(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  worker.on("message", (answer) => settle()?.resolve(answer as never));
  worker.on("error", (error: NodeJS.ErrnoException) =>
    fail(
      error.code === "ERR_WORKER_OUT_OF_MEMORY" ? new PrintLimitReached("memory", { cause: error }) : error,
    ),
  );
  worker.on("exit", () => fail(new Error("the printing thread ended")));

  const checkMemory = async (): Promise<void> => {
    const statistics = await worker.getHeapStatistics();
    if (statistics.external_memory > limits.buffersMb * 1024 * 1024) fail(new PrintLimitReached("memory"));
  };
  return {
    ask(task) {
      return new Promise((resolve, reject) => {
        if (failure !== null) return reject(failure.error);
        if (asked !== null) return reject(new Error("the printing thread is busy"));
        asked = { resolve, reject };
        timer = setTimeout(() => fail(new PrintLimitReached("time")), limits.taskMs);
        // The thread may be gone before it answers; that is heard of elsewhere.
        memoryCheck = setInterval(() => checkMemory().catch(() => undefined), MEMORY_CHECK_MS);
        worker.postMessage(task);
      });
    },
    async stop() {
      signal?.removeEventListener("abort", onAbort);
      fail(new Error("printing was stopped"));
      await worker.terminate();
    },
  };
}
