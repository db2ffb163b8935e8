import fc from "fast-check";
import { createTransport } from "nodemailer";
import { describe, expect, it } from "vitest";
import { NO_PARTY, writeGovernmentDocument } from "../shared/ecms/write-government-document.ts";
import { URGENCIES } from "../shared/letter/letter.ts";
import { coverOf, type LetterCover } from "../shared/letter/letter-cover.ts";
import { normaliseLetterNumber } from "../shared/letter/letter-number.ts";
import { arabicToThaiDigits, thaiDigitsToArabic } from "../shared/letter/thai-text.ts";
import { readMessage } from "./read-message.ts";
import type { KnownSenders } from "./reading.ts";
import { judgeKnown } from "./testing/judge-known.ts";
import { UNOPENED } from "./unread-reading.ts";

/** The receiving office knows the sender by its domain; the letter it gets is one that this system has composed. */
const known: KnownSenders = new Map([
  ["agency-a.example.go.th", { name: "หน่วยงานทดสอบ ก", codeLetters: "ทก", romanCode: "TSTA" }],
  ["agency-b.example.go.th", { name: "หน่วยงานทดสอบ ข", codeLetters: "ทข", served: true }],
]);
const builder = createTransport({ streamTransport: true, buffer: true, newline: "windows" });

async function sent(cover: LetterCover, withDocument: boolean): Promise<Buffer> {
  const document = writeGovernmentDocument({
    ...cover,
    sender: { ...NO_PARTY, jobTitle: cover.from },
    receiver: { ...NO_PARTY, jobTitle: cover.to },
    references: [],
    sentAt: new Date("2026-11-21T02:00:00Z"),
    description: null,
  });
  const name = annex7(cover.number);
  const xml = { filename: `${name}.xml`, contentType: "application/xml", content: document };
  const [pdf, enclosed] = ["", "_1"].map((running) => ({
    filename: `${name}${running}.pdf`,
    contentType: "application/pdf",
    content: "%PDF-1.4 scan",
  }));
  const { message } = await builder.sendMail({
    from: { name: cover.from, address: "saraban@agency-a.example.go.th" },
    to: "saraban@agency-b.example.go.th",
    ...coverOf(cover),
    textEncoding: "base64",
    attachments: withDocument && pdf && enclosed ? [pdf, enclosed, xml] : [],
  });
  return message as Buffer;
}

/** Annex 7: Roman code, owner number, letter number, B.E. year. */
function annex7(number: string): string {
  const [, unit = "", circular = "", running = ""] =
    / ([0-9.]+)\/(ว )?([0-9]+)$/u.exec(thaiDigitsToArabic(number)) ?? [];
  return `TSTA_${unit.replaceAll(".", "-")}_${circular === "" ? "" : "W_"}${running}_2569`;
}

const LETTER: LetterCover = {
  number: "ทก ๐๑๐๑/๑๒",
  date: "2026-11-20",
  subject: "ขอเชิญประชุมคณะทำงานขับเคลื่อนระบบราชการดิจิทัล ครั้งที่ 3/2569",
  from: "หน่วยงานทดสอบ ก",
  to: "ผู้อำนวยการหน่วยงานทดสอบ ข",
  urgency: "very-urgent",
  references: [
    "หนังสือหน่วยงานทดสอบ ข ที่ ทข 0101/55 ลงวันที่ 9 เมษายน 2569",
    "หนังสือสำนักงาน ก.พ.ร. ที่ นร ๑๒๐๐/ว ๗ ลงวันที่ ๑ มีนาคม ๒๕๖๙",
  ],
  enclosures: ["ระเบียบวาระการประชุม จำนวน 1 ฉบับ", "แบบตอบรับ จำนวน 2 ฉบับ"],
  text: "เรียน เจ้าหน้าที่งานสารบรรณ\n\nตามหนังสือที่ นร 1200/99 ลงวันที่ 1 มกราคม 2569 ขอส่งหนังสือมาเพื่อโปรดลงทะเบียนรับ\nสอบถามโทร. 02 000 0000",
};

