import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../../shared/testing/free-port.ts";

/** A real Dovecot of its own on loopback, with Maildirs under a scratch folder; as root or not. */
export interface RunningDovecot {
  /** Plain text and STARTTLS. */
  readonly port: number;
  readonly tlsPort: number;
  /** The authority that its certificate for "localhost" is of. */
  readonly caFile: string;
  /** Puts a message into a folder, as a delivery agent does. */
  deliver(user: string, octets: Buffer | string, folder?: string): void;
  /** How many messages are in a folder, and how many of them have a flag (S: \Seen, T: \Deleted). */
  count(user: string, folder?: string, flag?: string): number;
  /** Lets the folder's UIDs begin anew under another UIDVALIDITY. Nobody may have it open. */
  renumber(user: string): void;
  /** What its log says. */
  log(): string;
  stop(): Promise<void>;
}

/** Whether tests that need it are to be left out: never where CI runs, which installs it. */
export const noDovecot = !existsSync("/usr/sbin/dovecot") && !process.env["CI"];

/** Any user may log in with this password. */
export const MAILBOX_PASSWORD = "made-up-password";

/** @param introspectionUrl of a token server; tokens are asked for there, with the token behind the URL */
export async function startDovecot(introspectionUrl = "http://127.0.0.1:9/"): Promise<RunningDovecot> {
  const dir = mkdtempSync(join(tmpdir(), "dovecot-test-"));
  chmodSync(dir, 0o755);
  const [port, tlsPort] = [await freePort(), await freePort()];
  const isRoot = process.getuid?.() === 0;
  // As root it lets nobody's rights be used for mail, as it should; "nobody" has none but in its own folder.
  const owner = isRoot ? { uid: 65534, gid: 65534 } : { uid: userInfo().uid, gid: userInfo().gid };
  const mail = join(dir, "mail");
  mkdirSync(mail);
  chownSync(mail, owner.uid, owner.gid);
  makeCertificates(dir);
  writeFileSync(join(dir, "oauth2.conf"), oauthConfig(introspectionUrl));
  writeFileSync(join(dir, "dovecot.conf"), config(dir, port, tlsPort, owner, isRoot));
  const child = spawn("/usr/sbin/dovecot", ["-F", "-c", join(dir, "dovecot.conf")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.on("error", (error) => {
    said += error.message;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const logFile = join(dir, "dovecot.log");
  const log = (): string => said + (existsSync(logFile) ? readFileSync(logFile, "utf8") : "");
  try {
    await greets(child, port);
  } catch (error) {
    child.kill("SIGKILL");
    const words = log().slice(-2_000);
    rmSync(dir, { recursive: true, force: true });
    throw new Error(`Dovecot did not start: ${(error as Error).message}\n${words}`);
  }
  const folderOf = (user: string, folder: string): string =>
    folder === "INBOX" ? join(mail, user) : join(mail, user, `.${folder}`);
  let delivered = 0;
  return {
    port,
    tlsPort,
    caFile: join(dir, "ca.pem"),
    deliver(user, octets, folder = "INBOX") {
      const place = folderOf(user, folder);
      for (const part of ["", "cur", "new", "tmp"]) {
        mkdirSync(join(place, part), { recursive: true });
        chownSync(join(place, part), owner.uid, owner.gid);
      }
      delivered += 1;
      const name = `${1_700_000_000 + delivered}.M${delivered}P${process.pid}.test`;
      writeFileSync(join(place, "tmp", name), octets);
      chownSync(join(place, "tmp", name), owner.uid, owner.gid);
      renameSync(join(place, "tmp", name), join(place, "new", name));
    },
    count(user, folder = "INBOX", flag = "") {
      const place = folderOf(user, folder);
      return ["cur", "new"]
        .flatMap((part) => (existsSync(join(place, part)) ? readdirSync(join(place, part)) : []))
        .filter((name) => (name.split(":2,")[1] ?? "").includes(flag)).length;
    },
    renumber(user) {
      // By itself it would take the time in seconds, which may be the same again.
      const list = join(mail, user, "dovecot-uidlist");
      const validity = Number(/^3 V(\d+)/.exec(readFileSync(list, "utf8"))?.[1]) + 1;
      for (const name of readdirSync(join(mail, user)))
        if (/^dovecot[.-](uidlist|index)/.test(name)) rmSync(join(mail, user, name));
      writeFileSync(list, `3 V${validity} N1\n`);
      chownSync(list, owner.uid, owner.gid);
    },
    log,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, "exit");
        child.kill("SIGTERM");
        await exited;
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Makes an authority and a certificate of it for "localhost" (ca.pem, cert.pem, key.pem). */
function makeCertificates(dir: string): void {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: dir, stdio: "ignore" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...key,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-days",
    "2",
    "-subj",
    "/CN=Test authority",
  );
  openssl("req", ...key, "-keyout", "key.pem", "-out", "cert.csr", "-subj", "/CN=localhost");
  writeFileSync(join(dir, "ext"), "subjectAltName=DNS:localhost\n");
  openssl(
    "x509",
    "-req",
    "-in",
    "cert.csr",
    "-CA",
    "ca.pem",
    "-CAkey",
    "ca.key",
    "-CAcreateserial",
    "-out",
    "cert.pem",
    "-days",
    "2",
    "-extfile",
    "ext",
  );
}

function config(
  dir: string,
  port: number,
  tlsPort: number,
  { uid, gid }: { uid: number; gid: number },
  isRoot: boolean,
): string {
  const me = userInfo().username;
  return `
base_dir = ${dir}/run
state_dir = ${dir}/state
log_path = ${dir}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <${dir}/cert.pem
ssl_key = <${dir}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login oauthbearer xoauth2
auth_failure_delay = 0
mail_max_userip_connections = 100
mail_location = maildir:${dir}/mail/%u
maildir_very_dirty_syncs = no
${isRoot ? "" : `default_internal_user = ${me}\ndefault_login_user = ${me}\ndefault_internal_group = ${execFileSync("id", ["-gn"], { encoding: "utf8" }).trim()}`}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = ${tlsPort}
    ssl = yes
  }
}
service anvil {
  chroot =
  # Without its penalty: one test's wrong passwords would slow the next test down.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
passdb {
  driver = static
  args = password=${MAILBOX_PASSWORD}
  mechanisms = plain login
}
passdb {
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = ${dir}/oauth2.conf
}
userdb {
  driver = static
  args = uid=${uid} gid=${gid} home=${dir}/mail/%u
}
`;
}

function oauthConfig(introspectionUrl: string): string {
  return `introspection_url = ${introspectionUrl}
introspection_mode = get
active_attribute = active
active_value = true
username_attribute = username
`;
}

async function greets(child: ChildProcess, port: number): Promise<void> {
  const untilMs = performance.now() + 60_000;
  while (performance.now() < untilMs) {
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`);
    const socket = connect(port, "127.0.0.1");
    const greeting = await Promise.race([
      once(socket, "data").then(() => true),
      once(socket, "close").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (greeting) return;
    await pause(30);
  }
  throw new Error("it does not greet");
}
