import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import type { Evidence } from "../shared/letter/evidence/evidence.ts";
import { evidenceFault } from "../shared/letter/evidence/evidence-shape.ts";
import { inTransaction } from "../shared/runtime/database.ts";
import {
  adminQueries,
  letReadLettersWait,
  type ReadLetter,
  roomDatabase,
} from "../shared/testing/arrivals.ts";
import { databaseForTest } from "../shared/testing/database.ts";
import { openSmtpSink, type SinkAnswer } from "../shared/testing/smtp-sink.ts";
import { retryDelayMs } from "./mail/deliver-notices.ts";
import { openMailFolder } from "./mail/mail-folder.ts";
import type { MailTransport } from "./mail/mail-transport.ts";
import { openSmarthost } from "./mail/smarthost.ts";
import { listFailedNotices, retryNotices } from "./notice-store.ts";
import { sendNotice } from "./send-notice.ts";
import { PUBLIC_URL, senderParts } from "./testing/sender-parts.ts";

const SECRET_SUBJECT = "เรื่องที่ไม่มีใครควรเห็น";

async function scene(context: TestContext, transport: MailTransport | undefined, giveUpAfterHours = 120) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const { parts, wait } = senderParts(context, address, transport, giveUpAfterHours);
  return {
    query,
    address,
    parts,
    wait,
    /** A registered letter (or a refused one) whose notice is due. */
    async due(letter: ReadLetter, kind: "acknowledgement" | "refusal" = "acknowledgement"): Promise<string> {
      const [id = ""] = await letReadLettersWait(query, [letter]);
      await query("delete from saraban.outbox");
      if (kind === "acknowledgement") {
        await query(
          `insert into saraban.book (id, agency_id, direction, series) values ('agency-a.inbound.ordinary', 'agency-a', 'inbound', 'ordinary')`,
        );
        await query(
          `insert into saraban.entry (book_id, agency_id, year, number, intake_id, registered_at, clock, registered_by,
              arrived_at, letter_number, letter_number_printed, letter_date, urgency)
             values ('agency-a.inbound.ordinary', 'agency-a', 2026, 1, $1, '2026-05-01T03:00:00Z', '{"state":"unsynchronised"}',
              'rule:test', '2026-05-01T02:59:00Z', 'นร 1200/55', 'นร ๑๒๐๐/๕๕', '2020-04-09', 'normal')`,
          [id],
        );
      }
      await query(
        `insert into saraban.outcome (intake_id, agency_id, outcome, reason, decided_at, clock, decided_by)
           values ($1, 'agency-a', $2, $3, now(), '{}', 'rule:test')`,
        [
          id,
          kind === "acknowledgement" ? "registered" : "refused",
          kind === "acknowledgement" ? "letter" : "classified",
        ],
      );
      await query(
        `insert into saraban.outbox (job, agency_id, subject_id, work_key) values ($1, 'agency-a', $2::uuid, $2::text)`,
        ["notify-sender", id],
      );
      return id;
    },
    send: (id: string) =>
      sendNotice(parts, { outboxId: 1, agencyId: "agency-a", subjectId: id, workKey: id }),
    notices: () =>
      query<{ state: string; reason: string; evidence: Evidence; jws: string }>(
        "select n.*, p.facts as evidence, p.jws from saraban.notice n left join saraban.receipt p on p.id = n.receipt_id",
      ),
    attempts: () =>
      query<{ result: string; reply: string }>("select * from saraban.delivery_attempt order by id"),
    outbox: () =>
      query<{ wait: number }>(
        "select extract(epoch from next_send_at - now())::float as wait from saraban.outbox",
      ),
  };
}

async function withSink(context: TestContext, answer: () => SinkAnswer | undefined = () => undefined) {
  const sink = await openSmtpSink({ onMessage: answer });
  const transport = openSmarthost(sink.url, 2, "mail.agency-a.example.go.th");
  context.onTestFinished(async () => {
    transport.close();
    await sink.close();
  });
  return { sink, transport };
}

