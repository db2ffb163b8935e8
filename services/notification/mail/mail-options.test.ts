import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { simpleParser } from "mailparser";
import { expect, test } from "vitest";
import { signNothing } from "./dkim-keys.ts";
import { openMessage } from "./mail-options.ts";
import type { MailFile, OutgoingMail } from "./outgoing-mail.ts";

const MAIL: OutgoingMail = {
  from: { name: "หน่วยงานทดสอบ ก", address: "saraban@agency-a.example.go.th" },
  to: "saraban@opdc.example.go.th",
  subject: "ขอเชิญประชุม",
  text: "เรียน ผู้อำนวยการ",
  files: [],
  messageId: "<letter.1@agency-a.example.go.th>",
  date: new Date("2026-11-21T03:00:00Z"),
  inReplyTo: null,
  autoSubmitted: null,
  returnPath: "saraban+x@agency-a.example.go.th",
  envelopeId: "1",
};

async function parsed(mail: Partial<OutgoingMail>) {
  const { octets } = await openMessage({ ...MAIL, ...mail }, signNothing);
  const message = await buffer(octets);
  return { message: message.toString("latin1"), mail: await simpleParser(message) };
}

test("files get there octet for octet, whatever type they were uploaded under", async () => {
  const content = Buffer.from("Content-Type: text/plain\r\n\r\n--x\r\n\0\n.\n\r\n--x--\r\n");
  const types = ["multipart/related", "message/rfc822", "Message/Delivery-Status", "text/html", "image/png"];
  const files = types.flatMap((contentType, index): MailFile[] => [
    { filename: `A_0101_${index}.bin`, contentType, content },
    { filename: `A_0101_${index}_1.bin`, contentType, content: () => Readable.from([content]) },
  ]);
  const { mail } = await parsed({ files });
  expect(mail.attachments.map(({ filename }) => filename)).toEqual(files.map(({ filename }) => filename));
  for (const attachment of mail.attachments)
    expect(attachment.content.equals(content), attachment.contentType).toBe(true);
});

test("names, subjects and file names write no header and no address of their own", async () => {
  const evil = 'x"\r\nBcc: victim@outside.example.com\r\n\r\n<p>, <victim@outside.example.com>;';
  const { message, mail } = await parsed({
    from: { name: evil, address: MAIL.from.address },
    subject: evil,
    files: [{ filename: evil, contentType: "application/pdf", content: "%PDF" }],
  });
  expect(message).not.toMatch(/^Bcc:/im);
  expect(mail.from?.value.map(({ address }) => address)).toEqual([MAIL.from.address]);
  expect(mail.to).toMatchObject({ value: [{ address: MAIL.to }] });
  expect(mail.attachments).toHaveLength(1);
  expect(mail.text?.trim()).toBe(MAIL.text);
});
