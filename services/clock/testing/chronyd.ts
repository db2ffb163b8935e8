import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { askOverUdp } from "../ask-server.ts";

export interface RunningChronyd {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Debian's chronyd, or undefined where it is not installed. */
export function findChronyd(): string | undefined {
  for (const path of ["/usr/sbin/chronyd", "/usr/local/sbin/chronyd"]) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {}
  }
  return undefined;
}

/**
 * Starts a chronyd that serves this host's own clock on loopback as stratum 1 and has no other source. `-x`: it never
 * touches the system clock. It opens no command port and no command socket; stopped by its process id.
 * @throws Error with what it said when it does not answer within 10 s
 */
export async function startChronyd(path: string, wantedPort?: number): Promise<RunningChronyd> {
  const dir = await mkdtemp(join(tmpdir(), "saraban-chronyd-"));
  const port = wantedPort ?? (await freeUdpPort());
  const config = join(dir, "chrony.conf");
  await writeFile(
    config,
    `local stratum 1
port ${port}
bindaddress 127.0.0.1
allow 127.0.0.1
cmdport 0
bindcmdaddress /
pidfile ${join(dir, "chronyd.pid")}
`,
  );
  const child = spawn(path, ["-x", "-d", "-u", userInfo().username, "-f", config], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-2_000);
  });
  const running = {
    port,
    pid: child.pid as number,
    async stop() {
      // Without a pid it never began: there is no such program.
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        await once(child, "exit");
      }
      await rm(dir, { recursive: true, force: true });
    },
  };
  try {
    await answers(port, child);
  } catch (error) {
    await running.stop();
    throw new Error(`chronyd does not answer: ${said.trim()}`, { cause: error });
  }
  return running;
}

async function answers(port: number, child: ChildProcess): Promise<void> {
  const ended = once(child, "exit").then(() => Promise.reject(new Error("it has ended")));
  ended.catch(() => {});
  const ask = askOverUdp();
  const { signal } = new AbortController();
  for (let tries = 0; tries < 50; tries++) {
    const asked = ask({ address: "127.0.0.1", port, timeoutMs: 200, signal });
    const answer = await Promise.race([asked, ended]);
    if (answer.kind === "answer") return;
    // Not bound yet: the refusal comes back at once.
    if (answer.reason !== "no answer") await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("no answer");
}

export async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  await once(socket, "close");
  return port;
}
