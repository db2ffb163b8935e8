import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "vitest";
import { loadSettings } from "../../shared/runtime/settings.ts";
import { startDnsServer } from "../../shared/testing/dns-server.ts";
import { openSmtpSink } from "../../shared/testing/smtp-sink.ts";
import { LETTER } from "../testing/mx-scene.ts";
import { openTransport } from "./open-transport.ts";

const nowhere = async () => false;

test("settings choose the way out: MX servers, the smarthost, files for newcomers, or waiting", async (context) => {
  const { expect } = context;
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-mail-"));
  const sink = await openSmtpSink();
  const dns = await startDnsServer({
    "MX opdc.example.go.th": { mail: ["mx.example.go.th"] },
    "A mx.example.go.th": { addresses: ["127.0.0.1"] },
  });
  const open = (more: Record<string, string>) => {
    const way = openTransport(loadSettings({ SARABAN_DATA_DIR: dataDir, ...more }), nowhere);
    context.onTestFinished(() => way.transport?.close());
    return way;
  };
  const send = async (more: Record<string, string>) => open(more).transport?.send(LETTER.to, () => LETTER);
  context.onTestFinished(async () => {
    await sink.close();
    await dns.stop();
    await rm(dataDir, { recursive: true });
  });

  const mx = {
    SARABAN_NOTIFICATION_DELIVERY: "mx",
    SARABAN_NOTIFICATION_RESOLVER: dns.address,
    SARABAN_NOTIFICATION_MX_PORT: `${sink.port}`,
  };
  expect(await send(mx)).toMatchObject({
    result: "permanent",
    reply: expect.stringContaining("private address"),
  });
  expect(await send({ ...mx, SARABAN_NOTIFICATION_ALLOW_PRIVATE: "true" })).toMatchObject({
    result: "accepted",
  });
  expect(await send({ SARABAN_SMARTHOST_URL: sink.url })).toMatchObject({ result: "accepted" });
  expect(sink.received).toHaveLength(2);

  expect(await send({})).toMatchObject({ result: "accepted" });
  expect(await readdir(join(dataDir, "outgoing"))).toEqual(["letter.1@agency-a.example.go.th.eml"]);
  const waiting = open({ SARABAN_WITHOUT_SMARTHOST: "wait" });
  expect(waiting.transport).toBeUndefined();
  expect(waiting.says).toContain("SARABAN_SMARTHOST_URL");
  expect(() => open({ SARABAN_NOTIFICATION_DKIM_KEYS_DIR: join(dataDir, "none") })).toThrow(/dkimKeysDir/);
});
