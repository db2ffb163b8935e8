import { readdir, readFile } from "node:fs/promises";

export interface MemoryWatch {
  /** Highest seen, MB, each page of a shared program counted once. */
  readonly maxMb: number;
  /** Highest sum of the processes' resident memory, MB: what they share counts in full for each. */
  readonly maxSumMb: number;
  /** The processes of that moment: name and MB. */
  readonly atMax: readonly string[];
  stop(): void;
}

const LOOK_EVERY_MS = 200;
const NOT_OURS = "postgres";

/**
 * Samples the resident memory of a process and all that come from it, PostgreSQL left out. All of them run the same
 * program: of its pages, which lie in memory once, those of the process that has most of them are counted.
 * @param pid asked at each look: the service may have been started again
 */
export function watchMemory(pid: () => number | undefined): MemoryWatch {
  const watch = { maxMb: 0, maxSumMb: 0, atMax: [] as readonly string[] };
  let looking = false;
  const look = async (): Promise<void> => {
    const root = pid();
    if (looking || root === undefined) return;
    looking = true;
    const found = await familyOf(root).finally(() => {
      looking = false;
    });
    const sum = (of: (one: ProcessSeen) => number): number => found.reduce((all, one) => all + of(one), 0);
    watch.maxSumMb = Math.max(
      watch.maxSumMb,
      sum(({ ownMb, programMb }) => ownMb + programMb),
    );
    const onceMb = sum(({ ownMb }) => ownMb) + Math.max(0, ...found.map(({ programMb }) => programMb));
    if (onceMb <= watch.maxMb) return;
    watch.maxMb = onceMb;
    watch.atMax = found.map(
      ({ name, ownMb, programMb }) =>
        `${name} ${Math.round(ownMb)} and ${Math.round(programMb)} of its program`,
    );
  };
  const timer = setInterval(() => void look().catch(() => {}), LOOK_EVERY_MS);
  return {
    get maxMb() {
      return Math.round(watch.maxMb);
    },
    get maxSumMb() {
      return Math.round(watch.maxSumMb);
    },
    get atMax() {
      return watch.atMax;
    },
    stop: () => clearInterval(timer),
  };
}

interface ProcessSeen {
  readonly name: string;
  /** Anonymous and shared memory. */
  readonly ownMb: number;
  /** Pages of files: the program and its libraries. */
  readonly programMb: number;
}

async function familyOf(root: number): Promise<ProcessSeen[]> {
  const family: ProcessSeen[] = [];
  const pids = [root];
  // The list grows while it is walked: children of children too.
  for (const pid of pids) {
    const one = await seen(pid);
    if (one === null || one.name === NOT_OURS) continue;
    family.push(one);
    pids.push(...(await childrenOf(pid)));
  }
  return family;
}

/** null for a process that has ended in between. */
async function seen(pid: number): Promise<ProcessSeen | null> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => null);
  if (status === null) return null;
  const field = (name: string): string => new RegExp(`^${name}:\\s+(.*)$`, "m").exec(status)?.[1] ?? "";
  const megabytes = (name: string): number => Number.parseInt(field(name) || "0", 10) / 1024;
  return {
    name: field("Name"),
    ownMb: megabytes("RssAnon") + megabytes("RssShmem"),
    programMb: megabytes("RssFile"),
  };
}

async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8").catch(() => "")),
  );
  return lists.flatMap((list) => list.split(" ").filter(Boolean).map(Number));
}