describe("a letter that this system sends", () => {
  for (const withDocument of [true, false]) {
    it(`is read in every column, ${withDocument ? "by its document" : "by the words of the mail alone"}`, async () => {
      const reading = await readMessage(await sent(LETTER, withDocument), known, UNOPENED);
      // The document for programs and the scan for persons; a scanned enclosure beside them is none.
      const roles = reading.attachments.map(({ contentType, role }) => `${contentType} ${role}`);
      const pdfs = ["application/pdf main", "application/pdf enclosure"];
      expect(roles).toEqual(withDocument ? [...pdfs, "application/xml main"] : []);
      expect(reading.facts).toEqual({
        number: "ทก 0101/12",
        numberPrinted: "ทก ๐๑๐๑/๑๒",
        date: "2026-11-20",
        subject: LETTER.subject,
        from: "หน่วยงานทดสอบ ก",
        to: "ผู้อำนวยการหน่วยงานทดสอบ ข",
        urgency: "very-urgent",
        secrecy: "normal",
      });
      expect(reading).toMatchObject({ kind: "letter", conflicts: [], enclosures: LETTER.enclosures });
      expect(reading.citations.map(({ number, date }) => [number, date])).toEqual(
        expect.arrayContaining([
          ["ทข 0101/55", "2026-04-09"],
          ["นร 1200/ว 7", "2026-03-01"],
        ]),
      );
      const envelope = {
        mailFrom: "saraban@agency-a.example.go.th",
        recipients: ["saraban@agency-b.example.go.th"],
      };
      expect(judgeKnown(reading, envelope, known)).toEqual({ outcome: "ready", reason: "letter" });
    });
  }

  it("is read without doubt whatever its number, date, urgency and lists are", async () => {
    const number = fc
      .tuple(
        fc.constantFrom("ทก", "ทก (กพ)"),
        fc.constantFrom("0101", "0201.2", "7"),
        fc.constantFrom("", "ว "),
        fc.integer({ min: 1, max: 99_999 }),
        fc.boolean(),
      )
      .map(([code, unit, circular, running, thai]) => {
        const arabic = `${code} ${unit}/${circular}${running}`;
        return thai ? arabicToThaiDigits(arabic) : arabic;
      });
    const day = fc
      .date({
        min: new Date("2020-01-01T00:00:00Z"),
        max: new Date("2030-12-31T00:00:00Z"),
        noInvalidDate: true,
      })
      .map((date) => date.toISOString().slice(0, 10));
    const item = fc.constantFrom(
      "รายงานผล จำนวน 1 ชุด",
      "แบบสำรวจ",
      "สำเนาหนังสือ ที่ กค 0402/9 ลงวันที่ 2 มกราคม 2569",
    );
    const cover = fc.record({
      number,
      date: day,
      subject: fc.constantFrom(
        "ขอความอนุเคราะห์ข้อมูล",
        "การลดอุบัติเหตุทางด่วน",
        "รายงานตามหนังสือที่ นร 1200/5",
        "A & B <2569>",
      ),
      from: fc.constant("หน่วยงานทดสอบ ก"),
      to: fc.constantFrom("อธิบดีกรมทดสอบ", "ผู้ว่าราชการจังหวัดทดสอบ"),
      urgency: fc.constantFrom(...URGENCIES),
      references: fc.uniqueArray(
        fc.constantFrom("หนังสือ ที่ นร 1200/1 ลงวันที่ 2 มกราคม 2569", "หนังสือ ที่ คค 0202/8"),
        { maxLength: 2 },
      ),
      enclosures: fc.uniqueArray(item, { maxLength: 3 }),
      text: fc.constantFrom(null, "ขอส่งหนังสือมาพร้อมนี้", "เรียน งานสารบรรณ\nโปรดลงทะเบียนรับและแจ้งเลขรับ"),
    });
    await fc.assert(
      fc.asyncProperty(cover, fc.boolean(), async (letter, withDocument) => {
        const { kind, facts, conflicts, problems } = await readMessage(
          await sent(letter, withDocument),
          known,
          UNOPENED,
        );
        expect({ kind, conflicts }).toEqual({ kind: "letter", conflicts: [] });
        expect(problems.filter((problem) => problem !== "no-date")).toEqual([]);
        expect(facts).toMatchObject({
          number: normaliseLetterNumber(letter.number),
          date: letter.date,
          subject: letter.subject,
          to: letter.to,
          urgency: letter.urgency,
          secrecy: "normal",
        });
      }),
      { seed: 20_261_121, numRuns: 150 },
    );
  });
});
