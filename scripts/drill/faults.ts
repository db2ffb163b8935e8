import { setTimeout as pause } from "node:timers/promises";
import type { Pool } from "pg";
import type { DrillDatabase } from "./database-server.ts";
import type { Pace } from "./pace.ts";
import type { DrillQueue } from "./queue-server.ts";
import type { Supervised, Supervisor } from "./supervisor.ts";

type Fault =
  | { readonly kind: "kill"; readonly service: string }
  | { readonly kind: "freeze" | "thaw" | "wipe" | "crash" };

export interface TimedFault {
  readonly atMs: number;
  readonly fault: Fault;
}

/** The services that are killed in turn. */
export const SERVICES = ["relay", "notification", "registry", "reading", "intake", "http"] as const;
/** A worker stopped for so long has lost its job's lock (15 s) and its session in the database (15 s in a transaction). */
const FROZEN_MS = 20_000;

/** Letters wait for a fault that is later than this. */
const MAY_BE_LATE_MS = 3_000;

/** At least so long, that the frozen worker comes back while letters still arrive. */
export function faultsLastMs(kills: number): number {
  return Math.max(kills * 2_800, FROZEN_MS * 1.6);
}

/** All faults of a run, by time; the same for the same seed. Every service is killed once before one is killed again. */
export function planFaults(kills: number, random: () => number): TimedFault[] {
  const lastMs = faultsLastMs(kills);
  const slotMs = lastMs / kills;
  let turn: string[] = [];
  const faults: TimedFault[] = Array.from({ length: kills }, (_, index) => {
    if (turn.length === 0) turn = shuffled(SERVICES, random);
    const service = turn.pop() as string;
    return { atMs: slotMs * (index + random()), fault: { kind: "kill", service } };
  });
  const freezeAtMs = lastMs * (0.05 + 0.2 * random());
  faults.push(
    { atMs: freezeAtMs, fault: { kind: "freeze" } },
    { atMs: freezeAtMs + FROZEN_MS, fault: { kind: "thaw" } },
    { atMs: lastMs * (0.3 + 0.15 * random()), fault: { kind: "wipe" } },
    { atMs: lastMs * (0.5 + 0.2 * random()), fault: { kind: "crash" } },
  );
  return faults.sort((a, b) => a.atMs - b.atMs);
}

function shuffled(names: readonly string[], random: () => number): string[] {
  const rest = [...names];
  return names.map(() => rest.splice(Math.floor(random() * rest.length), 1)[0] as string);
}

export interface FaultReport {
  readonly kills: Record<string, number>;
  databaseCrashes: number;
  databaseAwayMs: number;
  queueWipes: number;
  frozenMs: number;
  /** Whether the frozen worker held a book's lock at that moment. */
  frozenInTransaction: boolean;
}

/** Brings the faults about, one after the other, each at its time of the drill's pace. */
export async function bringFaults(
  plan: readonly TimedFault[],
  parts: {
    readonly supervisor: Supervisor;
    readonly database: DrillDatabase;
    readonly queue: DrillQueue;
    readonly admin: Pool;
    readonly pace: Pace;
    readonly signal: AbortSignal;
    say(words: string): void;
  },
): Promise<FaultReport> {
  const { supervisor, database, queue, admin, pace, signal, say } = parts;
  const report: FaultReport = {
    kills: {},
    databaseCrashes: 0,
    databaseAwayMs: 0,
    queueWipes: 0,
    frozenMs: 0,
    frozenInTransaction: false,
  };
  let frozen: { readonly service: Supervised; readonly sinceMs: number } | undefined;

  /** A frozen service is left alone: another of its kind is killed, or the reading, which never freezes. */
  const kill = async (name: string): Promise<void> => {
    const ofKind = supervisor.services.filter((one) => one.name.replace(/-\d+$/, "") === name && !one.frozen);
    const victim = ofKind[0] ?? supervisor.services.find((one) => one.name === "reading");
    if (!victim || !(await victim.kill())) throw new Error(`${name} does not get ready to be killed`);
    report.kills[victim.name] = (report.kills[victim.name] ?? 0) + 1;
    say(`killed ${victim.name}`);
  };

  for (const { atMs, fault } of plan) {
    pace.holdAt(atMs + MAY_BE_LATE_MS);
    await pace.reach(atMs, signal);
    switch (fault.kind) {
      case "kill":
        await kill(fault.service);
        break;
      case "freeze": {
        const service = supervisor.services.find(({ name }) => name === "registry") as Supervised;
        report.frozenInTransaction = await freezeInTransaction(service, admin);
        frozen = { service, sinceMs: performance.now() };
        say(`stopped registry (SIGSTOP)${report.frozenInTransaction ? " while it held a book" : ""}`);
        await supervisor.add("registry", "registry-2");
        break;
      }
      case "thaw":
        if (!frozen) break;
        frozen.service.thaw();
        report.frozenMs = performance.now() - frozen.sinceMs;
        frozen = undefined;
        say("continued registry (SIGCONT)");
        break;
      case "wipe":
        // With nobody reading, jobs pile up: the queue is wiped while it holds work.
        await kill("reading");
        await pause(600, undefined, { signal });
        await queue.wipe();
        report.queueWipes += 1;
        say(`emptied the queue (${queue.kind})`);
        break;
      case "crash":
        report.databaseAwayMs += await database.crash();
        report.databaseCrashes += 1;
        say(`killed PostgreSQL with all its sessions; back after ${Math.round(report.databaseAwayMs)} ms`);
        break;
    }
  }
  pace.holdAt(Number.POSITIVE_INFINITY);
  return report;
}

/** Stops the worker again and again until it is caught in the middle of a transaction, or for two seconds. */
async function freezeInTransaction(service: Supervised, admin: Pool): Promise<boolean> {
  const giveUpAtMs = performance.now() + 2_000;
  for (;;) {
    await service.freeze();
    const { rows } = await admin.query<{ busy: boolean }>(
      `select exists (select from pg_stat_activity where application_name = 'saraban_registry'
         and xact_start is not null and state <> 'active') as busy`,
    );
    if (rows[0]?.busy) return true;
    if (performance.now() > giveUpAtMs) return false;
    service.thaw();
    await pause(3);
  }
}
