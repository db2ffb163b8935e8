/** What comes back to us: reports on our own mail, answers of machines, and the same letter once more. Real processes. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { inject, type TestContext, test } from "vitest";
import { openSmtpSender } from "../scripts/smtp-sender.ts";
import { postfixPath, startSendingPostfix } from "./intake/testing/sending-postfix.ts";
import { makeCertificate } from "./intake/testing/tls-client.ts";
import { isReturnPath } from "./shared/letter/return-path.ts";
import { adminQueries } from "./shared/testing/arrivals.ts";
import { databaseForTest } from "./shared/testing/database.ts";
import { freePort } from "./shared/testing/free-port.ts";
import { sampleLetter } from "./shared/testing/sample-letters.ts";
import { startServiceProcess } from "./shared/testing/service-process.ts";
import { openSmtpSink } from "./shared/testing/smtp-sink.ts";

function withMessageId(octets: Buffer, messageId: string): Buffer {
  return Buffer.from(
    octets.toString("latin1").replace(/^Message-ID: .*$/m, `Message-ID: ${messageId}`),
    "latin1",
  );
}

function bounceOf(messageId: string, recipient: string): Buffer {
  const lines = `From: MAILER-DAEMON@mx.example.go.th
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.go.th

Final-Recipient: rfc822; ${recipient}
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 mailbox full
--b
Content-Type: text/rfc822-headers

Message-ID: ${messageId}
--b--
`;
  return Buffer.from(lines.replaceAll("\n", "\r\n"));
}

interface Became {
  readonly outcome: string | null;
  readonly reason: string | null;
  /** State and reason of its one notice. */
  readonly notice: string | null;
  readonly why: string | null;
}

/** All services in one process, on a database of the test; and what becomes of the letters that are sent to them. */
async function startServices(
  context: TestContext,
  dataDir: string,
  environment: Readonly<Record<string, string>>,
) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const service = await startServiceProcess("all", {
    dataDir,
    environment: {
      DATABASE_URL: `postgres://${address.user}@localhost:${address.port}/${address.database}?host=${encodeURIComponent(address.host)}`,
      ...environment,
    },
  });
  const send = async (from: string, to: string, octets: Buffer): Promise<string> => {
    const sender = await openSmtpSender("127.0.0.1", service.smtpPort);
    const delivery = await sender.deliver({ from, to: [to], octets });
    await sender.quit();
    if (delivery.kind !== "accepted") throw new Error(`refused: ${delivery.reply.text}`);
    return delivery.ids[0] as string;
  };
  const became = async (id: string): Promise<Became> => {
    const [row] = await query<Became>(
      `select o.outcome, o.reason, n.state as notice, n.reason as why from saraban.intake i
         left join saraban.outcome o on o.intake_id = i.id left join saraban.notice n on n.intake_id = i.id where i.id = $1`,
      [id],
    );
    if (!row) throw new Error("no such letter");
    return row;
  };
  const until = async (id: string, is: (found: Became) => boolean): Promise<Became> => {
    const patience = AbortSignal.timeout(30_000);
    for (;;) {
      const found = await became(id);
      if (is(found)) return found;
      await setTimeout(50, undefined, { signal: patience });
    }
  };
  return { service, query, send, became, until };
}

