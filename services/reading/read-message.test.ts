import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cpuTimeMs } from "../shared/testing/cpu-time.ts";
import { readMessage } from "./read-message.ts";
import type { KnownSenders, Reading } from "./reading.ts";
import { judgeKnown } from "./testing/judge-known.ts";
import { UNOPENED } from "./unread-reading.ts";

const known: KnownSenders = new Map([
  ["cgd.example.go.th", { name: "กรมบัญชีกลาง", codeLetters: "กค" }],
  ["rid.example.go.th", { name: "กรมชลประทาน", codeLetters: "กษ" }],
  ["plain.example.go.th", { name: "หน่วยงานไม่มีรหัส" }],
]);

type Mail = { subject?: string; body?: string; from?: string; headers?: string; mailFrom?: string };

function mail({
  subject = "ส่งหนังสือ",
  body = "",
  from = "saraban@cgd.example.go.th",
  headers = "",
}: Mail): Buffer {
  const text = `From: ${from}\nTo: saraban@agency-a.example.go.th\nSubject: ${subject}\n${headers}\n${body}\n`;
  return Buffer.from(text.replaceAll("\n", "\r\n"));
}

async function judge(sent: Mail): Promise<{ reading: Reading; outcome: string; reason: string }> {
  const reading = await readMessage(mail(sent), known, UNOPENED);
  const envelope = {
    mailFrom: sent.mailFrom ?? "saraban@cgd.example.go.th",
    recipients: ["saraban@agency-a.example.go.th"],
  };
  return { reading, ...judgeKnown(reading, envelope, known) };
}

const TYPED = `ด่วนที่สุด
ที่ กค ๐๔๐๒/๑๗                         กรมบัญชีกลาง
                                       ถนนพระรามที่ ๖

                ๓ มีนาคม ๒๕๖๕

เรื่อง ตอบข้อหารือ

เรียน ผู้อำนวยการหน่วยงานทดสอบ ก

อ้างถึง ๑. หนังสือหน่วยงานทดสอบ ก ลับ ที่ ทก ๐๑๐๑/๒ ลงวันที่ ๑ มกราคม ๒๕๖๕
       ๒. หนังสือ ที่ กค ๐๔๐๒/๑ ลงวันที่ ๒ มกราคม ๒๕๖๕

สิ่งที่ส่งมาด้วย สำเนาหนังสือ ที่ นร ๐๑๐๑/๕ ลงวันที่ ๒ มกราคม ๒๕๖๕

        ตามหนังสือที่อ้างถึง ขอหารือ นั้น กรมบัญชีกลางขอเรียนว่า ประชุมครั้งที่ ๑/๒๕๖๖
`;

describe("a letter typed into the body", () => {
  it("is read whole, and nothing of what it cites", async () => {
    const { reading, outcome } = await judge({ body: TYPED });
    expect(outcome).toBe("ready");
    expect(reading.facts).toEqual({
      number: "กค 0402/17",
      numberPrinted: "กค ๐๔๐๒/๑๗",
      date: "2022-03-03",
      subject: "ตอบข้อหารือ",
      from: "กรมบัญชีกลาง",
      to: "ผู้อำนวยการหน่วยงานทดสอบ ก",
      urgency: "most-urgent",
      secrecy: "normal",
    });
    expect(reading.sources.number).toEqual({ source: "body", confidence: 0.95 });
    expect(reading.sources.from?.source).toBe("directory");
    expect(reading.citations.map(({ number }) => number)).toEqual(["ทก 0101/2", "กค 0402/1"]);
    expect(reading.enclosures).toEqual(["สำเนาหนังสือ ที่ นร ๐๑๐๑/๕ ลงวันที่ ๒ มกราคม ๒๕๖๕"]);
  });

  it("is a secret when ลับ stands alone at its head or its foot, in any dress", async () => {
    for (const marked of [
      `ลับ\n\n${TYPED}`,
      `${TYPED}\n                 - ลับมาก -\n`,
      `*** ล ั บ ***\n${TYPED}`,
    ]) {
      expect(await judge({ body: marked })).toMatchObject({ outcome: "refused", reason: "classified" });
    }
  });

  it("is read as a stamped letter, with ถึง and the date at the end", async () => {
    const body = "ที่ กค ๐๔๑๐/๒\n\nถึง หน่วยงานทดสอบ ก\n\n   ขอส่งเอกสาร\n\nกรมบัญชีกลาง\n๒๐ ตุลาคม ๒๕๖๔";
    const { facts } = (await judge({ body })).reading;
    expect(facts).toMatchObject({
      number: "กค 0410/2",
      date: "2021-10-20",
      to: "หน่วยงานทดสอบ ก",
      subject: null,
    });
  });
});

