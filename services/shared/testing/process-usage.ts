import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** From now on peakMemoryMb tells the peak since this moment (proc(5), clear_refs). */
export function resetPeakMemory(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** Most resident memory of one process since the last reset, in MB of 2^20; its children are not counted. */
export function peakMemoryMb(pid: number): number {
  return megabytes(pid, "VmHWM");
}

export function memoryMb(pid: number): number {
  return megabytes(pid, "VmRSS");
}

function megabytes(pid: number, field: "VmHWM" | "VmRSS"): number {
  const line = readFileSync(`/proc/${pid}/status`, "utf8")
    .split("\n")
    .find((each) => each.startsWith(`${field}:`));
  if (line === undefined) throw new Error(`/proc/${pid}/status has no ${field}`);
  return Math.round(Number.parseInt(line.slice(field.length + 1), 10) / 1024);
}

/** Ticks of proc(5) are hundredths of a second on every Linux that we run on. */
const TICK_MS = 10;

/** The process and all that descend from it. */
export function processTree(pid: number): number[] {
  const processes = readProcesses();
  return [...processes.keys()].filter((id) => isWithin(processes, id, pid));
}

/** CPU time in ms that a process, its children and theirs have used so far; of those that have ended what their parents know. */
export function treeCpuMs(pid: number): number {
  const processes = readProcesses();
  return [...processes].reduce((sum, [id, { ms }]) => (isWithin(processes, id, pid) ? sum + ms : sum), 0);
}

type Processes = ReadonlyMap<number, { readonly parent: number; readonly ms: number }>;

function readProcesses(): Processes {
  const processes = new Map<number, { readonly parent: number; readonly ms: number }>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // The name in parentheses may hold anything: fields are counted from behind it (state is the first one).
      const fields = readFileSync(`/proc/${name}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ");
      const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
      processes.set(Number(name), { parent: Number(fields[1]), ms: ticks * TICK_MS });
    } catch {} // it has just ended
  }
  return processes;
}

function isWithin(processes: Processes, id: number, root: number): boolean {
  for (let at: number | undefined = id; at !== undefined; at = processes.get(at)?.parent) {
    if (at === root) return true;
  }
  return false;
}
