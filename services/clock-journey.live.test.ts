/** The clock through the real service: a letter waits while no reference clock answers, and goes on when one does. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, test } from "vitest";
import { openSmtpSender } from "../scripts/smtp-sender.ts";
import { findChronyd, freeUdpPort, startChronyd } from "./clock/testing/chronyd.ts";
import { databaseUrl, runSaraban } from "./shared/testing/command-line.ts";
import { databaseForTest } from "./shared/testing/database.ts";
import { sampleLetter } from "./shared/testing/sample-letters.ts";
import { startServiceProcess } from "./shared/testing/service-process.ts";
import { openSmtpSink } from "./shared/testing/smtp-sink.ts";

const chronyd = findChronyd();

interface Readiness {
  readonly ready: boolean;
  readonly checks: {
    readonly clock: { readonly ok: boolean; readonly needed: boolean; readonly detail: string };
  };
}

test.skipIf(chronyd === undefined && !process.env["CI"])(
  "registration waits for the reference clock and goes on by itself; every time carries the clock's state",
  async (context) => {
    const { expect } = context;
    const dataDir = await mkdtemp(join(tmpdir(), "saraban-clock-"));
    context.onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    const sink = await openSmtpSink();
    context.onTestFinished(() => sink.close());
    const port = await freeUdpPort();
    const environment = {
      SARABAN_DATA_DIR: dataDir,
      DATABASE_URL: databaseUrl(await databaseForTest(inject("testServer"), context)),
      SARABAN_SMARTHOST_URL: sink.url,
      SARABAN_CLOCK_SERVERS: `127.0.0.1:${port}`,
    };
    const service = await startServiceProcess("all", { dataDir, environment });
    context.onTestFinished(async () => void (await service.stop()));

    const letter = sampleLetter(0, { seed: 1, sizeBytes: 4096 });
    const sender = await openSmtpSender("127.0.0.1", service.smtpPort);
    expect(
      (await sender.deliver({ from: letter.mailFrom, to: [letter.to], octets: letter.octets })).kind,
    ).toBe("accepted");
    await sender.quit();

    const readiness = async () => (await (await fetch(`${service.httpUrl}/readyz`)).json()) as Readiness;
    const waiting = await readiness();
    expect(waiting).toMatchObject({ ready: false, checks: { clock: { ok: false, needed: true } } });
    expect(sink.received).toEqual([]);

    const reference = await startChronyd(chronyd as string, port);
    context.onTestFinished(() => reference.stop());
    const receipt = await sink.waitFor(({ inReplyTo }) => inReplyTo === letter.messageId, 60_000);
    const { text, json } = await receipt.read();
    expect(json).toMatchObject({
      clock: { received: { state: "unsynchronised" }, registered: { state: "synchronised", stratum: 1 } },
    });
    expect(text).toContain("ไม่ได้เทียบกับนาฬิกาอ้างอิง");

    expect(await readiness()).toMatchObject({ ready: true, checks: { clock: { ok: true, needed: false } } });
    const time = (await (await fetch(`${service.httpUrl}/api/v1/time`)).json()) as {
      time: string;
      state: string;
      errorBoundMs: number;
    };
    expect(time.state).toBe("synchronised");
    expect(Math.abs(Date.parse(time.time) - Date.now())).toBeLessThan(5_000);
    expect(time.errorBoundMs).toBeLessThan(10);
    expect(await (await fetch(`${service.httpUrl}/metrics`)).text()).toContain("saraban_clock_usable 1");

    const saraban = async (...args: string[]) => (await runSaraban(environment, args)).stdout;
    expect(await saraban("clock")).toMatch(/synchronised[\s\S]*registration +goes on[\s\S]*127\.0\.0\.1/);
    const samples = (await saraban("clock", "export"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { agreed: boolean });
    expect(samples.some(({ agreed }) => agreed)).toBe(true);
  },
  120_000,
);
