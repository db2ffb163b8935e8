import { readFile } from "node:fs/promises";

/** Memory that a process holds, MB; 0 where the system does not tell, or the process is gone. */
export async function residentMb(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
}
