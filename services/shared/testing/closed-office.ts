import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext } from "vitest";
import type { RunCommand } from "../../cli.ts";
import { adminQueries } from "./arrivals.ts";
import { databaseUrl, runHere } from "./command-line.ts";
import { databaseForTest } from "./database.ts";
import { openProgramClient, type ProgramClient } from "./program-client.ts";
import { type ServiceProcess, startServiceProcess } from "./service-process.ts";

/** For `saraban client add`: a program of the OPDC that hands letters in. */
export const SENDER = [
  "--agency",
  "agency-a",
  "--sender",
  "opdc.example.go.th",
  "--scope",
  "submit",
  "--scope",
  "receipts",
];

/**
 * The whole service on a data folder of its own, its temporary files in it, and what an operator does beside it.
 * @param commands of services/command-*.ts, by name; "client" among them
 */
export async function openClosedOffice<Name extends string>(
  context: TestContext,
  commands: Readonly<Record<Name | "client", RunCommand>>,
) {
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-closed-"));
  context.onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const temporary = join(dataDir, "temporary");
  await mkdir(temporary);
  const address = await databaseForTest(inject("testServer"), context);
  const environment = {
    DATABASE_URL: databaseUrl(address),
    SARABAN_DATA_DIR: dataDir,
    SARABAN_LOG_LEVEL: "debug",
    TMPDIR: temporary,
  };
  const start = async (): Promise<ServiceProcess> => {
    const service = await startServiceProcess("all", { dataDir, environment });
    context.onTestFinished(async () => void (await service.stop()));
    return service;
  };
  const service = await start();
  const here = (command: Name | "client", ...args: string[]) =>
    runHere(commands[command], environment, [command, ...args]);
  const secrets = new Map<string, string>();
  const open = (id: string, at = service): ProgramClient => {
    const program = openProgramClient(at.httpUrl, id, secrets.get(id) ?? "");
    context.onTestFinished(() => program.close());
    return program;
  };
  const add = async (id: string, ...more: string[]): Promise<ProgramClient> => {
    const { stdout } = await here("client", "add", id, "--name", "ระบบทดสอบ", ...more);
    secrets.set(id, stdout.trim());
    return open(id);
  };
  return { dataDir, service, start, open, here, add, query: adminQueries(context, address) };
}
