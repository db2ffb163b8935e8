import { Readable } from "node:stream";
import { simpleParser } from "mailparser";
import { expect, test } from "vitest";
import { composeMime } from "./compose-mime.ts";
import type { OutgoingMail } from "./outgoing-mail.ts";

const PDF = { filename: "receipt-1.pdf", contentType: "application/pdf", content: Buffer.alloc(9_000, 7) };

const MAIL: OutgoingMail = {
  from: { name: "สารบรรณอิเล็กทรอนิกส์ หน่วยงานทดสอบ ก", address: "saraban@agency-a.example.go.th" },
  to: "saraban@opdc.example.go.th",
  subject: `ตอบรับหนังสือ ที่ นร ๑๒๐๑/๑๒๓ ${"ลงวันที่ ๒๑ พฤศจิกายน 𝔸🙂 ".repeat(8)}`.trim(),
  text: "เรียน ผู้อำนวยการ\n\n.\nได้รับหนังสือของท่านแล้ว\n",
  files: [
    { filename: "receipt-1.json", contentType: "application/json", content: '{"ที่":"นร 1201/123"}' },
    // 57 octets are one whole line of base64; 0 are none.
    { filename: "receipt-1.jws", contentType: "application/jose", content: "x".repeat(114) },
    { filename: "empty.bin", contentType: "application/octet-stream", content: "" },
    PDF,
  ],
  messageId: "<ack.1@agency-a.example.go.th>",
  date: new Date("2026-11-21T03:00:00Z"),
  inReplyTo: "<letter.1@opdc.example.go.th>",
  autoSubmitted: "auto-replied",
  returnPath: "",
  envelopeId: "019aa5d0-7f3c-7000-8000-000000000001",
};

/** The message in ASCII, as it would go out. */
function composed(mail: Partial<OutgoingMail>): string {
  const octets = composeMime({ ...MAIL, ...mail });
  if (octets === null) throw new Error("it was left to the library");
  return octets.toString("latin1");
}

test("a receipt's message is read as it was meant, by a library that did not make it", async () => {
  const mail = await simpleParser(composed({}));
  expect(mail.from?.value).toEqual([MAIL.from]);
  expect(mail.to).toMatchObject({ value: [{ address: MAIL.to, name: "" }] });
  expect(mail).toMatchObject({ subject: MAIL.subject, messageId: MAIL.messageId, date: MAIL.date });
  expect(mail).toMatchObject({ inReplyTo: MAIL.inReplyTo, references: MAIL.inReplyTo });
  expect(mail.headers.get("auto-submitted")).toBe("auto-replied");
  expect(mail.text?.trim()).toBe(MAIL.text.trim());
  expect(
    mail.attachments.map(({ filename, contentType, content }) => ({ filename, contentType, content })),
  ).toEqual(MAIL.files.map((file) => ({ ...file, content: Buffer.from(file.content as string) })));
});

test("it is ASCII in lines that end in CRLF, none longer than 78, those with encoded words than 76", () => {
  const message = composed({});
  expect(message).toMatch(/^[\x20-\x7e\r\n]+$/);
  expect(message.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  for (const line of message.split("\r\n"))
    expect(line.length, line).toBeLessThanOrEqual(line.includes("=?") ? 76 : 78);
  // Every encoded word is whole characters.
  for (const [, word = ""] of message.matchAll(/=\?UTF-8\?B\?([^?]+)\?=/g))
    expect(Buffer.from(word, "base64").toString()).not.toContain("�");
});

test("a second try composes the same octets", () => {
  expect(composed({})).toBe(composed({}));
});

test("names and subjects write no header and no address of their own", async () => {
  const evil =
    'x"\r\nBcc: victim@outside.example.com\r\n\r\n<p>, <victim@outside.example.com>; =?UTF-8?B?eA==?=';
  const message = composed({ from: { name: evil, address: MAIL.from.address }, subject: evil });
  expect(message).not.toMatch(/^Bcc:/im);
  const mail = await simpleParser(message);
  expect(mail.from?.value.map(({ address }) => address)).toEqual([MAIL.from.address]);
  expect(mail.subject).toBe(evil.replaceAll(/[\r\n]+/g, " "));
  expect(mail.attachments).toHaveLength(MAIL.files.length);
});

test("whatever would need quoting, a stream or much memory is left to the library", () => {
  const file = (other: Partial<typeof PDF>) => ({ files: [{ ...PDF, ...other }] });
  const others: Record<string, Partial<OutgoingMail>> = {
    "no file": { files: [] },
    "a file that is opened later": { files: [{ ...PDF, content: () => Readable.from(["x"]) }] },
    "a large file": file({ content: Buffer.alloc(300_000) }),
    "a file's name with a line": file({ filename: "x\r\nBcc: victim@outside.example.com" }),
    "a file's name in Thai": file({ filename: "หนังสือ.pdf" }),
    "a file's type that is none": file({ contentType: "text/plain; x=\r\nBcc: y" }),
    "a mail as a file": file({ contentType: "Message/rfc822" }),
    "an address with a line": { to: "a@example.go.th\r\nBcc: victim@outside.example.com" },
    "two addresses": { to: "a@example.go.th, b@example.go.th" },
    "a quoted address": { to: '"a b"@example.go.th' },
    "an address in Thai": { to: "สารบรรณ@example.go.th" },
    "a domain in Thai": { from: { name: "x", address: "saraban@ทดสอบ.ไทย" } },
    "a Message-ID with a line": { inReplyTo: "<a\r\nBcc: b@c>" },
    "an id that is no word": { envelopeId: 'x"; y' },
  };
  for (const [what, mail] of Object.entries(others))
    expect(composeMime({ ...MAIL, ...mail }), what).toBeNull();
});
