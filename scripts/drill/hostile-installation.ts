import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { projectDir, readYaml } from "../../services/shared/runtime/settings.ts";
import { startDnsServer } from "../../services/shared/testing/dns-server.ts";
import { freePort } from "../../services/shared/testing/free-port.ts";
import { type ServiceProcess, startServiceProcess } from "../../services/shared/testing/service-process.ts";
import type { Scratch } from "../scratch.ts";

export interface HostileInstallation {
  /** Of SMTP; the same after a crash. */
  readonly port: number;
  /** Times that it ended by itself, or not with exit code 0 when it was told to stop. */
  crashes(): number;
  pid(): number | undefined;
  /** Resolves when it is up, again after a crash. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

/** The innocent client's domains say that it may send for them. */
const SENDERS = ["opdc", "mot", "moph", "moc", "cgd", "ocsc"];

/**
 * Starts `saraban all` with a database and a DNS server of its own, so that who sent a message is checked as on the
 * Internet, and starts it again when it ends by itself: one crash must not hide the next.
 */
export async function startHostileInstallation(parts: {
  readonly dataDir: string;
  readonly plant: string | undefined;
  readonly scratch: Scratch;
  say(words: string): void;
  /** It is up again after a crash, its database elsewhere. */
  restarted(): void;
}): Promise<HostileInstallation> {
  const { dataDir, plant, scratch, say } = parts;
  await mkdir(dataDir, { recursive: true });
  const records = SENDERS.flatMap((name) => [
    [`TXT ${name}.example.go.th`, { texts: ["v=spf1 ip4:127.0.0.0/8 -all"] }] as const,
    [`TXT _dmarc.${name}.example.go.th`, { texts: ["v=DMARC1; p=reject"] }] as const,
  ]);
  const dns = await startDnsServer(Object.fromEntries(records));
  scratch.atEnd(() => dns.stop());
  const port = await freePort();
  const environment = {
    SARABAN_SMTP_PORT: String(port),
    SARABAN_LOG_LEVEL: "warn",
    SARABAN_SENDERS_CHECK: "on",
    SARABAN_SENDERS_DNS_SERVERS: dns.address,
    SARABAN_AGENCIES_FILE: await writeAgencies(dataDir),
    ...(plant === undefined ? {} : { DRILL_PLANT: plant }),
  };
  const hook = fileURLToPath(new URL("plant-hook.ts", import.meta.url));
  const nodeArguments = plant === undefined ? [] : ["--import", hook];
  let stopping = false;
  let crashes = 0;
  let running: ServiceProcess | undefined;
  let starting: Promise<void> = Promise.resolve();
  const start = async (): Promise<void> => {
    const started = await startServiceProcess("all", { dataDir, environment, nodeArguments });
    running = started;
    void started.exited.then(({ code, signal }) => {
      if (stopping && code === 0) return;
      crashes += 1;
      say(`WRONG: the service has ended (${signal ?? `exit code ${code}`})`);
      if (stopping) return;
      starting = start().then(parts.restarted);
      starting.catch((error: Error) => say(`WRONG: ${error.message}`));
    });
  };
  const stop = async (): Promise<void> => {
    stopping = true;
    await starting.catch(() => {});
    await running?.stop();
  };
  scratch.atEnd(stop);
  await start();
  return { port, crashes: () => crashes, pid: () => running?.pid, ready: () => starting, stop };
}

/** The sample agencies. A partner whose proof does not come is registered: what is spoilt here is to go all the way. */
async function writeAgencies(dataDir: string): Promise<string> {
  const { agencies } = readYaml(join(projectDir, "config/agencies.yaml")) as { agencies: object[] };
  const file = join(dataDir, "agencies.yaml");
  const rules = { partnerUnproved: "register", partnerUndecided: "register" };
  // JSON is YAML too.
  await writeFile(
    file,
    JSON.stringify({ agencies: agencies.map((agency) => ({ ...agency, senders: rules })) }),
  );
  return file;
}
