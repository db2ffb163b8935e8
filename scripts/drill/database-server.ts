import { readdirSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from "../../services/shared/runtime/embedded-postgres.ts";

/** A PostgreSQL of the drill's own, under one URL for the whole run. */
export interface DrillDatabase {
  readonly url: string;
  /**
   * kill -9 of the server and all its sessions in the middle of whatever they do, then a new start, which recovers from
   * the log. @returns how long nobody was there
   */
  crash(): Promise<number>;
  stop(): Promise<void>;
}

/** @param settings of PostgreSQL, over those of an installation: a planted bug may turn durability off */
export async function startDrillDatabase(
  dir: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<DrillDatabase> {
  const start = (): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({
      dataDir: dir,
      log: { info: () => {}, warn: () => {} },
      settings: { max_connections: "200", ...settings },
    });
  // Each start makes a new socket folder; the services know it by a link that does not change.
  const link = join(dir, "socket");
  const relink = ({ socketDir }: EmbeddedPostgres): void => {
    symlinkSync(socketDir, `${link}.new`);
    renameSync(`${link}.new`, link);
  };
  let server = await start();
  relink(server);
  const { user, port, database } = server.connection;
  return {
    url: `postgresql://${user}@localhost:${port}/${database}?host=${encodeURIComponent(link)}`,
    async crash() {
      const startedMs = performance.now();
      const sessions = childrenOf(server.pid);
      for (const pid of [server.pid, ...sessions]) killNow(pid);
      await server.exited;
      server = await start();
      relink(server);
      return performance.now() - startedMs;
    },
    stop: () => server.stop(),
  };
}

function killNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended in between.
  }
}

/** proc(5): the parent's number is the second field behind the name in brackets. */
function childrenOf(parent: number): number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === parent ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}