test("a bounce at our return path makes the notice failed; machines' answers end there; the same letter has one number", async (context) => {
  const { expect } = context;
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-reports-"));
  const sink = await openSmtpSink();
  const environment = { SARABAN_SMARTHOST_URL: sink.url };
  const { service, query, send, became, until } = await startServices(context, dataDir, environment);
  context.onTestFinished(async () => {
    await service.stop();
    await sink.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const letter = sampleLetter(0, { seed: 3, sizeBytes: 4096 });
  const first = await send(letter.mailFrom, letter.to, letter.octets);
  const receipt = await sink.waitFor(({ inReplyTo }) => inReplyTo === letter.messageId, 90_000);
  expect(isReturnPath(receipt.mailFrom)).toBe(true);

  // The same letter in another mail: the first number, in an answer of its own.
  const again = withMessageId(letter.octets, "<again@opdc.example.go.th>");
  const second = await send(letter.mailFrom, letter.to, again);
  const copy = await sink.waitFor(({ inReplyTo }) => inReplyTo === "<again@opdc.example.go.th>", 90_000);
  expect((await copy.read()).json).toEqual((await receipt.read()).json);
  expect(await became(second)).toMatchObject({ outcome: "possible-duplicate", reason: "same-letter" });

  // A letter, a vacation notice and an acknowledgement, sent to the return path: nothing comes of them, nobody is answered.
  const other = sampleLetter(1, { seed: 3, sizeBytes: 4096 });
  const vacation = Buffer.from("Subject: away\r\nAuto-Submitted: auto-replied\r\n\r\nx\r\n");
  for (const octets of [other.octets, vacation]) {
    const id = await send(letter.mailFrom, receipt.mailFrom, octets);
    expect(await until(id, ({ outcome }) => outcome !== null)).toMatchObject({
      outcome: "ignored",
      notice: null,
    });
  }
  expect(sink.received).toHaveLength(2);

  // A bounce at the mailbox, that names our message, is evidence; at the return path it is believed.
  const bounce = bounceOf(receipt.headers.get("message-id") ?? "", letter.mailFrom);
  const weak = await send("", letter.to, bounce);
  expect(await until(weak, ({ outcome }) => outcome !== null)).toMatchObject({ outcome: "ignored" });
  const altered = receipt.mailFrom.replace(/\+(.)/, (_, sign: string) => `+${sign === "a" ? "b" : "a"}`);
  const forged = await send("", altered, bounce);
  await until(forged, ({ outcome }) => outcome !== null);
  expect(await became(first)).toMatchObject({ notice: "delivered" });
  await send("", receipt.mailFrom, bounce);
  await until(first, ({ notice }) => notice === "failed");
  const evidence = async () =>
    (
      await query<{ matched: string }>(
        "select matched_by || ' ' || kind as matched from saraban.delivery_report",
      )
    ).map(({ matched }) => matched);
  await expect
    .poll(async () => (await evidence()).sort(), { timeout: 60_000 })
    .toEqual(["message-id bounce", "message-id bounce", "token auto-reply", "token bounce"]);
  expect(await became(first)).toMatchObject({ notice: "failed" });
  expect(sink.received).toHaveLength(2);
}, 240_000);

test.skipIf(postfixPath === undefined && process.env["CI"] === undefined)(
  "a real Postfix that cannot deliver our acknowledgement reports so to its return path (RFC 3461, RFC 3464)",
  async (context) => {
    const { expect } = context;
    const dataDir = await mkdtemp(join(tmpdir(), "saraban-postfix-"));
    await chmod(dataDir, 0o755); // Postfix's own user reads its files below
    const certificate = await makeCertificate(dataDir, "door");
    const port = await freePort();
    // It sends everything to our door: the acknowledgement is not for us and refused there, the bounce is for us.
    const postfix = await startSendingPostfix(join(dataDir, "postfix"), {
      port,
      caFile: certificate.certFile,
    });
    const environment = {
      SARABAN_SMTP_PORT: `${port}`,
      SARABAN_SMTP_TLS_CERT_FILE: certificate.certFile,
      SARABAN_SMTP_TLS_KEY_FILE: certificate.keyFile,
      SARABAN_SMTP_HOSTNAME: "mail.agency-a.example.go.th",
      SARABAN_SMARTHOST_URL: `smtp://127.0.0.1:${postfix.port}`,
    };
    const { service, send, until } = await startServices(context, dataDir, environment);
    context.onTestFinished(async () => {
      await service.stop();
      await postfix.stop();
      await rm(dataDir, { recursive: true, force: true });
    });
    const letter = sampleLetter(0, { seed: 4, sizeBytes: 4096 });
    const id = await send(letter.mailFrom, letter.to, letter.octets);
    const { why } = await until(id, ({ notice }) => notice === "failed");
    expect(why).toMatch(/^reported as failed: 5\.7\.1 .*550/);
    expect(await postfix.log()).toMatch(/sender non-delivery notification/);
  },
  90_000,
);
