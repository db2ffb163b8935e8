import { spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../../services/shared/testing/free-port.ts";
import { greetedSmtpClient } from "../../services/shared/testing/smtp-client.ts";
import { findProgram, runProgram } from "./bench-run.ts";

/**
 * deliver: accepted letters are handed to the discard transport and leave the queue, which is Postfix at its ordinary
 * work. hold: accepted letters stay in the hold queue, so that no queue manager, no delivery and no removal of files
 * takes time from accepting.
 */
export type PeerKind = "deliver" | "hold";

/** A Postfix of our own beside whatever Postfix the machine has; /etc/postfix is neither read nor written. */
export interface PostfixPeer {
  readonly version: string;
  readonly port: number;
  /**
   * Waits until its work is done, and counts.
   * @returns how many letters it has kept (hold) or delivered since its start
   */
  settle(): Promise<number>;
  stop(): Promise<void>;
}

const SETTLE_WITHIN_MS = 60_000;

/**
 * Starts Postfix in `dir` on a free port of 127.0.0.1, taking letters for `domain`.
 *
 * It says 250 when the queue file is flushed to disk (cleanup(8)), as our door does after its commit. Limits by client,
 * the brake on inflow, name lookups, TLS and chroot are off, so that it shows what it can.
 * @returns undefined when Postfix is not installed or this user may not run it (it needs root)
 */
export async function startPostfix(
  dir: string,
  domain: string,
  kind: PeerKind,
): Promise<PostfixPeer | undefined> {
  const postfix = findProgram("postfix");
  const postconf = findProgram("postconf");
  if (!postfix || !postconf || process.getuid?.() !== 0) return undefined;
  const configDir = join(dir, "config");
  const queueDir = join(dir, "queue");
  const dataDir = join(dir, "data");
  for (const folder of [dir, configDir, queueDir, dataDir])
    await mkdir(folder, { recursive: true, mode: 0o755 });
  const port = await freePort(); // master.cf has no "any free port"
  await writeFile(join(configDir, "main.cf"), mainCf({ dir, queueDir, dataDir, domain, kind }));
  await writeFile(join(configDir, "master.cf"), masterCf(port));
  const [owner] = (await runProgram("/usr/bin/id", ["-u", "postfix"], 5_000)).split("\n");
  await chown(dataDir, Number(owner), -1);
  // In the foreground, so that the master's end is seen; in a group of its own, so that Ctrl-C does not reach it first.
  const master = spawn(postfix, ["-c", configDir, "start-fg"], { stdio: "ignore", detached: true });
  const ended = once(master, "exit");
  await Promise.race([
    hearGreeting(port),
    ended.then(() => Promise.reject(new Error("Postfix ended at once; see its mail.log"))),
  ]);
  const filesIn = async (queue: string): Promise<number> =>
    (await readdir(join(queueDir, queue), { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    ).length;
  return {
    version: (await runProgram(postconf, ["-h", "mail_version"], 5_000)).trim(),
    port,
    async settle() {
      if (kind === "hold") return filesIn("hold");
      const deadlineMs = performance.now() + SETTLE_WITHIN_MS;
      while ((await filesIn("incoming")) + (await filesIn("active")) > 0) {
        if (performance.now() > deadlineMs) throw new Error("Postfix does not get through its queue");
        await pause(100);
      }
      // The log is written by a process of its own, a moment later.
      await pause(200);
      return (await readFile(join(dir, "mail.log"), "utf8")).split("status=sent").length - 1;
    },
    async stop() {
      // By the pid file in its own queue directory.
      if (master.exitCode === null) await runProgram(postfix, ["-c", configDir, "stop"], 30_000);
      await ended;
    },
  };
}

function mainCf(given: {
  dir: string;
  queueDir: string;
  dataDir: string;
  domain: string;
  kind: PeerKind;
}): string {
  return `compatibility_level = 3.6
queue_directory = ${given.queueDir}
data_directory = ${given.dataDir}
maillog_file = ${given.dir}/mail.log
maillog_file_prefixes = ${given.dir}
mail_owner = postfix
setgid_group = postdrop
multi_instance_enable = no
myhostname = peer.example.go.th
mydestination = ${given.domain}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
local_recipient_maps =
alias_maps =
alias_database =
local_transport = discard
default_transport = discard
relay_transport = discard
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = ${given.kind === "hold" ? "static:HOLD, " : ""}permit_mynetworks, reject
smtpd_peername_lookup = no
smtpd_tls_security_level = none
smtp_dns_support_level = disabled
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
smtpd_client_recipient_rate_limit = 0
smtpd_client_new_tls_session_rate_limit = 0
default_process_limit = 100
in_flow_delay = 0
biff = no
`;
}

/** Only what accepting a letter needs; no chroot anywhere. */
function masterCf(port: number): string {
  return `127.0.0.1:${port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
discard unix - - n - - discard
error unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;
}

/** The master listens a moment before or after its log says so: asked until a server process answers. */
async function hearGreeting(port: number): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  for (;;) {
    try {
      const client = await greetedSmtpClient(port);
      await client.command("QUIT");
      client.destroy();
      return;
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      await pause(100);
    }
  }
}
