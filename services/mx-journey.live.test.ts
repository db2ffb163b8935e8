/** The whole service with direct delivery: what a partner's dead mail server does to the acknowledgements of the others. */

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, test } from "vitest";
import { openSmtpSender } from "../scripts/smtp-sender.ts";
import { databaseUrl } from "./shared/testing/command-line.ts";
import { databaseForTest } from "./shared/testing/database.ts";
import { startDnsServer } from "./shared/testing/dns-server.ts";
import { sampleLetter } from "./shared/testing/sample-letters.ts";
import { startServiceProcess } from "./shared/testing/service-process.ts";
import { openSmtpSink } from "./shared/testing/smtp-sink.ts";

const LETTERS = 20;
const GOOD = "opdc.example.go.th";
const DEAD = "moc.example.go.th";

test("acknowledgements go straight to the senders' mail servers; a dead one keeps nobody else waiting", async (context) => {
  const { expect } = context;
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-mx-"));
  const good = await openSmtpSink();
  const silent = new Set<Socket>();
  const dead = createServer((socket) => {
    silent.add(socket);
    socket.on("error", () => {});
  }).listen(good.port, "127.0.0.2");
  await once(dead, "listening");
  const dns = await startDnsServer({
    [`MX ${GOOD}`]: { mail: ["mx.good.example.go.th"] },
    "A mx.good.example.go.th": { addresses: ["127.0.0.1"] },
    [`MX ${DEAD}`]: { mail: ["mx.dead.example.go.th"] },
    "A mx.dead.example.go.th": { addresses: ["127.0.0.2"] },
  });
  const service = await startServiceProcess("all", {
    dataDir,
    environment: {
      DATABASE_URL: databaseUrl(await databaseForTest(inject("testServer"), context)),
      SARABAN_NOTIFICATION_DELIVERY: "mx",
      SARABAN_NOTIFICATION_MX_PORT: `${good.port}`,
      SARABAN_NOTIFICATION_RESOLVER: dns.address,
      SARABAN_NOTIFICATION_ALLOW_PRIVATE: "true",
    },
  });
  context.onTestFinished(async () => {
    await service.stop();
    await good.close();
    for (const socket of silent) socket.destroy();
    dead.close();
    await dns.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const sender = await openSmtpSender("127.0.0.1", service.smtpPort);
  const wanted = new Set<string>();
  for (let index = 0; index < 2 * LETTERS; index++) {
    const domain = index % 2 === 0 ? DEAD : GOOD;
    const { octets, mailFrom, to, messageId } = sampleLetter(index, { seed: 6, sizeBytes: 4096, domain });
    const delivery = await sender.deliver({ from: mailFrom, to: [to], octets });
    expect(delivery.kind).toBe("accepted");
    if (domain === GOOD) wanted.add(messageId);
  }
  await sender.quit();
  const sentMs = performance.now();
  await good.waitFor(() => good.received.length >= LETTERS, 60_000);
  const seconds = ((performance.now() - sentMs) / 1000).toFixed(1);
  process.stdout.write(
    `${LETTERS} acknowledgements beside a dead mail server: ${seconds} s after the last letter\n`,
  );
  expect(new Set(good.received.map(({ inReplyTo }) => inReplyTo))).toEqual(wanted);
  expect(silent.size).toBeLessThanOrEqual(2);
}, 300_000);
