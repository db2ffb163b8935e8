/** When letters cannot be taken in: programs are told to come again, nothing half-accepted stays, what was accepted is registered. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { inject, type TestContext, test } from "vitest";
import { run as runClient } from "./command-client.ts";
import { prepareInstallation } from "./installation.ts";
import { startEmbeddedPostgres } from "./shared/runtime/embedded-postgres.ts";
import { openLog } from "./shared/runtime/log.ts";
import { loadSettings } from "./shared/runtime/settings.ts";
import { adminQueries } from "./shared/testing/arrivals.ts";
import { databaseUrl, type Environment, runHere } from "./shared/testing/command-line.ts";
import { databaseForTest } from "./shared/testing/database.ts";
import { processTree } from "./shared/testing/process-usage.ts";
import {
  openProgramClient,
  type ProgramAnswer,
  type ProgramClient,
} from "./shared/testing/program-client.ts";
import { type ProgramForm, programLetter } from "./shared/testing/program-letters.ts";
import { startServiceProcess } from "./shared/testing/service-process.ts";

/** Handed in while the database is stopped and started again. */
const LETTERS = 40;
const FORMS = ["json", "multipart", "xml", "soap"] as const;

async function folder(context: TestContext): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-pressure-"));
  context.onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  return dataDir;
}

async function start(context: TestContext, command: "all" | "http", environment: Environment) {
  const service = await startServiceProcess(command, {
    dataDir: environment["SARABAN_DATA_DIR"] as string,
    environment,
  });
  context.onTestFinished(async () => void (await service.stop()));
  return service;
}

async function addProgram(
  context: TestContext,
  environment: Environment,
  url: string,
): Promise<ProgramClient> {
  const args = ["client", "add", "opdc", "--name", "opdc", "--agency", "agency-a"];
  const scopes = ["--sender", "opdc.example.go.th", "--scope", "submit", "--scope", "receipts"];
  const { stdout } = await runHere(runClient, environment, [...args, ...scopes]);
  const program = openProgramClient(url, "opdc", stdout.trim());
  context.onTestFinished(() => program.close());
  await program.token();
  return program;
}

const letterOf = (index: number, form: ProgramForm, sizeBytes: number) =>
  programLetter(index, { form, seed: 11, sizeBytes, domain: "opdc.example.go.th" });

/** Whether it was taken in, now or before: e-CMS says so by refusing it as the same letter. */
const isTaken = ({ status, text }: ProgramAnswer): boolean =>
  status === 202 || (status === 200 && (!text.includes("<ErrorDetail>") || text.includes("SRB303")));

/** 503 with the time after which to come again; SOAP's as a fault with our own detail. */
function expectComeAgain(
  { expect }: TestContext,
  form: ProgramForm,
  { status, headers, text }: ProgramAnswer,
): void {
  expect([form, status]).toEqual([form, 503]);
  expect(headers["retry-after"]).toMatch(/^[1-9]\d*$/);
  expect(text).toMatch(
    form === "soap" ? /<faultcode>SOAP-ENV:Server<\/faultcode>.*<ErrorCode>/ : /"status":503|<status>503/,
  );
}

/** All letters have their number, 1 to `count`, and nothing else was taken in. */
async function expectRegistered(
  context: TestContext,
  query: ReturnType<typeof adminQueries>,
  count: number,
): Promise<void> {
  const numbers = async () =>
    (await query<{ number: number }>("select number from saraban.entry order by number")).map(
      ({ number }) => number,
    );
  await context.expect
    .poll(numbers, { timeout: 90_000 })
    .toEqual(Array.from({ length: count }, (_, index) => index + 1));
  context.expect(await query("select 1 from saraban.intake")).toHaveLength(count);
}

// Of util-linux; Debian always has it.
const canLimitFiles = existsSync("/usr/bin/prlimit");

test.runIf(canLimitFiles)(
  "a full disk: each form is told to come again and leaves nothing; with room again the same requests are taken in",
  async (context) => {
    const { expect } = context;
    const dataDir = await folder(context);
    const address = await databaseForTest(inject("testServer"), context);
    const environment = { DATABASE_URL: databaseUrl(address), SARABAN_DATA_DIR: dataDir };
    const service = await start(context, "all", environment);
    const program = await addProgram(context, environment, service.httpUrl);
    const query = adminQueries(context, address);
    const files = async () =>
      (await readdir(join(dataDir, "letters"), { recursive: true, withFileTypes: true })).filter((one) =>
        one.isFile(),
      );
    /** No file of the process grows beyond this: to whoever writes it is like a full disk. */
    const limitFiles = (limit: string): void =>
      void execFileSync("prlimit", [`--pid=${service.pid}`, `--fsize=${limit}:unlimited`]);

    limitFiles("200000");
    for (const [index, form] of FORMS.entries()) {
      const letter = letterOf(index, form, 1_000_000);
      expectComeAgain(context, form, await program.handIn(letter));
      // A small letter lies in the database, which has room.
      expect(isTaken(await program.handIn(letterOf(index + 10, form, 20_000)))).toBe(true);
    }
    expect(await files()).toEqual([]);
    await expectRegistered(context, query, FORMS.length);

    limitFiles("unlimited");
    for (const [index, form] of FORMS.entries()) {
      expect(isTaken(await program.handIn(letterOf(index, form, 1_000_000))), form).toBe(true);
    }
    await expectRegistered(context, query, 2 * FORMS.length);
    expect(await files()).toHaveLength(FORMS.length);
  },
  240_000,
);

