import { describe, expect, it } from "vitest";
import { readMessage } from "../read-message.ts";
import type { KnownSenders } from "../reading.ts";
import { judgeKnown } from "../testing/judge-known.ts";
import { DOCX_TYPE, docx, paragraphs } from "../testing/make-office.ts";
import { AGREED, cgd, conflicting, printed, rid, settle } from "../testing/settled-mail.ts";
import { UNOPENED } from "../unread-reading.ts";

/** As it is typed: tabs between the columns and before the date, a paragraph for each. */
function typed(number: string, ...rest: string[]): Uint8Array {
  const tab = "</w:t><w:tab/><w:tab/><w:t>";
  const text = paragraphs(
    `ที่ ${number}${tab}กรมบัญชีกลาง`,
    `${tab}ถนนพระรามที่ ๖ กทม. ๑๐๔๐๐`,
    `${tab}๓ มีนาคม ๒๕๖๕`,
    "เรื่อง  ตอบข้อหารือการเบิกจ่าย",
    "เรียน  ผู้อำนวยการหน่วยงานทดสอบ ก",
    "อ้างถึง  หนังสือหน่วยงานทดสอบ ก ที่ ทก ๐๑๐๑/๒ ลงวันที่ ๑ มกราคม ๒๕๖๕",
    "สิ่งที่ส่งมาด้วย  ๑. แบบสำรวจ จำนวน ๑ ชุด",
    "    ๒. คู่มือ จำนวน ๒ เล่ม",
    "    ตามหนังสือที่อ้างถึง ขอหารือ นั้น กรมบัญชีกลางขอเรียนว่า ประชุมครั้งที่ ๑/๒๕๖๖",
    ...rest,
  );
  return docx(text);
}

describe("a letter in Word", () => {
  it("says what it is, where its mail does not", async () => {
    const settled = await settle({ files: [{ docx: typed("กค ๐๔๐๒/๑๗") }] });
    expect(settled.facts).toMatchObject({
      number: "กค 0402/17",
      numberPrinted: "กค ๐๔๐๒/๑๗",
      date: "2022-03-03",
      subject: "ตอบข้อหารือการเบิกจ่าย",
      from: cgd.name,
      to: "ผู้อำนวยการหน่วยงานทดสอบ ก",
    });
    expect(settled.sources.number).toEqual({ source: "document", confidence: 0.85 });
    expect(settled.citations).toMatchObject([{ number: "ทก 0101/2" }]);
    expect(settled.enclosures).toEqual(["แบบสำรวจ จำนวน ๑ ชุด", "คู่มือ จำนวน ๒ เล่ม"]);
    expect([settled.roles, settled.problems]).toEqual([["main"], []]);
  });

  it("is a copy where pages of a PDF are there, or another number is said", async () => {
    const word = { docx: typed("กค ๐๔๐๒/๑๘") };
    for (const files of [
      [word, { pdf: printed("กค ๐๔๐๒/๑๗") }],
      [word, { pdf: "scan", name: "กค ๐๔๐๒_๑๗.pdf" }],
    ]) {
      const settled = await settle({ files });
      expect([settled.facts.number, settled.roles.at(-1), conflicting(settled)]).toEqual([
        "กค 0402/17",
        "main",
        AGREED,
      ]);
    }
    const named = await settle({ subject: "ที่ กค 0402/17 เรื่อง เชิญประชุม", files: [word] });
    expect([named.facts.number, named.facts.date, conflicting(named)]).toEqual(["กค 0402/17", null, AGREED]);
  });

  it("is nobody's guess: two numbers, another agency's, an enclosure's name, a draft without number", async () => {
    for (const sent of [
      { files: [{ docx: typed("กค ๐๔๐๒/๑๗") }, { docx: typed("กค ๐๔๐๒/๑๘") }] },
      { files: [{ docx: typed("กค ๐๔๐๒/๑๗") }], sender: rid },
      { files: [{ docx: typed("กค ๐๔๐๒/๑๗"), name: "สิ่งที่ส่งมาด้วย ๑.docx" }] },
      { files: [{ docx: typed("กค ๐๔๐๒/      ") }] },
      { files: [{ docx: docx(paragraphs("รายงานตามหนังสือ ที่ กค ๐๔๐๒/๑๗", "เรื่อง ก")) }] },
    ]) {
      expect((await settle(sent)).facts.number).toBeNull();
    }
  });

  it("marked in itself makes the letter classified", async () => {
    const { facts, sources } = await settle({
      subject: "ที่ กค 0402/17",
      files: [{ docx: typed("กค ๐๔๐๒/๑๗", "ลับมาก") }],
    });
    expect([facts.secrecy, sources.secrecy?.source]).toEqual(["secret", "document"]);
  });
});

describe("a mail with a letter in Word", () => {
  const known: KnownSenders = new Map([["cgd.example.go.th", cgd]]);
  async function judge(octets: Uint8Array, name: string, type: string) {
    const mail = `From: saraban@cgd.example.go.th
To: saraban@agency-a.example.go.th
Subject: ที่ กค 0402/17 เรื่อง แผน
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8

ตามแนบ
--b
Content-Type: ${type}; name="${name}"
Content-Disposition: attachment; filename="${name}"
Content-Transfer-Encoding: base64

${Buffer.from(octets).toString("base64").replaceAll(/.{76}/g, "$&\n")}
--b--
`;
    const reading = await readMessage(Buffer.from(mail.replaceAll("\n", "\r\n")), known, UNOPENED);
    const envelope = {
      mailFrom: "saraban@cgd.example.go.th",
      recipients: ["saraban@agency-a.example.go.th"],
    };
    const { outcome, reason } = judgeKnown(reading, envelope, known);
    return { outcome, reason, problems: reading.problems, marks: reading.attachments[0]?.marks };
  }

  it("is refused where only the document is marked, and an officer's where it is damaged", async () => {
    expect(await judge(typed("กค ๐๔๐๒/๑๗"), "a.docx", DOCX_TYPE)).toMatchObject({ outcome: "ready" });
    expect(await judge(typed("กค ๐๔๐๒/๑๗", "ลับ"), "a.docx", DOCX_TYPE)).toMatchObject({
      outcome: "refused",
      reason: "classified",
    });
    expect(await judge(docx("<w:p>"), "a.docx", DOCX_TYPE)).toMatchObject({
      outcome: "triage",
      reason: "undecodable-attachment",
      marks: ["unreadable"],
    });
  });

  it("of before 2007 passes by what the mail says, as a scan does", async () => {
    const octets = Buffer.concat([Buffer.from("d0cf11e0a1b11ae1", "hex"), Buffer.alloc(2_000)]);
    expect(await judge(octets, "a.doc", "application/msword")).toMatchObject({
      outcome: "ready",
      problems: expect.arrayContaining(["scanned-letter"]),
      marks: ["no-text"],
    });
  });
});