test("the acknowledgement carries Annex 6's six fields for people and for programs, as RFC 3834 wants it", async (context) => {
  const { expect } = context;
  const { sink, transport } = await withSink(context);
  const { due, send, notices, attempts, outbox } = await scene(context, transport);
  const id = await due({ mailFrom: "saraban@opdc.example.go.th" });
  await send(id);
  const [mail] = sink.received;
  if (!mail) throw new Error("nothing came");
  expect(mail.mailFrom).toMatch(/^saraban\+[a-z2-7]{45}@agency-a\.example\.go\.th$/);
  expect(mail.recipients).toEqual(["saraban@opdc.example.go.th"]);
  expect(mail.headers.get("auto-submitted")).toBe("auto-replied");
  expect(mail.inReplyTo).toBe(`<${id}@opdc.example.go.th>`);
  expect(mail.headers.get("references")).toBe(`<${id}@opdc.example.go.th>`);
  const { subject, text, json, attachments } = await mail.read();
  expect(subject).toBe("แจ้งเลขรับหนังสือ ที่ นร 1200/55 เลขรับ 1/2569");
  for (const fact of [
    "นร ๑๒๐๐/๕๕",
    "9 เมษายน 2563",
    "1/2569",
    "1 พฤษภาคม 2569 เวลา",
    "เจ้าหน้าที่ทดสอบ งานสารบรรณ ก",
    "หน่วยงานทดสอบ ก",
  ]) {
    expect(text, fact).toContain(fact);
  }
  expect(text.indexOf("ได้รับและลงทะเบียนรับ")).toBeLessThan(text.indexOf("has received and registered"));
  const [notice] = await notices();
  expect(json).toEqual(notice?.evidence);
  expect(evidenceFault(json)).toBeNull();
  expect(json).toMatchObject({
    type: "registered",
    letter: { number: "นร 1200/55", date: "2020-04-09" },
    register: { number: 1, year: 2026, yearBuddhist: 2569 },
    receiver: { name: "เจ้าหน้าที่ทดสอบ งานสารบรรณ ก", unit: "หน่วยงานทดสอบ ก" },
    clock: { received: { state: "unsynchronised" } },
  });
  const { evidenceId = "", verifyUrl = "", code = "" } = notice?.evidence ?? {};
  const files = attachments.map(({ name, contentType, content }) => [
    name,
    contentType,
    content.toString("latin1"),
  ]);
  expect(files.slice(1)).toEqual([[`receipt-${evidenceId}.jws`, "application/jose", notice?.jws]]);
  expect(verifyUrl).toContain(`${PUBLIC_URL}/verify/`);
  // What the service conditions have to say (S002), and how anyone checks the receipt.
  for (const words of [
    evidenceId,
    code,
    verifyUrl ?? "",
    "นอกวันและเวลาทำการ (วันจันทร์ถึงวันศุกร์ เวลา 08:30–16:30 น.",
    "ติดตามเรื่อง ขอยกเลิก",
  ])
    expect(text, words).toContain(words);
  expect(notice?.state).toBe("delivered");
  expect(await attempts()).toMatchObject([{ result: "accepted", reply: expect.stringMatching(/^250/) }]);
  expect(await outbox()).toEqual([]);
});

test("a job delivered twice sends nothing twice", async (context) => {
  const { sink, transport } = await withSink(context);
  const { due, send } = await scene(context, transport);
  const id = await due({});
  await send(id);
  await send(id);
  context.expect(sink.received).toHaveLength(1);
});

test("a second try, after a crash before the answer was written down, sends the same message again", async (context) => {
  const { sink, transport } = await withSink(context);
  const { due, send, query } = await scene(context, transport);
  const id = await due({});
  await send(id);
  await query("update saraban.notice set state = 'due'");
  await query(
    `insert into saraban.outbox (job, agency_id, subject_id, work_key) values ('notify-sender', 'agency-a', $1::uuid, $1::text)`,
    [id],
  );
  await send(id);
  const [first, second] = sink.received;
  context.expect(second?.headers.get("message-id")).toBe(first?.headers.get("message-id"));
  context.expect(second?.headers.get("date")).toBe(first?.headers.get("date"));
  context.expect((await second?.read())?.json).toEqual((await first?.read())?.json);
});

