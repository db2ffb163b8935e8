import { beforeAll, describe, expect, it } from "vitest";
import { RECALL_SCHEMA, type Recall, signRecall } from "../../shared/letter/evidence/recall.ts";
import { newSigningKey, signEvidence } from "../../shared/letter/evidence/sign-evidence.ts";
import { EVIDENCE_EXAMPLES } from "../../shared/testing/evidence-examples.ts";
import { readMessage } from "../read-message.ts";
import type { KnownSenders } from "../reading.ts";
import { judgeKnown } from "../testing/judge-known.ts";
import { UNOPENED } from "../unread-reading.ts";

const known: KnownSenders = new Map([["opdc.example.go.th", { name: "สำนักงาน ก.พ.ร.", codeLetters: "นร" }]]);
const RECALL: Recall = {
  schema: RECALL_SCHEMA,
  recallId: "019aa5f0-0000-7000-8000-0000000000aa",
  issuedAt: "2026-11-21T02:00:00.000Z",
  agency: { domain: "opdc.example.go.th", nameThai: "สำนักงาน ก.พ.ร.", nameEnglish: "OPDC" },
  letter: { number: "นร 1200/55", date: "2026-11-20", messageIds: ["<letter.1@opdc.example.go.th>"] },
  evidenceId: null,
  reason: "ส่งผิดหน่วยงาน",
  replacedBy: null,
};

let receipt = "";
let recall = "";
beforeAll(async () => {
  const key = await newSigningKey();
  receipt = await signEvidence(EVIDENCE_EXAMPLES.registered, key);
  recall = await signRecall(RECALL, key);
});

type Part = { type: string; name?: string; content: string };

async function read(headers: string, subject: string, parts: readonly Part[]) {
  const boundary = "=_b";
  const body = parts.map(({ type, name, content }) =>
    [
      `--${boundary}`,
      `Content-Type: ${type}`,
      ...(name === undefined ? [] : [`Content-Disposition: attachment; filename="${name}"`]),
      "Content-Transfer-Encoding: base64",
      "",
      Buffer.from(content).toString("base64").replaceAll(/.{76}/g, "$&\r\n"),
    ].join("\r\n"),
  );
  const head = [
    "From: saraban@opdc.example.go.th",
    "To: saraban+token@agency-a.example.go.th",
    `Subject: ${subject}`,
    ...(headers === "" ? [] : [headers]),
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    "",
    "",
  ];
  const octets = Buffer.from(`${head.join("\r\n")}${body.join("\r\n")}\r\n--${boundary}--\r\n`);
  const reading = await readMessage(octets, known, UNOPENED);
  const envelope = { mailFrom: "saraban@opdc.example.go.th", recipients: ["saraban@agency-a.example.go.th"] };
  return { reading, verdict: judgeKnown(reading, envelope, known) };
}

const text = (content: string): Part => ({ type: "text/plain; charset=utf-8", content });
const jws = (content: string): Part => ({ type: "application/jose", name: "receipt.jws", content });
const REPLIED = "Auto-Submitted: auto-replied";
const GENERATED = "Auto-Submitted: auto-generated";