describe("covering notes", () => {
  it("tells the letter sent from the one cited before it", async () => {
    const body =
      "ตาม“หนังสือสำนัก ด่วนที่สุด ลับมาก ที่ นร ๐๕๐๖/ว(ล) ๑ ลงวันที่ ๑ ม.ค. ๖๔” นั้น\n" +
      "กรมบัญชีกลาง ขอส่งหนังสือ ด่วน ที่ กค 0402/9 ลงวันที่ 2 ม.ค. 64 เรื่อง ก ข มาเพื่อโปรดทราบ";
    const { reading, outcome } = await judge({ body });
    expect(outcome).toBe("ready");
    expect(reading.facts).toMatchObject({
      number: "กค 0402/9",
      date: "2021-01-02",
      subject: "ก ข",
      to: null,
      urgency: "urgent",
      secrecy: "normal",
    });
  });

  it("takes no cited number, also where a line is broken before it", async () => {
    for (const body of [
      "ตามหนังสือกรมบัญชีกลาง\nที่ กค 0402/1 ลงวันที่ 1 ม.ค. 64 ขอให้รายงาน",
      "อ้างถึง\nที่ กค 0402/1\nลงวันที่ 1 ม.ค. 64",
      "ตามหนังสือกรมบัญชีกลาง ที่ กค 0402/1 ลงวันที่ 1 ม.ค. 64 ขอให้รายงาน",
    ]) {
      const { reading, reason } = await judge({ body });
      expect({ reason, date: reading.facts.date }, body).toEqual({ reason: "no-number", date: null });
    }
  });

  it("reads a labelled list, one label a line or several, values beside or below", async () => {
    for (const body of [
      "เลขที่หนังสือ : กค ๐๔๐๒/๓\nลงวันที่ : ๙/๔/๒๕๖๓\nถึง : หน่วย ก\nเรื่อง : ข\nชั้นความเร็ว : ด่วน",
      "เลขที่หนังสือ : กค ๐๔๐๒/๓ ลงวันที่ : ๙/๔/๒๕๖๓ ถึง : หน่วย ก เรื่อง : ข ชั้นความเร็ว : ด่วน",
      "ที่ กค ๐๔๐๒/๓\n\n๙ เมษายน\n๒๕๖๓\n\nถึง : หน่วย ก\nเรื่อง : ข\nชั้นความเร็ว : ด่วน",
      "เลขที่หนังสือ\nกค ๐๔๐๒/๓\nลงวันที่\n๙/๔/๒๕๖๓\nถึง\nหน่วย ก\nเรื่อง\nข\nชั้นความเร็ว\nด่วน",
    ]) {
      expect((await judge({ body })).reading.facts, body).toMatchObject({
        number: "กค 0402/3",
        date: "2020-04-09",
        to: "หน่วย ก",
        subject: "ข",
        urgency: "urgent",
      });
    }
  });

  it("believes neither quoted lines nor an earlier mail below", async () => {
    const body = "รับทราบ\n> ลับ\n> ที่ กค 0402/1\n\n-----Original Message-----\nลับมาก\nที่ กค 0402/2";
    expect(await judge({ body })).toMatchObject({ outcome: "triage", reason: "no-number" });
  });

  it("leaves doubt to an officer: two letters, a mention, an answer to ours", async () => {
    expect(await judge({ body: "ขอส่งหนังสือ ที่ กค 0402/13 และ ที่ กค 0402/14" })).toMatchObject({
      reason: "several-numbers",
    });
    expect(await judge({ body: "บทความเรื่องหนังสือเวียน ที่ กค 0402/ว 24 น่าอ่าน" })).toMatchObject({
      reason: "uncertain-number",
    });
    expect(await judge({ subject: "RE: ที่ ทก 0101/45 เรื่อง ก" })).toMatchObject({ reason: "no-number" });
    expect(await judge({ subject: "แจ้งผล (มท 0101/5)" })).toMatchObject({ reason: "uncertain-number" });
  });

  it("refuses a secret circular by its number, and an impossible date by leaving it open", async () => {
    expect(await judge({ subject: "ที่ กค 0402/ว(ล) 7 ลงวันที่ 1 ม.ค. 64" })).toMatchObject({
      outcome: "refused",
    });
    const { reading, outcome } = await judge({ subject: "ที่ กค 0402/7 ลงวันที่ 31 เมษายน 2563 เรื่อง ก" });
    expect(outcome).toBe("ready");
    expect(reading.facts.date).toBeNull();
  });
});

