import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder for one run, and the things to be stopped at its end. */
export interface Scratch {
  readonly dir: string;
  /** Aborted by the first Ctrl-C or SIGTERM: unfinished waits should end. */
  readonly signal: AbortSignal;
  /** Runs at the end, however it comes; the last one said is the first one run. */
  atEnd(stop: () => unknown): void;
}

/**
 * Runs `work` with a scratch folder. Afterwards, after an error and after Ctrl-C everything that was started is stopped;
 * the folder is removed unless `work` threw or returned false, or `keep` is set (then it is named on stderr). A second Ctrl-C
 * means now.
 */
export async function inScratch(
  name: string,
  work: (scratch: Scratch) => Promise<boolean>,
  keep = false,
): Promise<{ readonly good: boolean; readonly interrupted: boolean }> {
  const dir = await mkdtemp(join(tmpdir(), `${name}-`));
  const stops: (() => unknown)[] = [];
  const abort = new AbortController();
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  interrupted.catch(() => {});
  const onSignal = (): void => {
    if (abort.signal.aborted) process.exit(130);
    process.stderr.write("\nStopping…\n");
    abort.abort();
    reject(new Error("interrupted"));
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  let good = false;
  try {
    const working = work({ dir, signal: abort.signal, atEnd: (stop) => stops.push(stop) });
    working.catch(() => {}); // after Ctrl-C nobody waits for it any more
    good = await Promise.race([working, interrupted]);
    return { good, interrupted: false };
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    return { good: false, interrupted: true };
  } finally {
    for (const stop of stops.reverse()) {
      try {
        await stop();
      } catch (error) {
        process.stderr.write(`could not stop cleanly: ${(error as Error).message}\n`);
      }
    }
    if (!keep && (good || abort.signal.aborted)) await rm(dir, { recursive: true, force: true });
    else process.stderr.write(`The logs and data of this run are kept in ${dir}\n`);
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  }
}
