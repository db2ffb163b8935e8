import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { startServiceProcess } from "./service-process.ts";
import { greetedSmtpClient } from "./smtp-client.ts";

async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "service-process-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));
  return dir;
}

it("starts the whole service, finds its ports, kills it, starts it again on the same data and stops it", async () => {
  const dataDir = await scratch();
  const killed = await startServiceProcess("all", { dataDir });
  onTestFinished(async () => void (await killed.stop()));
  const client = await greetedSmtpClient(killed.smtpPort);
  client.destroy();
  expect(await (await fetch(`${killed.httpUrl}/healthz`)).json()).toEqual({ alive: true });
  expect(await killed.kill()).toEqual({ code: null, signal: "SIGKILL" });
  await expect(greetedSmtpClient(killed.smtpPort)).rejects.toThrow();

  const again = await startServiceProcess("all", { dataDir });
  onTestFinished(async () => void (await again.stop()));
  expect(again.pid).not.toBe(killed.pid);
  expect(await again.stop()).toEqual({ code: 0, signal: null });
  expect(await again.stop()).toEqual({ code: 0, signal: null });
  expect(await readFile(again.logFile, "utf8")).toContain('"stopping"');
}, 240_000);

it("says why a service did not get ready", async () => {
  const environment = { SARABAN_SMTP_PORT: "none" };
  await expect(startServiceProcess("all", { dataDir: await scratch(), environment })).rejects.toThrow(
    /did not get ready.*\n[\s\S]*SARABAN_SMTP_PORT|smtp\.port/,
  );
  await expect(startServiceProcess("intake", { dataDir: await scratch() })).rejects.toThrow(/is not running/);
});
