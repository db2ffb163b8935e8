import type { Log } from "./log.ts";

/** Something that was started and must be stopped again. `stop` may be called once. */
export interface Running {
  readonly name: string;
  stop(): Promise<void>;
}

/** Time between the first signal and the end of the process, whatever still hangs. */
const STOP_WITHIN_MS = 9_000;

/**
 * Stops in the reverse order of starting: doors and workers before queues, queues before pools, pools before the
 * database server. One that fails to stop is logged and does not keep the others up.
 */
export async function stopAll(running: readonly Running[], log: Log): Promise<void> {
  for (const part of [...running].reverse()) {
    const startedMs = performance.now();
    try {
      await part.stop();
      log.debug({ part: part.name, ms: Math.round(performance.now() - startedMs) }, "stopped");
    } catch (error) {
      log.error({ part: part.name, err: error }, "could not stop cleanly");
    }
  }
}

/**
 * One Ctrl-C arrives more than once: the terminal signals the whole process group, and the npm and scripts/saraban.js
 * above this process pass on what they got. All within milliseconds; a person who presses again takes longer.
 */
const ONE_SIGNAL_MS = 500;

/**
 * Listens for SIGTERM and SIGINT from now on. Resolves with the first one's name; a later one means now (exit code 130).
 * To be called before the start: a process that is told to stop half way through it ends in order too, or, should the
 * start hang, after the time that a stop may take.
 */
export function firstSignal(log: Log): Promise<string> {
  return new Promise((resolve) => {
    let firstAtMs: number | undefined;
    const onSignal = (name: string): void => {
      if (firstAtMs !== undefined) {
        if (performance.now() - firstAtMs > ONE_SIGNAL_MS) process.exit(130);
        return;
      }
      firstAtMs = performance.now();
      leaveWhenOverdue(log, 0).unref();
      resolve(name);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });
}

/**
 * Waits for a signal, or for `failed` to settle, then stops everything. @returns the exit code: 0 after a signal, 1 after
 * a failure
 *
 * @param signal of firstSignal, when it was called before the start
 */
export async function runUntilSignal(
  running: readonly Running[],
  log: Log,
  failed: Promise<Error> = new Promise(() => {}),
  signal: Promise<string> = firstSignal(log),
): Promise<number> {
  const reason = await Promise.race([signal, failed]);
  if (reason instanceof Error) log.fatal({ err: reason }, "a part has failed: stopping");
  else log.info({ signal: reason }, "stopping");
  const exitCode = reason instanceof Error ? 1 : 0;
  const overdue = leaveWhenOverdue(log, exitCode);
  await stopAll(running, log);
  clearTimeout(overdue);
  return exitCode;
}

function leaveWhenOverdue(log: Log, exitCode: number): NodeJS.Timeout {
  return setTimeout(() => {
    log.error(
      { withinMs: STOP_WITHIN_MS },
      "did not stop in time: leaving; the next start goes on from the last commit",
    );
    process.exit(exitCode);
  }, STOP_WITHIN_MS);
}
