import { simpleParser } from "mailparser";
import { test } from "vitest";
import type { PublicKey } from "../../shared/letter/evidence/public-key.ts";
import { verifyRecall } from "../../shared/letter/evidence/recall.ts";
import { isReturnPath } from "../../shared/letter/return-path.ts";
import { letterScene, MOT, OPDC } from "./testing/letter-scene.ts";

const WHATS = (events: readonly { what: string }[]) => events.map(({ what }) => what);

test("each recipient gets the letter in a mail of its own, a person's mail with files and document", async (context) => {
  const { expect } = context;
  const { letter, send, sink, events, notices, jobs } = await letterScene(context);
  const { recipients } = await letter({ recipients: [OPDC, MOT] });
  for (const recipient of recipients) {
    await send(recipient);
    await send(recipient); // the queue delivers at least once
  }
  expect(sink.received).toHaveLength(2);
  const [first, second] = sink.received;
  if (!first || !second) throw new Error("two mails");
  expect([first.recipients, second.recipients]).toEqual([[OPDC.address], [MOT.address]]);
  expect(first.mailFrom).not.toBe(second.mailFrom);
  expect(isReturnPath(first.mailFrom) && isReturnPath(second.mailFrom)).toBe(true);
  expect(first.headers.get("message-id")).not.toBe(second.headers.get("message-id"));
  for (const machine of [
    "auto-submitted",
    "x-auto-response-suppress",
    "disposition-notification-to",
    "precedence",
  ]) {
    expect(first.headers.has(machine), machine).toBe(false);
  }
  const mail = await simpleParser(first.octets);
  expect(mail.from?.value).toEqual([{ name: "หน่วยงานทดสอบ ก", address: "saraban@agency-a.example.go.th" }]);
  expect(mail.subject).toBe("ด่วน ที่ ทก ๐๑๐๑/12 ลงวันที่ 20 พฤศจิกายน 2569 เรื่อง ขอเชิญประชุม");
  expect(mail.text?.trim().split("\n")).toEqual([
    "เรียน งานสารบรรณ",
    "ขอส่งหนังสือมาเพื่อโปรดลงทะเบียนรับ",
    "",
    "เลขที่หนังสือ : ทก ๐๑๐๑/12",
    "ลงวันที่ : 20 พฤศจิกายน 2569",
    "เรื่อง : ขอเชิญประชุม",
    "จาก : หน่วยงานทดสอบ ก",
    "ถึง : เลขาธิการ ก.พ.ร.",
    "อ้างถึง : หนังสือ ที่ นร 1200/55 ลงวันที่ 9 เมษายน 2569",
    "สิ่งที่ส่งมาด้วย : ระเบียบวาระ จำนวน 1 ฉบับ",
    "ชั้นความเร็ว : ด่วน",
  ]);
  expect(mail.attachments.map(({ filename, contentType }) => [filename, contentType])).toEqual([
    ["AGENCYA_0101_12_2569.pdf", "application/pdf"],
    ["AGENCYA_0101_12_2569.xml", "application/xml"],
  ]);
  expect(mail.attachments[0]?.content.toString()).toBe("%PDF-1.4 letter");
  expect(mail.attachments[1]?.content.toString()).toContain("<ram:ID>ทก ๐๑๐๑/12</ram:ID>");
  const [recipient = ""] = recipients;
  expect(await events(recipient)).toMatchObject([
    { what: "accepted", source: "server", proof: "own", details: { reply: expect.stringContaining("250") } },
  ]);
  expect(await notices(recipient)).toMatchObject([{ kind: "letter", state: "delivered" }]);
  expect(await jobs("send-letter")).toEqual([]);
});

test("a refusal is told to the owner at once, a delay is one piece of news", async (context) => {
  const { expect } = context;
  let code = 451;
  const { letter, send, wait, events, notices, jobs } = await letterScene(context, () => ({
    kind: "refuse",
    code,
    text: code === 451 ? "try later" : "5.7.1 not wanted",
  }));
  const { id, recipients } = await letter();
  const [recipient = ""] = recipients;
  for (let tries = 0; tries < 3; tries++) {
    await send(recipient);
    wait(4 * 3600);
  }
  expect(await events(recipient)).toMatchObject([{ what: "delayed", details: { reason: "tried-again" } }]);
  expect(await jobs("notify-owner")).toEqual([]);
  code = 550;
  await send(recipient);
  expect(await events(recipient)).toMatchObject([
    { what: "delayed" },
    {
      what: "failed",
      proof: "own",
      details: { reason: "not-taken", reply: expect.stringContaining("not wanted") },
    },
  ]);
  expect(await notices(recipient)).toMatchObject([{ state: "failed" }]);
  expect(await jobs("notify-owner")).toEqual([{ subject_id: id }]);
});

