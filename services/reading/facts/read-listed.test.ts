import { describe, expect, it } from "vitest";
import { readMessage } from "../read-message.ts";
import type { KnownSenders, Reading } from "../reading.ts";
import { UNOPENED } from "../unread-reading.ts";

/** Kind, references and enclosures of a whole message: which of its texts gives them, and when none does. */
const known: KnownSenders = new Map([
  ["cgd.example.go.th", { name: "กรมบัญชีกลาง", codeLetters: "กค" }],
  ["rid.example.go.th", { name: "กรมชลประทาน", codeLetters: "กษ" }],
]);

function read(subject: string, body: string, headers = ""): Promise<Reading> {
  const text = `From: saraban@cgd.example.go.th\nSubject: ${subject}\n${headers}\n${body}\n`;
  return readMessage(Buffer.from(text.replaceAll("\n", "\r\n")), known, UNOPENED);
}

const LETTER = `ที่ กค ๐๔๐๒/๑๗
เรื่อง ตอบข้อหารือ
เรียน ผู้อำนวยการหน่วยงานทดสอบ ก
อ้างถึง ๑. หนังสือหน่วยงานทดสอบ ก ลับ ที่ ทก ๐๑๐๑/๒ ลงวันที่ ๑ มกราคม ๒๕๖๕
       ๒. หนังสือ ที่ กค ๐๔๐๒/๑ ลงวันที่ ๒ มกราคม ๒๕๖๕
สิ่งที่ส่งมาด้วย สำเนาหนังสือ ที่ นร ๐๑๐๑/๕ จำนวน ๑ ชุด
        ตามหนังสือที่อ้างถึง ขอหารือ นั้น และตามหนังสือ ที่ มท ๐๘๐๘/๓ แล้ว
`;
const NOTHING = { letterKind: "external", citations: [], enclosures: [] };

describe("what a message lists", () => {
  it("is its letter's, with the place where the kind was read", async () => {
    const reading = await read("ส่งหนังสือ", `บันทึกข้อความ\nส่วนราชการ กรมบัญชีกลาง\n${LETTER}`);
    expect(reading).toMatchObject({
      letterKind: "internal",
      sources: { letterKind: { source: "body", confidence: 0.95 } },
      facts: { number: "กค 0402/17", secrecy: "normal" },
      citations: [
        {
          printed: "หนังสือหน่วยงานทดสอบ ก ลับ ที่ ทก ๐๑๐๑/๒ ลงวันที่ ๑ มกราคม ๒๕๖๕",
          number: "ทก 0101/2",
          date: "2022-01-01",
        },
        { printed: "หนังสือ ที่ กค ๐๔๐๒/๑ ลงวันที่ ๒ มกราคม ๒๕๖๕", number: "กค 0402/1", date: "2022-01-02" },
        { printed: "หนังสือ ที่ มท ๐๘๐๘/๓", number: "มท 0808/3", date: null },
      ],
      enclosures: ["สำเนาหนังสือ ที่ นร ๐๑๐๑/๕ จำนวน ๑ ชุด"],
    });
  });

  it("has no source for a kind that nothing says", async () => {
    const reading = await read("ที่ กค 0402/17 เรื่อง คำสั่ง ที่ 1/2566", "ตามแนบ");
    expect(reading).toMatchObject({ ...NOTHING, facts: { number: "กค 0402/17" } });
    expect(reading.sources.letterKind).toBeUndefined();
    // A reply repeats what another mail was called.
    expect(await read("Re: บันทึกข้อความ ที่ กค 0402/17", "รับทราบ")).toMatchObject(NOTHING);
  });

  it("is the forwarded letter's that gives the number, told once for text and HTML", async () => {
    const listed = "อ้างถึง หนังสือ ที่ ทก 0101/1<br>สิ่งที่ส่งมาด้วย ๑. ก<br>๒. ข";
    const inner =
      "From: saraban@rid.example.go.th\nSubject: บันทึกข้อความ ที่ กษ 0327/6502\n" +
      "Content-Type: multipart/alternative; boundary=c\n\n" +
      `--c\nContent-Type: text/plain\n\n${listed.replaceAll("<br>", "\n")}\n` +
      `--c\nContent-Type: text/html; charset=utf-8\n\n${listed}\n--c--\n`;
    const parts = `--b\nContent-Type: text/plain\n\nอ้างถึงหนังสือ ที่ ทก 0101/9\n--b\nContent-Type: message/rfc822\n\n${inner}\n--b--`;
    const type = "Content-Type: multipart/mixed; boundary=b\n";
    expect(await read("ส่งต่อ: หนังสือ", parts, type)).toMatchObject({
      letterKind: "internal",
      sources: { letterKind: { source: "forwarded-subject" } },
      citations: [{ printed: "หนังสือ ที่ ทก 0101/1", number: "ทก 0101/1", date: null }],
      enclosures: ["ก", "ข"],
    });
    const ofCover = await read("ที่ กค 0402/17", parts, type);
    expect(ofCover).toMatchObject({ ...NOTHING, citations: [{ number: "ทก 0101/9" }] });
  });

  it("is nothing where the message is no letter, or cannot be trusted", async () => {
    const unnumbered = LETTER.replace("ที่ กค ๐๔๐๒/๑๗\n", "");
    for (const headers of ["Auto-Submitted: auto-replied\n", "List-Id: <a.lists.example.go.th>\n"]) {
      expect(await read("บันทึกข้อความ", unnumbered, headers)).toMatchObject({ ...NOTHING, sources: {} });
    }
    // Lines ended by a bare LF: part of it may be another message (RFC 5321 §2.3.8).
    const bare = Buffer.from(`Subject: x\r\n\r\n${LETTER}`);
    expect(await readMessage(bare, known, UNOPENED)).toMatchObject({
      ...NOTHING,
      kind: "unreadable",
      sources: {},
    });
  });
});