describe("structure", () => {
  const forward = (cover: string, inner: string) =>
    mail({
      subject: cover,
      headers: "Content-Type: multipart/mixed; boundary=b\n",
      body: `--b\nContent-Type: text/plain\n\nส่งต่อ\n--b\nContent-Type: message/rfc822\n\n${inner}\n--b--`,
    });
  const inner =
    "From: saraban@rid.example.go.th\nSubject: ที่ กษ 0327/6502 ลงวันที่ 20 ก.ค. 65 เรื่อง น้ำ\n\nตามแนบ\n";

  it("takes the facts of a forwarded letter from inside", async () => {
    const reading = await readMessage(forward("ส่งต่อ: หนังสือ", inner), known, UNOPENED);
    expect(reading.facts).toMatchObject({
      number: "กษ 0327/6502",
      date: "2022-07-20",
      subject: "น้ำ",
      from: "กรมชลประทาน",
    });
    expect(reading.sources.number?.source).toBe("forwarded-subject");
    expect(reading.attachments.map(({ contentType }) => contentType)).toEqual(["message/rfc822"]);
  });

  it("obeys a marking inside, even where the cover has its own number", async () => {
    const reading = await readMessage(
      forward("ที่ กค 0402/1", inner.replace("Subject: ", "Subject: ลับ ")),
      known,
      UNOPENED,
    );
    expect(reading.facts).toMatchObject({ number: "กค 0402/1", secrecy: "confidential" });
  });

  it("reads a marking that stands in the HTML alternative alone", async () => {
    const headers = "Content-Type: multipart/alternative; boundary=b\n";
    const body =
      "--b\nContent-Type: text/plain\n\nตามแนบ\n--b\nContent-Type: text/html; charset=utf-8\n\n<p>ลับมาก</p>\n--b--";
    expect(await judge({ subject: "ที่ กค 0402/1", headers, body })).toMatchObject({ outcome: "refused" });
  });

  it("reads a stream like a buffer", async () => {
    const raw = mail({ body: TYPED });
    const streamed = await readMessage(
      Readable.from([raw.subarray(0, 100), raw.subarray(100)]),
      known,
      UNOPENED,
    );
    expect(streamed).toEqual(await readMessage(raw, known, UNOPENED));
  });

  it("keeps injected header text out of everything it states", async () => {
    const forged = "=?utf-8?Q?=E0=B8=81=0D=0ABcc:_victim@freemail.example.go.th?=";
    const { reading } = await judge({ subject: forged, from: `"${forged}" <saraban@cgd.example.go.th>` });
    expect(JSON.stringify(reading)).not.toContain("victim");
    expect(reading.problems).toContain("header-injection");
  });

  it.each([
    ["bare-newline", { body: "x" }, (raw: Buffer) => Buffer.concat([raw, Buffer.from("a\nที่ กค 0402/1\r\n")])],
    ["empty", { subject: "" }, (raw: Buffer) => raw],
    [
      "ambiguous-from",
      { subject: "ที่ กค 0402/1", from: "a@cgd.example.go.th, b@cgd.example.go.th" },
      (raw: Buffer) => raw,
    ],
    ["unknown-sender", { subject: "ที่ กค 0402/1", from: "a@freemail.example.go.th" }, (raw: Buffer) => raw],
    ["unknown-sender", { subject: "ที่ กค 0402/1", from: "a@evil-cgd.example.go.th" }, (raw: Buffer) => raw],
    [
      "encrypted",
      {
        subject: "ที่ กค 0402/1",
        headers: "Content-Type: application/pkcs7-mime; name=smime.p7m\n",
        body: "x",
      },
      (raw: Buffer) => raw,
    ],
    [
      "undecodable-attachment",
      {
        subject: "ที่ กค 0402/1",
        headers: "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n",
        body: "#",
      },
      (raw: Buffer) => raw,
    ],
  ] as const)("brings %s to an officer", async (reason, sent, change) => {
    const reading = await readMessage(change(mail(sent)), known, UNOPENED);
    const verdict = judgeKnown(reading, { mailFrom: "a@cgd.example.go.th", recipients: [] }, known);
    expect(verdict).toEqual({ outcome: "triage", reason });
    if (reason === "bare-newline") expect(reading.facts.number).toBeNull();
  });
});

