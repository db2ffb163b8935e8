/** A letter of a mailbox on another server through the real service: fetched, decided on, filed, and shown to an operator. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { test as anyTest } from "vitest";
import { noDovecot, startDovecot } from "./intake/testing/dovecot.ts";
import { MAILBOX_PASSWORD, until } from "./intake/testing/mailbox-scene.ts";
import type { MailboxState } from "./shared/letter/hosted-mailboxes.ts";
import { projectDir } from "./shared/runtime/settings.ts";
import { sampleLetter } from "./shared/testing/sample-letters.ts";
import { startServiceProcess } from "./shared/testing/service-process.ts";

const test = anyTest.skipIf(noDovecot);

const run = promisify(execFile);

test("a letter in a hosted mailbox is fetched, and filed there once its outcome is known; readiness and a command tell how it stands", async (context) => {
  const { expect } = context;
  const dir = mkdtempSync(join(tmpdir(), "saraban-imap-"));
  context.onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const dovecot = await startDovecot();
  context.onTestFinished(() => dovecot.stop());
  const file = join(dir, "mailboxes.yaml");
  const mailbox = (id: string) =>
    `{ id: ${id}, agency: agency-a, host: localhost, port: ${dovecot.tlsPort}, caFile: ${dovecot.caFile}, user: ${id}, passwordEnv: SARABAN_SECRET_${id.toUpperCase()}, after: { moveTo: received } }`;
  writeFileSync(file, `mailboxes: [${mailbox("good")}, ${mailbox("bad")}]\n`);
  const environment = {
    SARABAN_MAILBOXES_FILE: file,
    SARABAN_SENDERS_CHECK: "off", // it would ask the DNS of the world
    SARABAN_SECRET_GOOD: MAILBOX_PASSWORD,
    SARABAN_SECRET_BAD: "not-the-password",
  };
  const service = await startServiceProcess("all", { dataDir: dir, environment });
  context.onTestFinished(async () => void (await service.stop()));

  const { octets, mailFrom } = sampleLetter(0, { seed: 1, sizeBytes: 4096 });
  dovecot.deliver("good", Buffer.concat([Buffer.from(`Return-Path: <${mailFrom}>\r\n`), octets]));
  await until(
    () => dovecot.count("good", "received", "S"),
    (count) => count === 1,
    20_000,
  );
  // A Maildir shows a moved message in both folders for a moment.
  await until(
    () => dovecot.count("good"),
    (count) => count === 0,
    5_000,
  );

  const saraban = (...args: string[]) =>
    run(process.execPath, [join(projectDir, "services/cli.ts"), ...args], {
      env: { PATH: process.env["PATH"], SARABAN_DATA_DIR: dir },
    }).catch((error: { code: number; stdout: string }) => error);
  const { stdout, code } = (await saraban("imap", "--json")) as { stdout: string; code?: number };
  expect(JSON.parse(stdout) as MailboxState[]).toMatchObject([
    { id: "bad", trouble: "the server does not take the user or the secret", lookedAt: null },
    { id: "good", trouble: null, lastUid: 1, toBeFiled: 0, notTaken: 0 },
  ]);
  expect(code).toBe(1);
  expect((await saraban("imap")).stdout).toMatch(/good +agency-a +\d{4}-/);

  const { checks } = (await (await fetch(`${service.httpUrl}/readyz`)).json()) as {
    checks: Record<string, { ok: boolean; needed: boolean; detail: string }>;
  };
  expect(checks["mailboxes"]).toEqual({
    ok: false,
    needed: false,
    detail: "bad: the server does not take the user or the secret",
  });
}, 240_000);