test("4xx is tried again with growing waits, until it is given up; 5xx is final; each answer is kept", async (context) => {
  const { expect } = context;
  let answer: SinkAnswer = { kind: "refuse", code: 451, text: "4.3.0 later" };
  const { transport } = await withSink(context, () => answer);
  const { due, send, notices, attempts, outbox, query, wait } = await scene(context, transport, 48);
  const id = await due({});
  await send(id);
  expect((await outbox())[0]?.wait).toBeGreaterThan(20);
  await send(id);
  expect(await attempts()).toHaveLength(1); // woken too early
  wait(31);
  await send(id);
  expect((await outbox())[0]?.wait).toBeGreaterThan(50);
  expect((await notices())[0]?.state).toBe("due");
  answer = { kind: "refuse", code: 550, text: "5.7.1 no thanks" };
  wait(61);
  await send(id);
  expect((await notices())[0]).toMatchObject({
    state: "failed",
    reason: expect.stringContaining("5.7.1 no thanks"),
  });
  expect(await outbox()).toEqual([]);
  expect((await attempts()).map(({ result }) => result)).toEqual(["transient", "transient", "permanent"]);

  await query("update saraban.notice set state = 'due'");
  await query(`insert into saraban.delivery_attempt (agency_id, notice_id, channel, started_at, ended_at, result, reply)
    select agency_id, id, 'smarthost', now() - interval '49 hours', now() - interval '49 hours', 'transient', 'x' from saraban.notice`);
  await query(
    `insert into saraban.outbox (job, agency_id, subject_id, work_key) values ('notify-sender', 'agency-a', $1::uuid, $1::text)`,
    [id],
  );
  answer = { kind: "refuse", code: 451, text: "4.3.0 later" };
  await send(id);
  expect((await notices())[0]?.state).toBe("failed");
});

test("a line that breaks after the message leaves its fate unknown: it is sent again, the same", async (context) => {
  const { expect } = context;
  let answer: SinkAnswer = { kind: "hang-up" };
  const { sink, transport } = await withSink(context, () => answer);
  const { due, send, attempts, notices, wait } = await scene(context, transport);
  const id = await due({});
  await send(id);
  answer = { kind: "take" };
  wait(31);
  await send(id);
  expect((await attempts()).map(({ result }) => result)).toEqual(["unknown", "accepted"]);
  expect((await notices())[0]?.state).toBe("delivered");
  expect(new Set(sink.received.map(({ headers }) => headers.get("message-id"))).size).toBe(1);
});

test("a smarthost that is away, or refuses our password, is no fault of the recipient", async (context) => {
  const { due, send, attempts, outbox } = await scene(
    context,
    openSmarthost("smtp://127.0.0.1:1", 1, "test"),
  );
  const id = await due({});
  await send(id);
  context
    .expect(await attempts())
    .toMatchObject([{ result: "transient", reply: context.expect.stringContaining("ECONN") }]);
  context.expect(await outbox()).toHaveLength(1);
});

test("no answer to a null sender or to an address that programs send from; the reason is recorded", async (context) => {
  const { sink, transport } = await withSink(context);
  for (const [mailFrom, reason] of [
    ["", "null-sender"],
    ["MAILER-DAEMON@moc.example.go.th", "automatic-sender"],
    ["letters-bounces@lists.example.go.th", "automatic-sender"],
    ["letters-bounces+x=y@lists.example.go.th", "automatic-sender"],
    ["victim@freemail.example.go.th", "unproved-sender"],
    ["victim@notopdc.example.go.th", "unproved-sender"],
  ] as const) {
    const { due, send, notices, outbox } = await scene(context, transport);
    await send(await due({ mailFrom }));
    context.expect(await notices()).toMatchObject([{ state: "withheld", reason }]);
    context.expect(await outbox()).toEqual([]);
  }
  context.expect(sink.received).toEqual([]);
});

test("a mail server of the sender's own, below its domain, is answered", async (context) => {
  const { sink, transport } = await withSink(context);
  const { due, send } = await scene(context, transport);
  await send(await due({ mailFrom: "saraban@mx.opdc.example.go.th" }));
  context
    .expect(sink.received.map(({ recipients }) => recipients))
    .toEqual([["saraban@mx.opdc.example.go.th"]]);
});

test("without a smarthost notices wait in production, and are .eml files where files are wanted", async (context) => {
  const { expect } = context;
  const waiting = await scene(context, undefined);
  await waiting.send(await waiting.due({}));
  expect((await waiting.notices())[0]?.state).toBe("due");
  expect(await waiting.outbox()).toHaveLength(1);

  const folder = await mkdtemp(join(tmpdir(), "saraban-mail-"));
  context.onTestFinished(() => rm(folder, { recursive: true }));
  const files = await scene(context, openMailFolder(folder));
  await files.send(await files.due({}));
  const [name = ""] = await readdir(folder);
  expect(name).toMatch(/^ack\..*\.eml$/);
  const text = await readFile(join(folder, name), "latin1");
  expect(text).toMatch(/^Return-Path: <saraban\+[a-z2-7]{45}@agency-a\.example\.go\.th>\r\n/);
  expect(text).toContain("Auto-Submitted: auto-replied\r\n");
  expect((await files.notices())[0]?.state).toBe("delivered");
});

