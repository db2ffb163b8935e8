import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Pool } from "pg";
import { findInstallation } from "../../services/installation.ts";
import type { Agency, Partner } from "../../services/shared/letter/directory.ts";
import { openAdminPool } from "../../services/shared/runtime/database.ts";
import { loadSettings, projectDir } from "../../services/shared/runtime/settings.ts";
import { freePort } from "../../services/shared/testing/free-port.ts";
import { startServiceProcess } from "../../services/shared/testing/service-process.ts";

const runFile = promisify(execFile);
const CLI = join(projectDir, "services/cli.ts");

/** An answer of the HTTP door. */
export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: demos and tests look into answers freely
  readonly body: any;
}

/** One `saraban all` with its own data, database and clerks. */
export interface Installation {
  /** Of its agency; the second agency, where there is one, registers nothing by itself. */
  readonly agencies: readonly Agency[];
  readonly dataDir: string;
  readonly logFile: string;
  readonly smtpPort: number;
  readonly httpUrl: string;
  /** All rights in its database, for looking at what came of it. */
  readonly admin: Pool;
  /** Clerks' tokens: one who drafts, one who may sign off. */
  readonly drafter: string;
  readonly approver: string;
  /** Asks the HTTP door as a clerk. @param path behind /api/v1 */
  ask(token: string, path: string, init?: RequestInit): Promise<Answer>;
  /** Runs `saraban ARGS` beside the service. */
  saraban(...args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }>;
  stop(): Promise<void>;
}

interface Plan {
  readonly dir: string;
  readonly agencies: readonly Agency[];
  readonly smtpPort: number;
  readonly httpPort: number;
  readonly smarthostPort: number;
  readonly partners: readonly Partner[];
  readonly environment: Readonly<Record<string, string>>;
}

const NAMES = { a: "หน่วยงานทดสอบ ก", b: "หน่วยงานทดสอบ ข", tray: "หน่วยงานทดสอบ ค" };

/** ก on one side; ข on the other, and ค there, where a clerk registers each letter. */
const OFFICES: readonly (readonly Agency[])[] = [
  [office("agency-a", NAMES.a, "Test Agency A", "ทก 0101", "TESTA")],
  [
    { ...office("agency-b", NAMES.b, "Test Agency B", "ทข 0101", "TESTB"), receipts: { handedOver: true } },
    {
      ...office("agency-c", NAMES.tray, "Test Agency C", "ทค 0101", "TESTC"),
      registration: { smtp: "clerk" },
    },
  ],
];

function office(
  id: string,
  nameThai: string,
  nameEnglish: string,
  letterCode: string,
  romanCode: string,
): Agency {
  return {
    id,
    domain: `${id}.example.go.th`,
    mailbox: "saraban",
    nameThai,
    nameEnglish,
    receiverName: "เจ้าหน้าที่ทดสอบ งานสารบรรณ",
    letterCode,
    romanCode,
  };
}

/**
 * Starts two installations, each the other's partner, and each one's outgoing mail goes to the other's SMTP door.
 * @param atEnd is given what stops each, as it is started
 * @param environments further settings of each; each has an embedded database where none is named
 */
export async function startPair(
  dir: string,
  atEnd: (stop: () => Promise<void>) => void,
  environments: readonly Readonly<Record<string, string>>[] = [],
): Promise<readonly [Installation, Installation]> {
  const smtpPorts = [await freePort(), await freePort()];
  const httpPorts = [await freePort(), await freePort()];
  const plans = OFFICES.map((agencies, index): Plan => {
    const other = 1 - index;
    return {
      dir: join(dir, `installation-${index + 1}`),
      agencies,
      smtpPort: smtpPorts[index] as number,
      httpPort: httpPorts[index] as number,
      smarthostPort: smtpPorts[other] as number,
      partners: (OFFICES[other] ?? []).map((agency) => partnerOf(agency, httpPorts[other] as number)),
      environment: environments[index] ?? {},
    };
  });
  const started = await Promise.all(plans.map((plan) => startInstallation(plan, atEnd)));
  return started as unknown as readonly [Installation, Installation];
}

function partnerOf({ domain, mailbox, nameThai, letterCode, romanCode }: Agency, httpPort: number): Partner {
  return {
    domain,
    nameThai,
    codeLetters: (letterCode ?? "").split(" ")[0] as string,
    romanCode: romanCode as string,
    mailbox: `${mailbox}@${domain}`,
    keysUrl: `http://127.0.0.1:${httpPort}/.well-known/jwks.json`,
  };
}

async function startInstallation(
  { dir, agencies, smtpPort, httpPort, smarthostPort, partners, environment }: Plan,
  atEnd: (stop: () => Promise<void>) => void,
): Promise<Installation> {
  const dataDir = join(dir, "data");
  const [agenciesFile, partnersFile] = [join(dir, "agencies.yaml"), join(dir, "partners.yaml")];
  await mkdir(dataDir, { recursive: true });
  // JSON is YAML too.
  await writeFile(agenciesFile, JSON.stringify({ agencies }, null, 1));
  await writeFile(partnersFile, JSON.stringify({ partners }, null, 1));
  const settings = {
    SARABAN_AGENCIES_FILE: agenciesFile,
    SARABAN_PARTNERS_FILE: partnersFile,
    SARABAN_SMTP_PORT: String(smtpPort),
    SARABAN_HTTP_PORT: String(httpPort),
    SARABAN_SMARTHOST_URL: `smtp://127.0.0.1:${smarthostPort}`,
    SARABAN_SENDERS_CHECK: "off",
    ...environment,
  };
  const service = await startServiceProcess("all", { dataDir, environment: settings });
  const admin = openAdminPool(findInstallation(loadSettings({ SARABAN_DATA_DIR: dataDir, ...environment })));
  const stop = async (): Promise<void> => {
    await admin.end();
    await service.stop();
  };
  atEnd(stop);
  const { httpUrl } = service;
  const saraban = async (...args: readonly string[]) => {
    const env = { PATH: process.env["PATH"], SARABAN_DATA_DIR: dataDir, ...settings };
    const ran = runFile(process.execPath, [CLI, ...args], { env, maxBuffer: 64 * 1024 * 1024 });
    return ran.then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error: { code?: unknown; stdout?: string; stderr?: string; message: string }) => {
        if (typeof error.code !== "number") throw error;
        return { code: error.code, stdout: `${error.stdout ?? ""}${error.stderr ?? ""}` };
      },
    );
  };
  const addClerk = async (id: string, name: string, ...more: readonly string[]): Promise<string> => {
    const served = agencies.flatMap((agency) => ["--agency", agency.id]);
    const { code, stdout } = await saraban("clerk", "add", id, "--name", name, ...served, ...more);
    if (code !== 0) throw new Error(`saraban clerk add ended with ${code}: ${stdout}`);
    return stdout.trim();
  };
  const [drafter, approver] = await Promise.all([
    addClerk("drafter", "สมศรี ทดสอบ"),
    addClerk("approver", "สมหญิง ทดสอบ", "--may", "approve"),
  ]);
  return {
    agencies,
    dataDir,
    logFile: service.logFile,
    smtpPort,
    httpUrl,
    admin,
    drafter,
    approver,
    async ask(token, path, init = {}) {
      const response = await fetch(`${httpUrl}/api/v1${path}`, {
        ...init,
        headers: { authorization: `Bearer ${token}`, ...(init.headers as object) },
      });
      const text = await response.text();
      return { status: response.status, body: text === "" ? null : JSON.parse(text) };
    },
    saraban,
    stop,
  };
}
