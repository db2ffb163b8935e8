import { describe, expect, it } from "vitest";
import { readMessage } from "../read-message.ts";
import type { KnownSenders } from "../reading.ts";
import { UNOPENED } from "../unread-reading.ts";

type Mail = { subject?: string; body?: string; headers?: string };

function mail({ subject = "ส่งหนังสือ", body = "", headers = "" }: Mail): Buffer {
  const text = `From: saraban@cgd.example.go.th\nTo: saraban@agency-a.example.go.th\nSubject: ${subject}\n${headers}\n${body}\n`;
  return Buffer.from(text.replaceAll("\n", "\r\n"));
}

describe("mails that carry the letter in their text", () => {
  const served: KnownSenders = new Map([
    ["cgd.example.go.th", { name: "กรมบัญชีกลาง", codeLetters: "กค" }],
    ["rid.example.go.th", { name: "กรมชลประทาน", codeLetters: "กษ" }],
    ["agency-a.example.go.th", { name: "หน่วยงานทดสอบ ก", codeLetters: "ทก", served: true }],
  ]);
  const read = (sent: Mail) => readMessage(mail(sent), served, UNOPENED);

  it.each([
    ["From: งาน <saraban@rid.example.go.th>\nDate: Mon, 9 Mar 2026\nSubject: x\nTo: <a@cgd.example.go.th>"],
    [
      "จาก: งาน\n<saraban@rid.example.go.th>\nส่งเมื่อ: 9 มีนาคม 2569 10:00\nถึง: a@cgd.example.go.th\nเรื่อง: ที่ กษ ๐๓๐๑/๒ เรื่อง ข",
    ],
  ])("give a letter passed on to its writer: %s", async (head) => {
    const body = `เพื่อทราบ\n\n---------- Forwarded message ---------\n${head}\n\nขอส่งหนังสือ`;
    const { facts } = await read({ subject: "Fwd: ที่ กษ ๐๓๐๑/๒ เรื่อง ข", body });
    expect(facts).toMatchObject({
      from: "กรมชลประทาน",
      number: "กษ 0301/2",
      subject: "ข",
      date: null,
      to: null,
    });
    const own = await read({ subject: "Fwd: ที่ กค ๐๓๐๑/๒ เรื่อง ข", body });
    expect(own.facts).toMatchObject({ from: "กรมบัญชีกลาง", subject: "ข" });
  });

  it("take no number of ours for the sender's own", async () => {
    const { facts, problems } = await read({ body: "หนังสือที่ : ทก 0101/47\nลงวันที่ : ๙/๓/๒๕๖๙" });
    expect(facts.number).toBeNull();
    expect(problems).toContain("uncertain-number");
  });

  it("read English labels, and a table whose labels stand in its first row", async () => {
    const wanted = { number: "กค 0402/3", date: "2026-03-09", subject: "ข" };
    for (const body of [
      "Letter No.: กค 0402/3\nDate: 9 March 2026\nSubject: ข",
      "Our ref: กค 0402/3\nDate: 2026-03-09\nSubject: ข\nYour ref: ทก 0101/9",
      "เลขที่หนังสือ\tลงวันที่\tเรื่อง\t\n\nกค ๐๔๐๒/๓\t๙ มี.ค. ๒๕๖๙\tข\t",
      "| เลขที่หนังสือ | ลงวันที่ | เรื่อง |\n|---|---|---|\n| กค ๐๔๐๒/๓ | ๙ มี.ค. ๒๕๖๙ | ข |",
    ])
      expect((await read({ body })).facts, body).toMatchObject(wanted);
  });

  it("obey a marking in a second Subject field, and leave two numbers to an officer", async () => {
    const twice = (second: string) => read({ subject: "ที่ กค ๐๔๐๒/๓", headers: `Subject: ${second}\n` });
    expect((await twice("ลับ")).facts.secrecy).toBe("confidential");
    expect((await twice("ที่ กค ๐๔๐๒/๔")).problems).toContain("several-numbers");
    expect((await twice("ที่ กค ๐๔๐๒/๓")).problems).not.toContain("several-numbers");
  });

  it("obey a marking behind a number of the sender's, also where they do not say that it is theirs", async () => {
    expect((await read({ body: "๑. กค ๐๔๐๒/๓ ลับมาก จำนวน ๑ ฉบับ" })).facts.secrecy).toBe("secret");
    expect((await read({ body: "สำเนาหนังสือ ที่ กค ๐๔๐๒/๓ ลับมาก จำนวน ๑ ฉบับ" })).facts.secrecy).toBe("normal");
  });

  it("are an officer's where their text is encrypted", async () => {
    const body = "-----BEGIN PGP MESSAGE-----\n\nhQEMA5\n-----END PGP MESSAGE-----";
    expect((await read({ subject: "ที่ กค ๐๔๐๒/๓", body })).problems).toContain("encrypted");
  });

  it.each(["l.html", "l.txt"])("obey a marking in %s, whatever type it is called", async (name) => {
    const html = `<html><body><p>ลับ</p><p>x</p></body></html>`;
    const file = Buffer.from(name.endsWith("html") ? html : "ลับ\r\n\r\nx\r\n").toString("base64");
    const headers = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n";
    const body = `--b\n\nx\n--b\nContent-Type: application/octet-stream; name=${name}\nContent-Transfer-Encoding: base64\n\n${file}\n--b--`;
    expect((await read({ subject: "ที่ กค ๐๔๐๒/๓", headers, body })).facts.secrecy).toBe("confidential");
  });
});