test("an answer that was never heard is asked for again by the same message", async (context) => {
  const { expect } = context;
  let answers = 0;
  const { letter, send, wait, sink, events } = await letterScene(context, () =>
    answers++ === 0 ? { kind: "hang-up" } : undefined,
  );
  const { recipients } = await letter();
  const [recipient = ""] = recipients;
  await send(recipient);
  expect(await events(recipient)).toMatchObject([{ what: "delayed", details: { reason: "answer-unknown" } }]);
  wait(60);
  await send(recipient);
  expect(sink.received).toHaveLength(2);
  const [first, second] = sink.received.map(({ headers }) => headers.get("message-id"));
  expect(first).toBe(second);
  expect(sink.received[0]?.octets.equals(sink.received[1]?.octets ?? Buffer.alloc(0)) ?? false).toBe(false); // the MIME boundary
  expect(WHATS(await events(recipient))).toEqual(["delayed", "accepted"]);
});

test("sent again, it is the same letter in another message", async (context) => {
  const { expect } = context;
  const { letter, send, event, sink, notices, query } = await letterScene(context);
  const sent = await letter({ recipients: [OPDC, MOT] });
  const [one = "", other = ""] = sent.recipients;
  await send(one);
  await send(other);
  // Its line is corrected meanwhile: what was sent stays as it was.
  await query(
    `begin; set local session_replication_role = replica;
     insert into saraban.entry_event (book_id, event_no, id, agency_id, year, number, what, changes, reason, made_by, made_by_name, made_at, clock)
       values ('agency-a.outbound.ordinary', 1, gen_random_uuid(), 'agency-a', 2026, 12, 'corrected',
         '{"subject": {"old": "ขอเชิญประชุม", "new": "ขอเลื่อนประชุม"}}', 'x', 'person:test', 'ทดสอบ', now(), '{}'); commit`,
  );
  const again = await event(sent, "resent", one);
  await send(one);
  await send(other);
  expect(sink.received).toHaveLength(3);
  const [first, , second] = sink.received;
  if (!first || !second) throw new Error("three mails");
  expect(second.recipients).toEqual([OPDC.address]);
  expect(second.headers.get("message-id")).not.toBe(first.headers.get("message-id"));
  const files = async (octets: Buffer) =>
    (await simpleParser(octets)).attachments.map(({ checksum }) => checksum);
  expect(await files(second.octets)).toEqual(await files(first.octets));
  expect(second.headers.get("subject")).toBe(first.headers.get("subject"));
  expect(await notices(one)).toHaveLength(2);
  expect(again).toBeTruthy();
});

test("a recall is signed, goes to each who may have the letter, and stops what was not sent", async (context) => {
  const { expect } = context;
  let mode: "take" | "later" | "hang-up" = "take";
  const { letter, send, event, sink, events, notices, query, wait } = await letterScene(context, () =>
    mode === "later"
      ? { kind: "refuse", code: 451, text: "later" }
      : mode === "hang-up"
        ? { kind: "hang-up" }
        : undefined,
  );
  const sent = await letter({
    recipients: [OPDC, MOT, { ...MOT, address: "saraban@x.example.go.th", domain: "x.example.go.th" }],
  });
  const [taken = "", waiting = "", unsure = ""] = sent.recipients;
  await send(taken);
  mode = "later";
  await send(waiting);
  mode = "hang-up";
  await send(unsure);
  mode = "take";
  const other = await letter({ number: 13 });
  const recallId = await event(sent, "recall-requested", null, { replacedBy: other.id });
  wait(3600);
  for (const recipient of [taken, waiting, unsure, taken]) await send(recipient);

  const mails = sink.received.filter(({ headers }) => headers.get("auto-submitted") !== undefined);
  expect(mails.map(({ recipients }) => recipients[0])).toEqual([OPDC.address, "saraban@x.example.go.th"]);
  const mail = await simpleParser(mails[0]?.octets ?? Buffer.alloc(0));
  expect(mails[0]?.headers.get("auto-submitted")).toBe("auto-generated");
  expect(mail.subject).toBe("ขอเรียกคืนหนังสือ ที่ ทก ๐๑๐๑/12 ลงวันที่ 20 พฤศจิกายน 2569 (recall of a letter)");
  expect(mail.text).toContain("ส่งผิดหน่วยงาน");
  expect(mail.attachments).toMatchObject([
    { filename: `recall-${recallId}.jws`, contentType: "application/jose" },
  ]);
  const [letterNotice, recallNotice] = await notices(taken);
  expect([letterNotice?.kind, recallNotice?.kind]).toEqual(["letter", "recall"]);
  expect(mails[0]?.inReplyTo).toBe(letterNotice?.message_id);
  const keys = await query<PublicKey>("select kid, jwk from saraban.signing_key");
  expect(await verifyRecall(mail.attachments[0]?.content.toString() ?? "", keys)).toMatchObject({
    state: "genuine",
    recall: {
      recallId,
      agency: { domain: "agency-a.example.go.th" },
      letter: { number: "ทก 0101/12", date: "2026-11-20", messageIds: [letterNotice?.message_id] },
      evidenceId: null,
      reason: "ส่งผิดหน่วยงาน",
      replacedBy: "ทก 0101/13",
    },
  });

  expect(WHATS(await events(taken))).toEqual(["accepted", "recall-sent"]);
  expect(await events(waiting)).toMatchObject([
    { what: "delayed" },
    { what: "recall-accepted", source: "server", proof: "own", details: { reason: "not-sent" } },
  ]);
  expect(await notices(waiting)).toMatchObject([{ kind: "letter", state: "withheld", reason: "recalled" }]);
  expect(WHATS(await events(unsure))).toEqual(["delayed", "recall-sent"]);
});