describe("what is no letter", () => {
  const number = "ที่ กค 0402/1 ลงวันที่ 1 ม.ค. 64";
  it.each([
    ["auto-reply", { subject: `ตอบกลับอัตโนมัติ: ${number}` }],
    ["auto-reply", { subject: number, headers: "Auto-Submitted: auto-replied\n" }],
    [
      "auto-reply",
      { subject: "ลา", headers: "Precedence: bulk\nX-Auto-Response-Suppress: OOF\n", body: `> ${number}` },
    ],
    ["auto-reply", { subject: "ลา", headers: "Auto-Submitted: auto-generated\n" }],
    ["acknowledgement", { subject: `แจ้งเลขรับหนังสือ ${number}` }],
    ["acknowledgement", { subject: "ผลการรับ", body: `ได้รับหนังสือ ${number} แล้ว\nเลขทะเบียนรับ 5521` }],
    ["bulk", { subject: "จดหมายข่าว", headers: "List-Id: <news.lists.example.go.th>\n", body: number }],
    ["bounce", { subject: "failure", from: "MAILER-DAEMON@cgd.example.go.th" }],
    [
      "bounce",
      {
        headers: "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n",
        body: "--b\n\nx\n--b--",
      },
    ],
    [
      "mdn",
      {
        headers: "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n",
        body: "--b\n\nx\n--b--",
      },
    ],
  ] as const)("%s", async (kind, sent) => {
    const { reading, outcome, reason } = await judge(sent);
    expect({ kind: reading.kind, outcome, reason, number: reading.facts.number }).toEqual({
      kind,
      outcome: "ignored",
      reason: kind,
      number: null,
    });
  });

  it("ignores the null reverse-path whatever it carries", async () => {
    expect(await judge({ subject: number, mailFrom: "" })).toMatchObject({
      outcome: "ignored",
      reason: "null-reverse-path",
    });
  });

  it("shows an officer a numbered letter that an agency's system sent", async () => {
    for (const headers of [
      "Auto-Submitted: auto-generated\n",
      "Precedence: bulk\n",
      "List-Unsubscribe: <mailto:a@b>\n",
    ]) {
      expect(await judge({ subject: number, headers })).toMatchObject({
        outcome: "triage",
        reason: "machine-sent",
      });
    }
  });

  it("does not take a letter about receiving for a receipt, nor one from a list of words for a bounce", async () => {
    expect(await judge({ subject: `${number} เรื่อง แจ้งเลขรับหนังสือและตอบกลับอัตโนมัติ` })).toMatchObject({
      outcome: "ready",
    });
    expect(
      await judge({ subject: number, headers: "Precedence: normal\nX-Auto-Response-Suppress: All\n" }),
    ).toMatchObject({
      outcome: "ready",
    });
  });
});

describe("reading anything", () => {
  const pieces = fc.array(
    fc.constantFrom(
      ..."ที่|กค 0402/1|ลับ|ด่วนที่สุด|เรื่อง|ลงวันที่|๓ มีนาคม ๒๕๖๕|อ้างถึง|สิ่งที่ส่งมาด้วย|๑.|ตามหนังสือ|นั้น|\n|\t| |เรียน|(|)|[|]|:|ก".split(
        "|",
      ),
    ),
    { maxLength: 40 },
  );

  it("never throws, and states nothing that is not there", async () => {
    await fc.assert(
      fc.asyncProperty(pieces, pieces, async (subject, body) => {
        const { reading } = await judge({
          subject: subject.join(" ").replaceAll("\n", " "),
          body: body.join(" "),
        });
        expect([null, "กค 0402/1"]).toContain(reading.facts.number);
        expect([null, "2022-03-03"]).toContain(reading.facts.date);
        expect(["normal", "confidential"]).toContain(reading.facts.secrecy);
        expect(reading.letterKind).toBe("external");
        for (const { number, date } of reading.citations) {
          expect(["กค 0402/1", null]).toContain(number);
          expect(["2022-03-03", null]).toContain(date);
        }
      }),
      { seed: 2526, numRuns: 200 },
    );
  });

  it("never misses a marking at the head of a subject or alone on a line", async () => {
    await fc.assert(
      fc.asyncProperty(pieces, fc.constantFrom("ลับ", "ลับมาก", "ลับที่สุด"), async (words, mark) => {
        const text = words.join(" ").replaceAll("\n", " ");
        const subjects = [`${mark} ${text}`, `[${mark}] ${text}`];
        for (const subject of subjects) expect((await judge({ subject })).outcome).toBe("refused");
        const body = `${words.join(" ")}\n\n${mark}\n\n${words.join(" ")}`;
        expect((await judge({ body })).outcome).toBe("refused");
      }),
      { seed: 2544, numRuns: 100 },
    );
  });

  it("reads hostile texts in bounded time", async () => {
    for (const piece of [
      "ที่ กค 0402/1 ",
      "ตามหนังสือ ที่ กค 0402/1 ",
      "ลับ ",
      "[",
      "ชั้น",
      "1/1/",
      "ที่\n",
      "กค (กกก ",
      " ",
      "อ้างถึง ",
      "สิ่งที่ส่งมาด้วย ๑. ก\n",
    ]) {
      const text = piece.repeat(Math.floor(200_000 / piece.length));
      const started = cpuTimeMs();
      await judge({ subject: text.replaceAll("\n", " ").slice(0, 30_000), body: text });
      expect(cpuTimeMs() - started, piece).toBeLessThan(2_000);
    }
  });
});
