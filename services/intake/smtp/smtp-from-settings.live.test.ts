import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, type TestContext, test } from "vitest";
import { loadSettings } from "../../shared/runtime/settings.ts";
import { openStore } from "../../shared/runtime/store.ts";
import { roomDatabase } from "../../shared/testing/arrivals.ts";
import { databaseForTest } from "../../shared/testing/database.ts";
import { freePort } from "../../shared/testing/free-port.ts";
import { dotText, greetedSmtpClient, openSmtpData } from "../../shared/testing/smtp-client.ts";
import { implicitTlsClient, makeCertificate } from "../testing/tls-client.ts";
import { openConfiguredDoor } from "./smtp-from-settings.ts";
import { findTestRecipient } from "./smtp-test-door.ts";

const to = "saraban@agency-a.example.go.th";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "smtp-settings-"));
});
afterAll(() => rm(dir, { recursive: true }));

async function open(context: TestContext, env: Record<string, string>) {
  const address = await databaseForTest(inject("testServer"), context);
  const informed: string[] = [];
  const door = await openConfiguredDoor(loadSettings({ SARABAN_SMTP_PORT: "0", ...env }).smtp, {
    store: await openStore({ dir: join(dir, "letters") }),
    acceptLetter: async ({ remoteAddress }) => ({ intakeIds: [remoteAddress] }),
    findRecipient: findTestRecipient,
    database: roomDatabase(context, address, "saraban_intake"),
    log: { info: (_, message) => informed.push(message), warn() {}, error() {} },
  });
  context.onTestFinished(() => door.close(0));
  return { door, informed, port: Number(/:(\d+)/.exec(door.says[0] ?? "")?.[1]) };
}

test("everything that the settings name is there, and SIGHUP reads the certificate again", async (context) => {
  const [first, second] = [await makeCertificate(dir, "first"), await makeCertificate(dir, "second")];
  const tlsPort = await freePort();
  const { door, informed, port } = await open(context, {
    SARABAN_SMTP_HOSTNAME: "mail.agency-a.example.go.th",
    SARABAN_SMTP_TLS_CERT_FILE: first.certFile,
    SARABAN_SMTP_TLS_KEY_FILE: first.keyFile,
    SARABAN_SMTP_TLS_PORT: `${tlsPort}`,
    SARABAN_SMTP_PROXY_NETWORKS: "198.51.100.0/24",
    SARABAN_SMTP_TRUSTED_NETWORKS: "",
    SARABAN_SMTP_GREYLIST: "true",
    SARABAN_SMTP_GREYLIST_DELAY_SECONDS: "1",
    SARABAN_SMTP_LIMITS_LETTERS_PER_MINUTE: "3",
  });
  expect(door.says).toEqual([
    `SMTP on 127.0.0.1:${port} (STARTTLS)`,
    `SMTP over TLS on 127.0.0.1:${tlsPort}`,
  ]);
  const client = await implicitTlsClient(tlsPort);
  await client.command("EHLO client.example.go.th");
  await client.command("MAIL FROM:<x@opdc.example.go.th>");
  expect((await client.command(`RCPT TO:<${to}>`)).text).toMatch(/^451 4\.7\.1 Your server is new/);
  await expect
    .poll(async () => (await client.command(`RCPT TO:<${to}>`)).code, { timeout: 60_000, interval: 200 })
    .toBe(250);
  await client.command("DATA");
  await client.send(dotText("x\r\n"));
  expect((await client.reply()).text).toBe("250 2.0.0 Accepted as 127.0.0.1");
  for (const code of [250, 250, 451]) {
    await client.command("RSET");
    expect((await client.command("MAIL FROM:<x@opdc.example.go.th>")).code).toBe(code);
  }

  await copyFile(second.certFile, first.certFile);
  await copyFile(second.keyFile, first.keyFile);
  process.emit("SIGHUP", "SIGHUP");
  await expect.poll(() => informed).toContain("the new TLS certificate is in force");
  const next = await implicitTlsClient(tlsPort);
  expect(next.tls.getPeerCertificate().raw).not.toEqual(client.tls.getPeerCertificate().raw);
  for (const one of [client, next]) one.destroy();
});

test("by default: no TLS, and nothing is asked of a client on this host", async (context) => {
  const { door, port } = await open(context, {});
  expect(door.says).toEqual([`SMTP on 127.0.0.1:${port}`]);
  const client = await greetedSmtpClient(port);
  for (let round = 0; round < 30; round++) await client.command(round % 2 ? "RSET" : "NOOP");
  await openSmtpData(client, { to: [to] });
  await client.send(dotText("x\r\n"));
  expect((await client.reply()).code).toBe(250);
});

test.each([
  [{ SARABAN_SMTP_TLS_CERT_FILE: "x.pem" }, /^smtp\.tls\.certFile and smtp\.tls\.keyFile go together$/],
  [{ SARABAN_SMTP_TLS_REQUIRE: "true" }, /^smtp\.tls\.port and smtp\.tls\.require need /],
  [
    { SARABAN_SMTP_TRUSTED_NETWORKS: "10.0.0.0/40" },
    /^smtp\.trustedNetworks: "10\.0\.0\.0\/40" is no network/,
  ],
  [
    { SARABAN_SMTP_TLS_CERT_FILE: "/none.pem", SARABAN_SMTP_TLS_KEY_FILE: "/none.pem" },
    /cannot be read \(ENOENT\)$/,
  ],
])("%j is told before a port is open", async (env, message) => {
  const before = process.listenerCount("SIGHUP");
  await expect(
    openConfiguredDoor(loadSettings({ SARABAN_SMTP_PORT: "0", ...env }).smtp, {} as never),
  ).rejects.toThrow(message);
  expect(process.listenerCount("SIGHUP")).toBe(before);
});