test("called back before its first try, a letter is not sent at all", async (context) => {
  const { expect } = context;
  const { letter, send, event, sink, events, notices, jobs } = await letterScene(context);
  const sent = await letter();
  const [recipient = ""] = sent.recipients;
  await event(sent, "recall-requested");
  await send(recipient);
  await send(recipient);
  expect(sink.received).toEqual([]);
  expect(await notices(recipient)).toMatchObject([{ kind: "letter", state: "withheld", reason: "recalled" }]);
  expect(await events(recipient)).toMatchObject([
    { what: "recall-accepted", details: { reason: "not-sent" } },
  ]);
  expect(await jobs("send-letter")).toEqual([]);
});

test("killed between the server's answer and writing it down, and then called back: the recall goes out", async (context) => {
  const { expect } = context;
  const { letter, send, event, sink, events, notices, query, jobs } = await letterScene(context);
  const sent = await letter();
  const [recipient = ""] = sent.recipients;
  await send(recipient);
  await query(
    `begin; set local session_replication_role = replica; delete from saraban.delivery_attempt; delete from saraban.recipient_event;
     update saraban.notice set state = 'due', settled_at = null; commit;
     insert into saraban.outbox (job, agency_id, subject_id, work_key) values ('send-letter', 'agency-a', '${recipient}', '${recipient}')`,
  );
  await event(sent, "recall-requested");
  await send(recipient);
  await send(recipient);
  expect(sink.received.map(({ headers }) => headers.get("auto-submitted"))).toEqual([
    undefined,
    "auto-generated",
  ]);
  expect(await notices(recipient)).toMatchObject([
    { kind: "letter", state: "withheld", reason: "recalled" },
    { kind: "recall", state: "delivered" },
  ]);
  expect(WHATS(await events(recipient))).toEqual(["recall-sent"]);
  expect(await jobs("send-letter")).toEqual([]);
});

test("a letter that is marked, or stands in a closed book, never leaves, and nothing of it is repeated", async (context) => {
  const { expect } = context;
  const { letter, send, sink, events, notices, jobs, query } = await letterScene(context);
  const marked = await letter({ subject: "ลับมาก แผนที่ไม่มีใครควรเห็น" });
  const inText = await letter({ number: 13, text: "เรียน ...\n(ลับ)\nแผนที่ไม่มีใครควรเห็น" });
  const closed = await letter({ number: 14, secrecy: "secret", subject: "แผนที่ไม่มีใครควรเห็น" });
  for (const { id, recipients } of [marked, inText, closed]) {
    const [recipient = ""] = recipients;
    await send(recipient);
    expect(await notices(recipient)).toMatchObject([{ state: "withheld", reason: "classified" }]);
    expect(await events(recipient)).toMatchObject([{ what: "failed", details: { reason: "classified" } }]);
    expect((await jobs("notify-owner")).map(({ subject_id }) => subject_id)).toContain(id);
  }
  expect(sink.received).toEqual([]);
  const said = await query(
    "select facts::text from saraban.notice union all select details::text from saraban.recipient_event",
  );
  expect(JSON.stringify(said)).not.toContain("แผนที่");
});
