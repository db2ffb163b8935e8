import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chown, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "../../shared/testing/free-port.ts";
import { greetedSmtpClient } from "../../shared/testing/smtp-client.ts";

const run = promisify(execFile);
const START_WITHIN_MS = 60_000;

export const postfixPath = ["/usr/sbin/postfix"].find((path) => existsSync(path) && process.getuid?.() === 0);

/** A partner's mail server: takes letters on loopback and sends each on to our door, trying again as it would. */
export interface SendingPostfix {
  readonly port: number;
  log(): Promise<string>;
  /** Tries everything that was put off again now. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts Debian's Postfix in `dir` with a configuration and queue of its own; /etc/postfix is neither read nor written.
 *
 * @param door where everything else goes
 */
export async function startSendingPostfix(
  dir: string,
  door: { readonly port: number; readonly caFile: string },
): Promise<SendingPostfix> {
  if (postfixPath === undefined) throw new Error("Postfix is not installed, or this user may not run it");
  const [configDir, queueDir, dataDir] = ["config", "queue", "data"].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [configDir, queueDir, dataDir]) await mkdir(folder, { recursive: true, mode: 0o755 });
  const port = await freePort();
  await writeFile(join(configDir, "main.cf"), mainCf(dir, queueDir, dataDir, door));
  await writeFile(join(configDir, "master.cf"), masterCf(port));
  await chown(dataDir, Number(execFileSync("id", ["-u", "postfix"], { encoding: "utf8" })), -1);
  const master = spawn(postfixPath, ["-c", configDir, "start-fg"], { stdio: "ignore", detached: true });
  const ended = once(master, "exit");
  const log = (): Promise<string> => readFile(join(dir, "mail.log"), "utf8").catch(() => "");
  await Promise.race([
    hearGreeting(port),
    ended.then(async () => Promise.reject(new Error(`Postfix ended at once: ${await log()}`))),
  ]);
  return {
    port,
    log,
    async flush() {
      await run("postqueue", ["-c", configDir, "-f"], {
        env: { ...process.env, PATH: "/usr/sbin:/usr/bin" },
      });
    },
    async stop() {
      // By the pid file in its own queue directory.
      if (master.exitCode === null) await run(postfixPath, ["-c", configDir, "stop"]);
      await ended;
    },
  };
}

function mainCf(
  dir: string,
  queueDir: string,
  dataDir: string,
  door: { readonly port: number; readonly caFile: string },
): string {
  return `compatibility_level = 3.6
queue_directory = ${queueDir}
data_directory = ${dataDir}
maillog_file = ${dir}/mail.log
maillog_file_prefixes = ${dir}
mail_owner = postfix
setgid_group = postdrop
multi_instance_enable = no
myhostname = mx.opdc.example.go.th
mydestination =
relayhost = [127.0.0.1]:${door.port}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
smtp_tls_security_level = verify
smtp_tls_verify_cert_match = mail.agency-a.example.go.th
smtp_tls_CAfile = ${door.caFile}
smtp_tls_loglevel = 1
smtputf8_enable = yes
smtputf8_autodetect_classes = all
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
biff = no
`;
}

function masterCf(port: number): string {
  return `127.0.0.1:${port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
`;
}

/** The master listens a moment before or after its log says so: asked until a server process answers. */
async function hearGreeting(port: number): Promise<void> {
  const deadlineMs = performance.now() + START_WITHIN_MS;
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
