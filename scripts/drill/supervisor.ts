import { setTimeout as pause } from "node:timers/promises";
import {
  type ServiceProcess,
  type ServiceProcessOptions,
  startServiceProcess,
} from "../../services/shared/testing/service-process.ts";

/** One service that is started again whenever it ends, as systemd or Kubernetes would. */
export interface Supervised {
  /** "registry", or "registry-2" for the second of its kind. */
  readonly name: string;
  /** Waits until the service works, then SIGKILL. @returns false when it did not get ready in time */
  kill(): Promise<boolean>;
  /** SIGSTOP: nobody notices, it holds what it holds. */
  freeze(): Promise<boolean>;
  /** SIGCONT */
  thaw(): void;
  readonly frozen: boolean;
}

export interface Supervisor {
  /** Starts a service and resolves when it is ready for the first time. */
  add(command: string, name?: string): Promise<Supervised>;
  readonly services: readonly Supervised[];
  /** Ends that nobody asked for, by service: a service that gives up when its database goes. */
  readonly ownDeaths: Readonly<Record<string, number>>;
  /** Starts that failed and were tried again (no database at that moment). */
  readonly failedStarts: number;
  /** SIGTERM to all, in the reverse order; nothing is started again. */
  stop(): Promise<void>;
}

const AFTER_FAILED_START_MS = 300;
const READY_WITHIN_MS = 60_000;

export function startSupervisor(options: ServiceProcessOptions): Supervisor {
  const services: Supervised[] = [];
  const stops: (() => Promise<void>)[] = [];
  const ownDeaths: Record<string, number> = {};
  let failedStarts = 0;
  let stopping = false;

  const add = async (command: string, name: string): Promise<Supervised> => {
    let running: ServiceProcess | undefined;
    let expected = false;
    let frozen = false;
    let ready = Promise.withResolvers<ServiceProcess>();
    const keepRunning = async (): Promise<void> => {
      while (!stopping) {
        try {
          running = await startServiceProcess(command, { ...options, readyWithinMs: READY_WITHIN_MS });
        } catch {
          failedStarts += 1;
          await pause(AFTER_FAILED_START_MS);
          continue;
        }
        expected = false;
        if (stopping) await running.stop();
        ready.resolve(running);
        await running.exited;
        ready = Promise.withResolvers();
        running = undefined;
        if (!expected && !stopping) ownDeaths[name] = (ownDeaths[name] ?? 0) + 1;
      }
    };
    const loop = keepRunning();
    const whenReady = (): Promise<ServiceProcess | undefined> =>
      Promise.race([ready.promise, pause(READY_WITHIN_MS, undefined, { ref: false })]);
    const service: Supervised = {
      name,
      get frozen() {
        return frozen;
      },
      async kill() {
        const process = await whenReady();
        if (!process) return false;
        expected = true;
        await process.kill();
        return true;
      },
      async freeze() {
        const target = await whenReady();
        if (!target) return false;
        frozen = signalTo(target, "SIGSTOP");
        return frozen;
      },
      thaw() {
        if (frozen && running) signalTo(running, "SIGCONT");
        frozen = false;
      },
    };
    stops.push(async () => {
      service.thaw(); // a stopped process does not hear SIGTERM
      await running?.stop();
      await loop;
    });
    services.push(service);
    if (!(await whenReady())) throw new Error(`${name} did not get ready; its log is in ${options.dataDir}`);
    return service;
  };

  return {
    add: (command, name = command) => add(command, name),
    services,
    ownDeaths,
    get failedStarts() {
      return failedStarts;
    },
    async stop() {
      stopping = true;
      // A service that is just starting is stopped as soon as it is up.
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}

/** @returns false when the process has ended in between */
function signalTo({ pid }: ServiceProcess, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