test("a database that hangs, then stops: programs come again until their letters are taken in, each of them once, and all are registered", async (context) => {
  const { expect } = context;
  const dataDir = await folder(context);
  const [postgresDir, socketDir] = [join(dataDir, "database"), join(dataDir, "socket")];
  const log = openLog("silent", "test");
  let server = await startEmbeddedPostgres({ dataDir: postgresDir, log });
  context.onTestFinished(() => server.stop());
  // Each start has a socket folder of its own.
  const link = () => symlink(server.socketDir, socketDir);
  await link();
  const address = { ...server.connection, host: socketDir };
  const environment = { DATABASE_URL: databaseUrl(address), SARABAN_DATA_DIR: dataDir };
  await prepareInstallation(loadSettings(environment), server.connection);
  const service = await start(context, "all", environment);
  const program = await addProgram(context, environment, service.httpUrl);

  // It hangs: whoever comes then is told at once. What was under way is taken in when it goes on, or is told after its own
  // wait for a connection, and comes again.
  const servers = processTree(server.pid);
  const signal = (name: "SIGSTOP" | "SIGCONT"): void => {
    for (const pid of servers) process.kill(pid, name);
  };
  const held: {
    readonly form: ProgramForm;
    readonly letter: ReturnType<typeof letterOf>;
    readonly answer: Promise<ProgramAnswer>;
  }[] = [];
  signal("SIGSTOP");
  try {
    for (const form of FORMS) {
      const ask = async (): Promise<number> => {
        const letter = letterOf(LETTERS + held.length, form, 20_000);
        const answer = program.handIn(letter);
        const first = await Promise.race([answer, pause(2_000).then(() => null)]);
        if (first?.status === 503) expectComeAgain(context, form, first);
        else held.push({ form, letter, answer });
        return first?.status ?? 0;
      };
      await expect.poll(ask).toBe(503);
    }
  } finally {
    signal("SIGCONT");
  }
  for (const { form, letter, answer } of held) {
    let told = await answer;
    while (!isTaken(told)) {
      expectComeAgain(context, form, told);
      await pause(100);
      told = await program.handIn(letter);
    }
  }

  let next = 0;
  const taken: number[] = [];
  const sender = async (): Promise<void> => {
    while (next < LETTERS) {
      const index = next++;
      const form = FORMS[index % FORMS.length] as ProgramForm;
      const letter = letterOf(index, form, index % 3 === 0 ? 150_000 : 20_000);
      for (;;) {
        const answer = await program.handIn(letter);
        if (isTaken(answer)) break;
        expectComeAgain(context, form, answer);
        await pause(100);
      }
      taken.push(index);
    }
  };
  const senders = Array.from({ length: 6 }, sender);
  await expect.poll(() => taken.length).toBeGreaterThan(6);
  await server.stop();
  await rm(socketDir);
  // Never handed in again, they stand nowhere afterwards.
  for (const [index, form] of FORMS.entries())
    expectComeAgain(context, form, await program.handIn(letterOf(2 * LETTERS + index, form, 20_000)));
  expect((await program.ask("/healthz")).status).toBe(200);
  expect((await program.ask("/readyz")).status).toBe(503);
  server = await startEmbeddedPostgres({ dataDir: postgresDir, log });
  await link();
  await Promise.all(senders);

  const query = adminQueries(context, server.connection);
  await expectRegistered(context, query, LETTERS + held.length);
  // Of a letter that was refused in its middle no octets are left.
  const stored = await readdir(join(dataDir, "letters"), { recursive: true, withFileTypes: true });
  const kept = await query("select 1 from saraban.stored_body where content is null");
  expect(stored.filter((one) => one.isFile())).toHaveLength(kept.length);
}, 240_000);

test("a full queue: while too many letters wait no more are taken in; when they are registered there is room again", async (context) => {
  const { expect } = context;
  const dataDir = await folder(context);
  const address = await databaseForTest(inject("testServer"), context);
  const environment = { DATABASE_URL: databaseUrl(address), SARABAN_DATA_DIR: dataDir };
  // Nobody reads and registers at first.
  const door = await start(context, "http", { ...environment, SARABAN_EXCHANGE_MAX_WAITING_JOBS: "4" });
  const program = await addProgram(context, environment, door.httpUrl);
  for (const [index, form] of FORMS.entries())
    expect(isTaken(await program.handIn(letterOf(index, form, 20_000)))).toBe(true);
  const more = FORMS.map((form, index) => [form, letterOf(index + 10, form, 150_000)] as const);
  await expect.poll(async () => (await program.handIn(letterOf(10, "json", 150_000))).status).toBe(503);
  for (const [form, letter] of more) expectComeAgain(context, form, await program.handIn(letter));

  await start(context, "all", environment);
  const query = adminQueries(context, address);
  await expect
    .poll(async () => (await query("select 1 from saraban.outbox where failed_at is null")).length)
    .toBe(0);
  for (const [, letter] of more)
    await expect.poll(async () => isTaken(await program.handIn(letter))).toBe(true);
  const [{ count } = { count: 0 }] = await query<{ count: number }>(
    "select count(*)::integer as count from saraban.intake",
  );
  await expectRegistered(context, query, count);
}, 240_000);
