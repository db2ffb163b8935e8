import { createTransport } from "nodemailer";
import { expect, it, onTestFinished } from "vitest";
import { openSmtpSink } from "./smtp-sink.ts";

type SinkOptions = Parameters<typeof openSmtpSink>[0];

async function sinkAndClient(options?: SinkOptions) {
  const sink = await openSmtpSink(options);
  const transport = createTransport({ url: sink.url });
  onTestFinished(async () => {
    transport.close();
    await sink.close();
  });
  const send = (inReplyTo: string, json: object = { number: 1 }) =>
    transport.sendMail({
      envelope: { from: "", to: ["saraban@opdc.example.go.th"] },
      from: "saraban@agency-a.example.go.th",
      to: "saraban@opdc.example.go.th",
      subject: "แจ้งเลขรับหนังสือ ที่ นร 1203/1 เลขรับ 1/2569",
      text: "ได้รับแล้ว",
      inReplyTo,
      attachments: [
        { filename: "receipt.json", content: JSON.stringify(json), contentType: "application/json" },
      ],
    });
  return { sink, send };
}

it("keeps envelope, header, text and JSON of what it takes, to be found by In-Reply-To", async () => {
  const { sink, send } = await sinkAndClient();
  const waiting = sink.waitFor(({ inReplyTo }) => inReplyTo === "<b@opdc.example.go.th>", 5_000);
  await send("<a@opdc.example.go.th>");
  await send("<b@opdc.example.go.th>", { number: 7, name: "ผู้รับ" });
  const message = await waiting;
  expect(message.mailFrom).toBe("");
  expect(message.recipients).toEqual(["saraban@opdc.example.go.th"]);
  const { subject, text, json, attachmentName } = await message.read();
  expect(subject).toBe("แจ้งเลขรับหนังสือ ที่ นร 1203/1 เลขรับ 1/2569");
  expect(text.trim()).toBe("ได้รับแล้ว");
  expect(json).toEqual({ number: 7, name: "ผู้รับ" });
  expect(attachmentName).toBe("receipt.json");
  expect(sink.received).toHaveLength(2);
  expect(sink.repliesTo("<a@opdc.example.go.th>")).toEqual([sink.received[0]]);
  expect(sink.repliesTo("<c@opdc.example.go.th>")).toEqual([]);
});

it("refuses with the code it is told, and does not keep what it refused", async () => {
  const { sink, send } = await sinkAndClient({
    onMessage: ({ inReplyTo }) =>
      inReplyTo === "<a@x>" ? { kind: "refuse", code: 451, text: "later" } : undefined,
  });
  await expect(send("<a@x>")).rejects.toMatchObject({ responseCode: 451 });
  await send("<b@x>");
  expect(sink.received.map(({ inReplyTo }) => inReplyTo)).toEqual(["<b@x>"]);
});

it("hangs up without an answer when told so, and has the message all the same", async () => {
  const { sink, send } = await sinkAndClient({ onMessage: () => ({ kind: "hang-up" }) });
  await expect(send("<a@x>")).rejects.not.toHaveProperty("responseCode");
  expect(sink.received).toHaveLength(1);
});

it("ends a wait for what does not come", async () => {
  const { sink } = await sinkAndClient();
  await expect(sink.waitFor(() => true, 20)).rejects.toThrow("no such message within 20 ms");
});