describe("another office's receipt", () => {
  it("comes out of each form in which it is carried, and the mail is no letter", async () => {
    for (const part of [
      jws(receipt),
      {
        type: "application/octet-stream",
        name: "RECEIPT.JWS",
        content: receipt.replaceAll(/.{60}/g, "$&\r\n"),
      },
      { type: "application/json", name: "receipt.json", content: JSON.stringify({ jws: receipt }) },
      { type: "application/pdf", name: "receipt.pdf", content: `%PDF-1.7\n${receipt}\n%%EOF` },
    ]) {
      const { reading, verdict } = await read(REPLIED, "Receipt", [text("..."), part]);
      expect(reading, part.name).toMatchObject({ kind: "auto-reply", report: { evidence: receipt } });
      expect(verdict).toEqual({ outcome: "ignored", reason: "auto-reply" });
    }
    const told = text("ได้ลงทะเบียนรับหนังสือของท่านแล้ว\nเลขทะเบียนรับ : 12/2569");
    const { reading } = await read(REPLIED, "แจ้งเลขรับหนังสือ ที่ นร 1200/55 เลขรับ 12/2569", [told, jws(receipt)]);
    expect(reading).toMatchObject({
      kind: "acknowledgement",
      report: { evidence: receipt, receiveNumber: "12", letter: "นร 1200/55" },
    });
  });

  it("is one too where it was not asked for, and speaks of a number as a letter would", async () => {
    const subject = "ที่ นร 1200/55 ลงวันที่ 20 พฤศจิกายน 2569 เรื่อง แก้ไขเลขรับ";
    const without = await read(GENERATED, subject, [text("...")]);
    expect(without.verdict, "the trap: without the receipt an officer looks").toMatchObject({
      outcome: "triage",
    });
    const { reading, verdict } = await read(GENERATED, subject, [text("..."), jws(receipt)]);
    expect(reading).toMatchObject({ kind: "auto-reply", report: { evidence: receipt } });
    expect(verdict.outcome).toBe("ignored");
  });

  it("does not make a letter disappear that another office's system has sent with it", async () => {
    const [same, other] = ["55", "60"].map(
      (number) => `ที่ นร 1200/${number} ลงวันที่ 20 พฤศจิกายน 2569 เรื่อง ขอส่งใบรับ`,
    );
    const pdf: Part = { type: "application/pdf", name: "letter.pdf", content: "%PDF-1.4" };
    const picture: Part = { type: "image/png", name: "page.png", content: "..." };
    const json: Part = { type: "application/json", name: "receipt.json", content: "{}" };
    const paper: Part = {
      type: "application/pdf",
      name: "receipt.pdf",
      content: `%PDF-1.7\n${receipt}\n%%EOF`,
    };
    const whole = await read(GENERATED, same ?? "", [text("..."), json, jws(receipt), paper]);
    expect(whole.reading).toMatchObject({ kind: "auto-reply", report: { evidence: receipt } });
    for (const [subject, parts] of [
      [same, [jws(receipt), pdf]],
      [same, [paper, picture]],
      [other, [jws(receipt)]],
      [other, [jws(recall)]],
      [same, [jws(receipt), ...Array.from({ length: 10 }, () => paper), pdf]],
    ] as const) {
      const { reading, verdict } = await read(GENERATED, subject ?? "", [text("..."), ...parts]);
      const names = parts.map(({ name }) => name).join();
      expect(reading, names).toMatchObject({ kind: "letter", report: null });
      expect(verdict, names).toMatchObject({ outcome: "triage" });
    }
  });

  it("is an enclosure like any other beside a person's letter, and in what was returned or passed on", async () => {
    const letter = "ที่ นร 1200/55 ลงวันที่ 20 พฤศจิกายน 2569 เรื่อง ขอส่งใบรับ";
    const person = await read("", letter, [text("เรียน ..."), jws(receipt)]);
    expect(person).toMatchObject({
      reading: { kind: "letter", report: null },
      verdict: { outcome: "ready" },
    });
    const inner = `From: a@b.example.go.th\r\nContent-Type: application/jose\r\n\r\n${receipt}`;
    const forwarded = await read(REPLIED, "Fwd", [{ type: "message/rfc822", content: inner }]);
    expect(forwarded.reading.report?.evidence ?? null).toBeNull();
  });

  it("is not what only looks like one, or is too large", async () => {
    const [head = "", , signature = ""] = receipt.split(".");
    for (const content of [
      "",
      "not a receipt",
      `${head}..${signature}`,
      `${head}.${Buffer.from("{}").toString("base64url")}.${signature}`,
      `${" ".repeat(2 * 1024 * 1024)}${receipt}`,
    ]) {
      const { reading } = await read(REPLIED, "Receipt", [text("..."), jws(content)]);
      expect(reading.report?.evidence ?? null, content.slice(0, 20)).toBeNull();
    }
  });
});

describe("a recall", () => {
  const SUBJECT = "ขอเรียกคืนหนังสือ ที่ นร 1200/55 ลงวันที่ 20 พฤศจิกายน 2569";

  it("is never a letter, and is handed on as it was signed", async () => {
    for (const header of [GENERATED, ""]) {
      const { reading, verdict } = await read(header, SUBJECT, [text("..."), jws(recall)]);
      expect(reading, header).toMatchObject({ kind: "recall", report: { evidence: recall } });
      expect(verdict).toEqual({ outcome: "ignored", reason: "recall" });
    }
  });

  it("does not make a letter disappear that a person has sent with it", async () => {
    const pdf: Part = { type: "application/pdf", name: "letter.pdf", content: "%PDF-1.4" };
    const { reading } = await read("", SUBJECT, [text("..."), pdf, jws(recall)]);
    expect(reading).toMatchObject({ kind: "letter", report: null });
    // A letter of its own in the text of the mail, which asks for another one back.
    const own = "ที่ นร 1200/60 ลงวันที่ 21 พฤศจิกายน 2569 เรื่อง ขอเรียกคืนหนังสือ";
    const asking = await read("", own, [text("..."), jws(recall)]);
    expect(asking.reading).toMatchObject({ kind: "letter", report: null, facts: { number: "นร 1200/60" } });
    expect(asking.verdict).toMatchObject({ outcome: "ready" });
  });
});
