/** One letter through the real processes to its receipt: what a user gets from `npm start`, and from separate services. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { inject, type TestContext, test } from "vitest";
import { openSmtpSender } from "../scripts/smtp-sender.ts";
import type { BookLine, LetterStatus } from "./shared/letter/inbound-book.ts";
import { projectDir } from "./shared/runtime/settings.ts";
import { adminQueries } from "./shared/testing/arrivals.ts";
import { databaseForTest } from "./shared/testing/database.ts";
import { queueBackends } from "./shared/testing/queue-homes.ts";
import { sampleLetter } from "./shared/testing/sample-letters.ts";
import { startServiceProcess } from "./shared/testing/service-process.ts";
import { openSmtpSink } from "./shared/testing/smtp-sink.ts";

const run = promisify(execFile);
const CLI = join(projectDir, "services/cli.ts");

async function scratchFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "saraban-journey-"));
  context.onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function saraban(args: readonly string[], environment: Record<string, string>): Promise<string> {
  const { stdout } = await run(process.execPath, [CLI, ...args], {
    env: { PATH: process.env["PATH"], ...environment },
  });
  return stdout;
}

async function sendLetter(port: number, index: number): Promise<string> {
  const { octets, mailFrom, to } = sampleLetter(index, { seed: 1, sizeBytes: 4096 });
  const sender = await openSmtpSender("127.0.0.1", port);
  const delivery = await sender.deliver({ from: mailFrom, to: [to], octets });
  await sender.quit();
  if (delivery.kind !== "accepted") throw new Error(`refused: ${delivery.reply.text}`);
  return delivery.ids[0] as string;
}

test("saraban all: a letter gets its number and its acknowledgement; stop and kill -9 lose nothing", async (context) => {
  const { expect } = context;
  const dataDir = await scratchFolder(context);
  const sink = await openSmtpSink();
  context.onTestFinished(() => sink.close());
  const environment = { SARABAN_SMARTHOST_URL: sink.url, SARABAN_QUEUE_RESEND_AFTER_SECONDS: "2" };
  let service = await startServiceProcess("all", { dataDir, environment });
  context.onTestFinished(async () => void (await service.stop()));

  const id = await sendLetter(service.smtpPort, 0);
  const receipt = await sink.waitFor(
    ({ inReplyTo }) => inReplyTo === sampleLetter(0, { seed: 1 }).messageId,
    20_000,
  );
  expect((await receipt.read()).json).toMatchObject({ register: { number: 1 }, message: { intakeId: id } });

  const ready = await fetch(`${service.httpUrl}/readyz`);
  expect(ready.status).toBe(200);
  expect(await ready.json()).toMatchObject({
    ready: true,
    checks: {
      database: { ok: true },
      queue: { ok: true },
      relay: { ok: true },
      smarthost: { ok: true },
      clock: { ok: false, needed: false },
    },
  });
  expect(await (await fetch(`${service.httpUrl}/healthz`)).json()).toEqual({ alive: true });
  expect((await fetch(`${service.httpUrl}/nothing`)).status).toBe(404);

  const startedMs = performance.now();
  expect(await service.stop()).toEqual({ code: 0, signal: null });
  expect(performance.now() - startedMs).toBeLessThan(30_000);
  service = await startServiceProcess("all", { dataDir, environment });

  // Killed right after its 250: the letter is numbered and acknowledged by the next start.
  await sendLetter(service.smtpPort, 1);
  await service.kill();
  service = await startServiceProcess("all", { dataDir, environment });
  await sink.waitFor(({ inReplyTo }) => inReplyTo === sampleLetter(1, { seed: 1 }).messageId, 90_000);

  const own = { SARABAN_DATA_DIR: dataDir };
  const book = JSON.parse(await saraban(["book", "agency-a", "--json"], own)) as BookLine[];
  expect(book.map(({ number, letterNumber }) => [number, letterNumber])).toEqual([
    [1, sampleLetter(0, { seed: 1 }).number],
    [2, sampleLetter(1, { seed: 1 }).number],
  ]);
  const status = JSON.parse(await saraban(["letter", id, "--json"], own)) as LetterStatus;
  expect(status).toMatchObject({ outcome: "registered", registerNumber: 1, notice: "delivered" });
  const metrics = await (await fetch(`${service.httpUrl}/metrics`)).text();
  expect(metrics).toContain('saraban_intakes{agency="agency-a"} 2');
  expect(metrics).toContain('saraban_outcomes{agency="agency-a",outcome="registered"} 2');

  // No letter's words in any log.
  const log = await readFile(service.logFile, "utf8");
  expect(log).toContain(id);
  for (const index of [0, 1]) expect(log).not.toContain(sampleLetter(index, { seed: 1 }).subject);
}, 240_000);

for (const backend of queueBackends()) {
  test(`separate services on one DATABASE_URL, queue on ${backend}`, async (context) => {
    const { expect } = context;
    const dataDir = await scratchFolder(context);
    const address = await databaseForTest(inject("testServer"), context);
    const query = adminQueries(context, address);
    const sink = await openSmtpSink();
    context.onTestFinished(() => sink.close());
    const environment: Record<string, string> = {
      DATABASE_URL: `postgres://${address.user}@localhost:${address.port}/${address.database}?host=${encodeURIComponent(address.host)}`,
      SARABAN_SMARTHOST_URL: sink.url,
      SARABAN_QUEUE_PREFIX: `journey-${process.pid}`,
      ...(backend === "redis" ? { REDIS_URL: inject("redisUrl") } : {}),
    };
    expect(await saraban(["migrate"], { ...environment, SARABAN_DATA_DIR: dataDir })).toContain("up to date");
    const start = async (command: string) => {
      const service = await startServiceProcess(command, { dataDir, environment });
      context.onTestFinished(async () => void (await service.stop()));
      return service;
    };
    const intake = await start("intake");
    const ids = [await sendLetter(intake.smtpPort, 0), await sendLetter(intake.smtpPort, 1)];
    const http = await start("http");
    expect((await fetch(`${http.httpUrl}/readyz`)).status).toBe(503);
    await Promise.all(["relay", "reading", "registry", "notification"].map(start));
    for (const index of [0, 1]) {
      await sink.waitFor(({ inReplyTo }) => inReplyTo === sampleLetter(index, { seed: 1 }).messageId, 90_000);
    }
    expect((await fetch(`${http.httpUrl}/readyz`)).status).toBe(200);
    const entries = await query<{ intake_id: string; number: number }>(
      "select intake_id, number from saraban.entry order by number",
    );
    expect(entries).toEqual(ids.map((intake_id, index) => ({ intake_id, number: index + 1 })));
  }, 240_000);
}

test("what is set wrong is told before anything starts, with exit code 78; wrong use is 64", async ({
  expect,
}) => {
  const ends = async (args: readonly string[], environment: Record<string, string>) => {
    const { code, stderr } = (await saraban(args, environment).then(
      () => ({ code: 0, stderr: "" }),
      (error: unknown) => error,
    )) as { code: number; stderr: string };
    return { code, stderr };
  };
  const wrong = await ends(["all"], { SARABAN_SMTP_PORT: "no", SARABAN_DATA_DIR: "/nonexistent" });
  expect(wrong.code).toBe(78);
  expect(wrong.stderr).toContain(
    'smtp.port (SARABAN_SMTP_PORT) is "no": allowed is a whole number from 0 to 65535',
  );
  expect((await ends(["nonsense"], {})).code).toBe(64);
  expect((await ends(["book", "agency-a"], { SARABAN_DATA_DIR: "/nonexistent" })).code).toBe(69);
  expect(await saraban(["help"], {})).toContain("Usage: saraban COMMAND");
});
