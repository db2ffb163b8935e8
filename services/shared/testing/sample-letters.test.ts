import { createHash } from "node:crypto";
import { simpleParser } from "mailparser";
import { expect, it } from "vitest";
import { normaliseLetterNumber } from "../letter/letter-number.ts";
import { sampleLetter } from "./sample-letters.ts";

const sha256 = (octets: Buffer): string => createHash("sha256").update(octets).digest("hex");

it("makes the same octets from the same seed, and other ones from another", () => {
  expect(sha256(sampleLetter(3, { seed: 1 }).octets)).toBe(sha256(sampleLetter(3, { seed: 1 }).octets));
  expect(sha256(sampleLetter(3, { seed: 1 }).octets)).not.toBe(sha256(sampleLetter(3, { seed: 2 }).octets));
});

it("never repeats a number or a Message-ID, in a series or between neighbouring seeds", () => {
  const letters = [1, 2, 3].flatMap((seed) =>
    Array.from({ length: 500 }, (_, index) => sampleLetter(index, { seed, sizeBytes: 4_096 })),
  );
  expect(new Set(letters.map(({ number }) => number)).size).toBe(1_500);
  expect(new Set(letters.map(({ messageId }) => messageId)).size).toBe(1_500);
});

it.each([4 * 1024, 20 * 1024, 300 * 1024])("meets a size of %i bytes within 100", (sizeBytes) => {
  for (let index = 0; index < 12; index++) {
    const { octets } = sampleLetter(index, { seed: 9, sizeBytes });
    expect(octets.length).toBeLessThanOrEqual(sizeBytes);
    expect(octets.length).toBeGreaterThan(sizeBytes - 100);
  }
});

it("is a letter that an independent reader understands, with lines that SMTP allows", async () => {
  for (let index = 0; index < 12; index++) {
    const letter = sampleLetter(index, { seed: 4 });
    const mail = await simpleParser(letter.octets);
    expect(mail.messageId).toBe(letter.messageId);
    expect(mail.from?.value[0]?.address).toBe(letter.mailFrom);
    expect(mail.subject).toContain(`เรื่อง ${letter.subject}`);
    expect(mail.text).toContain(`เรื่อง  ${letter.subject}`);
    const printed = /^ที่ (.+)$/m.exec(mail.text ?? "")?.[1] ?? "";
    expect(normaliseLetterNumber(printed)).toBe(letter.number);
    const [pdf] = mail.attachments;
    expect(pdf?.contentType).toBe("application/pdf");
    expect(pdf?.content.subarray(0, 5).toString("latin1")).toBe("%PDF-");
    // RFC 5321 §4.5.3.1.6; RFC 5322 §2.3: no CR or LF alone.
    for (const line of letter.octets.toString("latin1").split("\r\n")) {
      expect(line.length).toBeLessThanOrEqual(998);
      expect(line).not.toMatch(/[\r\n]/);
    }
  }
});

it("writes PDF offsets that lead to their objects", async () => {
  const [attached] = (await simpleParser(sampleLetter(0, { seed: 2 }).octets)).attachments;
  const pdf = attached?.content ?? Buffer.alloc(0);
  const text = pdf.toString("latin1");
  const xrefAt = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1]);
  expect(text.slice(xrefAt, xrefAt + 4)).toBe("xref");
  const offsets = [...text.slice(xrefAt).matchAll(/^(\d{10}) 00000 n $/gm)].map((match) => Number(match[1]));
  expect(offsets).toHaveLength(4);
  offsets.forEach((offset, index) => {
    expect(text.slice(offset, offset + 8)).toBe(`${index + 1} 0 obj\n`);
  });
});
