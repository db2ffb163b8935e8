import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { Readable } from "node:stream";
import { simpleParser } from "mailparser";
import { type TestContext, test } from "vitest";
import { freePort } from "../../shared/testing/free-port.ts";
import { openSmtpSink } from "../../shared/testing/smtp-sink.ts";
import type { OutgoingMail } from "./outgoing-mail.ts";
import { openSmarthost } from "./smarthost.ts";

const NOTICE: OutgoingMail = {
  from: { name: "สารบรรณ", address: "saraban@agency-a.example.go.th" },
  to: "saraban@opdc.example.go.th",
  subject: "ทดสอบ",
  text: "ทดสอบ",
  files: [{ filename: "receipt.json", contentType: "application/json", content: "{}" }],
  messageId: "<ack.1@agency-a.example.go.th>",
  date: new Date("2026-11-21T00:00:00Z"),
  inReplyTo: null,
  autoSubmitted: "auto-replied",
  returnPath: "",
  envelopeId: "0198c0de-0000-7000-8000-000000000001",
};

/** A mail server that answers one command so and all others well. */
async function serverThatAnswers(context: TestContext, command: string, reply: string) {
  const server = createServer((socket) => {
    let inData = false;
    socket.setEncoding("utf8").write("220 test\r\n");
    socket.on("error", () => {});
    socket.on("data", (text: string) => {
      for (const line of text.split("\r\n").filter(Boolean)) {
        if (inData && line !== ".") continue;
        const refused = line.toUpperCase().startsWith(command);
        if (line === ".") inData = false;
        else if (line === "DATA" && !refused) inData = true;
        const well = line === "DATA" ? "354 go on" : line.startsWith("EHLO") ? "250 test" : "250 2.0.0 ok";
        socket.write(`${refused ? reply : well}\r\n`);
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const transport = openSmarthost(`smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, 1, "test");
  context.onTestFinished(() => {
    transport.close();
    server.close();
  });
  return transport;
}

for (const [command, reply, result] of [
  ["MAIL", "451 4.3.0 later", "transient"],
  ["MAIL", "530 5.7.0 authentication required", "transient"],
  ["MAIL", "553 5.1.8 no such sender", "permanent"],
  ["RCPT", "450 4.7.1 greylisted", "transient"],
  ["RCPT", "421 4.3.2 shutting down", "transient"],
  ["RCPT", "554 5.7.1 relay access denied", "transient"],
  ["RCPT", "550 5.1.1 no such mailbox", "permanent"],
  ["DATA", "451 4.3.0 later", "transient"],
  ["DATA", "554 5.6.0 no", "permanent"],
  [".", "452 4.3.1 disk full", "transient"],
  [".", "550 5.7.1 not wanted", "permanent"],
  ["NOTHING", "", "accepted"],
] as const) {
  test(`an answer "${reply}" to ${command} is ${result}`, async (context) => {
    const transport = await serverThatAnswers(context, command, reply);
    context.expect((await transport.send(NOTICE.to, () => NOTICE)).result).toBe(result);
    // The server answers, whatever it says of the message; and its words must not come out on /readyz.
    context.expect(await transport.trouble()).toBeNull();
  });
}

test("while the smarthost is away one message tries it and the others wait, until it is seen to be back", async (context) => {
  const { expect } = context;
  const port = await freePort();
  const transport = openSmarthost(`smtp://127.0.0.1:${port}`, 4, "test");
  context.onTestFinished(() => transport.close());
  expect(await transport.send(NOTICE.to, () => NOTICE)).toMatchObject({ result: "transient" });
  let composed = 0;
  const compose = (): OutgoingMail => {
    composed++;
    return NOTICE;
  };
  const waiting = await transport.send(NOTICE.to, compose);
  expect(waiting).toMatchObject({ result: "put-off", reply: expect.stringContaining("does not answer") });
  expect(waiting.result === "put-off" && waiting.waitMs).toBeLessThan(31_000);
  expect(composed).toBe(0);
  expect(await transport.trouble()).toContain("ECONNREFUSED");
});

test("files that are read as they go out arrive whole, over and over; one that cannot be read sends nothing", async (context) => {
  const { expect } = context;
  const sink = await openSmtpSink();
  const transport = openSmarthost(sink.url, 2, "test");
  context.onTestFinished(async () => {
    transport.close();
    await sink.close();
  });
  const octets = Buffer.from("หนังสือ".repeat(50_000));
  const file = { filename: "x.pdf", contentType: "application/pdf", content: () => Readable.from([octets]) };
  for (let time = 0; time < 3; time++) {
    const answer = await transport.send(NOTICE.to, () => ({ ...NOTICE, files: [file] }));
    expect(answer.result).toBe("accepted");
  }
  for (const mail of sink.received) {
    const { attachments } = await simpleParser(mail.octets);
    expect(attachments[0]?.content.equals(octets)).toBe(true);
  }
  // A file of ours that cannot be read is no fault of the smarthost, and nothing of the message is there.
  const broken = { ...file, content: () => Readable.from(failing()) };
  const sending = transport.send(NOTICE.to, () => ({ ...NOTICE, files: [broken] }));
  await expect(sending).rejects.toThrow("the disk is away");
  expect(sink.received).toHaveLength(3);
});

async function* failing(): AsyncGenerator<Buffer> {
  yield Buffer.alloc(100_000);
  throw new Error("the disk is away");
}