test("a rejection tells the sender the clerk's reason and nothing else of the letter, also one we do not know", async (context) => {
  const { sink, transport } = await withSink(context);
  const { due, send, notices, query } = await scene(context, transport);
  const letter = { verdict: "triage", number: null, senderAddress: "someone@unknown.example.com" } as const;
  const id = await due(letter, "refusal");
  await query("update saraban.reading set sender_agency = null, subject = $1", [SECRET_SUBJECT]);
  await query(
    `begin; set local session_replication_role = replica; update saraban.outcome set outcome = 'triage'; commit`,
  );
  await query(
    `with a as (insert into saraban.act (id, agency_id, act, intake_id, reason, made_by, made_by_name, made_at, clock)
         values (gen_random_uuid(), 'agency-a', 'reject', $1, 'ไม่มีลายมือชื่อ', 'person:x', 'สมชาย ทดสอบ', now(), '{}') returning id)
     insert into saraban.tray_decision (intake_id, agency_id, decision, reason, act_id, decided_at, clock, decided_by)
       select $1, 'agency-a', 'rejected', 'ไม่มีลายมือชื่อ', id, now(), '{}', 'person:x' from a`,
    [id],
  );
  await send(id);
  const [notice] = await notices();
  context
    .expect(notice)
    .toMatchObject({ state: "delivered", kind: "rejection", recipient: "someone@unknown.example.com" });
  context.expect(evidenceFault(notice?.evidence)).toBeNull();
  const [mail] = sink.received;
  const { subject, text, json } = (await mail?.read()) ?? { subject: "", text: "", json: null };
  context.expect(text).toContain("ไม่มีลายมือชื่อ");
  context.expect(json).toMatchObject({ type: "rejected", letter: null, reason: { words: "ไม่มีลายมือชื่อ" } });
  context.expect(JSON.stringify([subject, text, json])).not.toContain(SECRET_SUBJECT);
});

test("the refusal of a classified letter repeats nothing of it", async (context) => {
  const { expect } = context;
  const { sink, transport } = await withSink(context);
  const { due, send, query } = await scene(context, transport);
  const id = await due({ verdict: "refused", number: null, letterDate: null, secrecy: "secret" }, "refusal");
  await query("update saraban.reading set sender_name = $1", [SECRET_SUBJECT]);
  await send(id);
  const [mail] = sink.received;
  const { subject, text, json } = (await mail?.read()) ?? { subject: "", text: "", json: null };
  expect(subject).toContain("ไม่รับหนังสือ");
  expect(text).toContain("ชั้นความลับ");
  expect(JSON.stringify([subject, text, json])).not.toContain(SECRET_SUBJECT);
  expect(json).toMatchObject({
    type: "refused",
    letter: null,
    reason: { code: "classified-by-mail", words: null },
  });
  expect(evidenceFault(json)).toBeNull();
  expect(mail?.headers.get("auto-submitted")).toBe("auto-replied");
});

test("the waits between tries grow from half a minute to four hours", ({ expect }) => {
  expect([0, 1, 2, 3, 9, 50].map((attempts) => retryDelayMs(attempts) / 1000)).toEqual([
    30, 60, 120, 240, 14_400, 14_400,
  ]);
});

test("a failed notice is sent again on request, the same message as before", async (context) => {
  const { expect } = context;
  let answer: SinkAnswer = { kind: "refuse", code: 550, text: "5.1.1 nobody" };
  const { sink, transport } = await withSink(context, () => answer);
  const { due, send, notices, query, address } = await scene(context, transport);
  const id = await due({});
  await send(id);
  expect(await notices()).toMatchObject([{ state: "failed" }]);
  const database = roomDatabase(context, address, "saraban_notification");
  const acting = { actor: "person:test", agencies: ["agency-a"] } as const;
  expect(await inTransaction(database, acting, listFailedNotices)).toMatchObject([{ letterId: id }]);
  expect(await inTransaction(database, acting, (transaction) => retryNotices(transaction, [id]))).toBe(1);
  answer = { kind: "take" };
  await send(id);
  expect(await notices()).toMatchObject([{ state: "delivered" }]);
  expect(sink.received).toHaveLength(1);
  expect(await query("select 1 from saraban.outbox")).toEqual([]);
});
