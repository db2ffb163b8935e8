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
 * Waits for SIGTERM or SIGINT, or for `failed` to settle, then stops everything.
 * A second signal means now. @returns the exit code: 0 after a signal, 1 after a failure
 */
export async function runUntilSignal(
  running: readonly Running[],
  log: Log,
  failed: Promise<Error> = new Promise(() => {}),
): Promise<number> {
  const signal = new Promise<string>((resolve) => {
    let seen = false;
    const onSignal = (name: string): void => {
      if (seen) process.exit(130);
      seen = true;
      resolve(name);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });
  const reason = await Promise.race([signal, failed]);
  if (reason instanceof Error) log.fatal({ err: reason }, "a part has failed: stopping");
  else log.info({ signal: reason }, "stopping");
  const overdue = setTimeout(() => {
    log.error(
      { withinMs: STOP_WITHIN_MS },
      "did not stop in time: leaving; the next start goes on from the last commit",
    );
    process.exit(reason instanceof Error ? 1 : 0);
  }, STOP_WITHIN_MS);
  await stopAll(running, log);
  clearTimeout(overdue);
  return reason instanceof Error ? 1 : 0;
}
