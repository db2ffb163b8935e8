import { test } from "vitest";
import { letReadLettersWait } from "../shared/testing/arrivals.ts";
import { writeBookLines, writeEvent } from "../shared/testing/book-lines.ts";
import { openDesk } from "./testing/desk.ts";

const INBOUND = "agency-a.inbound.ordinary";
const OUTBOUND = "agency-a.outbound.ordinary";
const at = (minute: number): Date => new Date(Date.UTC(2026, 4, 1, 2, minute));
const corrected = (field: string, old: unknown, now: unknown) => ({ [field]: { old, new: now } });
const places = (lines: { bookId: string; number: number }[]) =>
  lines.map(({ bookId, number }) => [bookId, number]);

test("a line reads as it was corrected, with what happened to it, by whom and why", async (context) => {
  const { expect } = context;
  const { ask, query } = await openDesk(context);
  await writeBookLines(query, [
    { registeredAt: at(0), subject: "เดิม", letterNumber: "นร 1200/1", from: "ผู้ส่ง" },
  ]);
  await writeEvent(query, INBOUND, 2026, 1, "corrected", corrected("subject", "เดิม", "แก้แล้ว"));
  await writeEvent(query, INBOUND, 2026, 1, "cancelled");
  const { status, body } = await ask(`/lines/${INBOUND}/2026/1`);
  expect(status).toBe(200);
  expect(body.line).toMatchObject({
    bookId: INBOUND,
    year: 2026,
    yearBuddhist: 2569,
    number: 1,
    status: "cancelled",
    subject: "แก้แล้ว",
    letterNumber: "นร 1200/1",
    cancelReason: "ทดสอบ",
    acknowledgement: null,
    intakeId: null,
  });
  expect(body.events).toMatchObject([
    {
      what: "corrected",
      changes: { subject: { old: "เดิม", new: "แก้แล้ว" } },
      madeByName: "ทดสอบ",
      reason: "ทดสอบ",
    },
    { what: "cancelled" },
  ]);
  expect(body.complete).toBe(true);
});

test("the thread: what a line refers to and what refers to it, as the lines read now, cancelled ones left out", async (context) => {
  const { expect } = context;
  const { ask, query } = await openDesk(context);
  await writeBookLines(query, [
    { registeredAt: at(0), letterNumber: "นร 1200/1" },
    { registeredAt: at(1), letterNumber: "นร 1200/1" }, // the same number: another year's, or another agency's fault
    { registeredAt: at(2), letterNumber: "นร 1200/9" }, // corrected to 1200/2 below
    { registeredAt: at(3), letterNumber: "นร 1200/3" }, // cancelled below
    { registeredAt: at(4), letterNumber: "กค 0402/7" },
    { agencyId: "agency-b", registeredAt: at(5), letterNumber: "นร 1200/1" },
    { book: "outbound.ordinary", registeredAt: at(6), letterNumber: "ทก 0100/1" },
    { book: "outbound.ordinary", registeredAt: at(7), letterNumber: "ทก 0100/2" },
    { book: "outbound.ordinary", registeredAt: at(8), letterNumber: "ทก 0100/3" },
  ]);
  const refer = (numbers: readonly string[]) => corrected("referenceNumbers", [], numbers);
  await writeEvent(query, INBOUND, 2026, 3, "corrected", corrected("letterNumber", "นร 1200/9", "นร 1200/2"));
  await writeEvent(query, INBOUND, 2026, 4, "cancelled");
  await writeEvent(
    query,
    INBOUND,
    2026,
    5,
    "corrected",
    refer(["นร 1200/1", "นร 1200/2", "นร 1200/3", "นร 1200/9", "สธ 1/1"]),
  );
  // Answers to the fifth letter: one that refers to it, one that does no longer, one that is cancelled.
  await writeEvent(query, OUTBOUND, 2026, 1, "corrected", refer(["กค 0402/7"]));
  await writeEvent(query, OUTBOUND, 2026, 2, "corrected", refer(["กค 0402/7"]));
  await writeEvent(query, OUTBOUND, 2026, 2, "corrected", corrected("referenceNumbers", ["กค 0402/7"], []));
  await writeEvent(query, OUTBOUND, 2026, 3, "corrected", refer(["กค 0402/7"]));
  await writeEvent(query, OUTBOUND, 2026, 3, "cancelled");
  const { thread } = (await ask(`/lines/${INBOUND}/2026/5`)).body;
  expect(places(thread.refersTo)).toEqual([
    [INBOUND, 1],
    [INBOUND, 2],
    [INBOUND, 3],
  ]);
  expect(thread.unresolved).toEqual(["นร 1200/3", "นร 1200/9", "สธ 1/1"]);
  expect(places(thread.referredToBy)).toEqual([[OUTBOUND, 1]]);
  const first = (await ask(`/lines/${INBOUND}/2026/1`)).body.thread;
  expect(places(first.referredToBy)).toEqual([[INBOUND, 5]]);
  expect(first.refersTo).toEqual([]);
});

test("a reference that stood in the line from its beginning is found too", async (context) => {
  const { expect } = context;
  const { ask, query } = await openDesk(context);
  await writeBookLines(query, [{ registeredAt: at(0), letterNumber: "นร 1200/1" }]);
  await query(
    `insert into saraban.entry (book_id, agency_id, year, number, registered_at, clock, registered_by, channel, urgency, reference_numbers, letter_number)
       values ($1, 'agency-a', 2026, 2, $2, '{}', 'person:x', 'paper', 'normal', $3, 'นร 1200/2')`,
    [INBOUND, at(1), ["นร 1200/1", "นร 1200/2"]],
  );
  expect(places((await ask(`/lines/${INBOUND}/2026/1`)).body.thread.referredToBy)).toEqual([[INBOUND, 2]]);
  // Its own number among its references makes no thread with itself.
  const { thread } = (await ask(`/lines/${INBOUND}/2026/2`)).body;
  expect([places(thread.refersTo), thread.unresolved, thread.referredToBy]).toEqual([[[INBOUND, 1]], [], []]);
});

test("more than a hundred in one direction: a hundred are shown, and that there are more", async (context) => {
  const { expect } = context;
  const { ask, query } = await openDesk(context);
  const minutes = Array.from({ length: 103 }, (_, minute) => minute);
  await writeBookLines(
    query,
    minutes.map((minute) => ({ registeredAt: at(minute), letterNumber: "นร 1200/1" })),
  );
  await writeEvent(query, INBOUND, 2026, 103, "corrected", corrected("referenceNumbers", [], ["นร 1200/1"]));
  const { thread, complete } = (await ask(`/lines/${INBOUND}/2026/103`)).body;
  expect(thread.refersTo).toHaveLength(100);
  expect(complete).toBe(false);
});

test("what is not there, classified, or another agency's is not found", async (context) => {
  const { expect } = context;
  const { ask, query } = await openDesk(context);
  await writeBookLines(query, [
    { registeredAt: at(0) },
    { book: "inbound.classified", secrecy: "secret", registeredAt: at(1) },
    { agencyId: "agency-b", registeredAt: at(2) },
  ]);
  expect((await ask(`/lines/${INBOUND}/2026/1`)).status).toBe(200);
  for (const path of [
    `${INBOUND}/2026/2`,
    `${INBOUND}/2025/1`,
    `${INBOUND}/2026/99999999999`,
    `${INBOUND}/x/1`,
    "agency-a.inbound.classified/2026/1",
    "agency-b.inbound.ordinary/2026/1",
    "%00/2026/1",
  ]) {
    expect(await ask(`/lines/${path}`), path).toMatchObject({ status: 404, body: { code: "not-found" } });
  }
});

test("the attachments of the letter behind a line, as reading found them; a line without an arrival has none", async (context) => {
  const { expect } = context;
  const { ask, query } = await openDesk(context);
  const [intakeId] = await letReadLettersWait(query, [{}]);
  const file = {
    name: "แนบ.pdf",
    safeName: "แนบ.pdf",
    sizeBytes: 7,
    role: "main",
    marks: ["no-text"],
    members: [],
  };
  const damaged = { name: null, contentType: "image/png", sizeBytes: null, sha256: null };
  await query("update saraban.reading set attachments = $1", [JSON.stringify([file, damaged])]);
  await writeBookLines(query, [{ registeredAt: at(0), subject: "บนกระดาษ" }]);
  await query(
    `insert into saraban.entry (book_id, agency_id, year, number, registered_at, arrived_at, clock, registered_by, urgency, intake_id, letter_number, subject)
       values ($1, 'agency-a', 2026, 2, $2, $2, '{}', 'rule:test', 'normal', $3, 'นร 1200/9', 'เรื่อง')`,
    [INBOUND, at(1), intakeId],
  );
  expect((await ask(`/lines/${INBOUND}/2026/1`)).body.line.attachments).toEqual([]);
  expect((await ask(`/lines/${INBOUND}/2026/2`)).body.line.attachments).toEqual([file, damaged]);
});

test("beside a line: who sent it, what the scanner said, where its sources disagree, what came of each answer, and its copies", async (context) => {
  const { expect } = context;
  const { ask, query, fillTray } = await openDesk(context);
  const [intakeId] = (await fillTray([{ outcome: "registered", standing: "proved" }])) as [string];
  const again = { outcome: "possible-duplicate", reason: "same-letter", earlier: intakeId };
  const [copy, bounce] = await fillTray([again, { outcome: "ignored", verdict: "ignored" }]);
  await query(
    `update saraban.reading set sender_check = '{"spf": {"result": "pass"}}', scan = '{"state": "not-scanned"}',
       sources = '{"number": {"source": "pdf", "confidence": 0.9}}', problems = '{not-scanned,scanned-letter}',
       conflicts = '[{"field": "date", "values": [{"value": "2026-04-01", "source": "pdf", "confidence": 0.9},
                                                  {"value": "2026-04-02", "source": "body", "confidence": 0.8}]}]'
      where intake_id = $1`,
    [intakeId],
  );
  await query(
    `with book as (insert into saraban.book (id, agency_id, direction, series) values ($2, 'agency-a', 'inbound', 'ordinary')),
       line as (insert into saraban.entry (book_id, agency_id, year, number, registered_at, arrived_at, clock, registered_by, urgency,
           intake_id, letter_number, subject)
         values ($2, 'agency-a', 2026, 1, $3, $3, '{}', 'rule:test', 'normal', $1, 'นร 1200/9', 'เรื่อง')),
       promised as (insert into saraban.notice (id, agency_id, intake_id, kind, recipient, message_id, facts, made_at, clock, state, reason, settled_at)
         values ($1, 'agency-a', $1, 'acknowledgement', 'saraban@opdc.example.go.th', '<ack@agency-a.example.go.th>', '{}', $3, '{}', 'failed', 'bounced', $3)
         returning id)
     insert into saraban.delivery_report (intake_id, agency_id, notice_id, matched_by, kind, action, status, diagnostic, recorded_at, clock)
       select $4, 'agency-a', id, 'token', 'bounce', 'failed', '5.2.2', 'mailbox full', $3, '{}' from promised`,
    [intakeId, INBOUND, at(1), bounce],
  );
  const { arrival } = (await ask(`/lines/${INBOUND}/2026/1`)).body;
  expect(arrival).toMatchObject({
    sender: {
      address: "saraban@opdc.example.go.th",
      standing: "proved",
      check: { spf: { result: "pass" } },
    },
    scan: { state: "not-scanned" },
    problems: ["not-scanned", "scanned-letter"],
    sources: { letterNumber: { source: "pdf" } },
    conflicts: [{ field: "letterDate", values: [{ value: "2026-04-01" }, { value: "2026-04-02" }] }],
    notices: [
      {
        kind: "acknowledgement",
        state: "failed",
        reason: "bounced",
        recipient: "saraban@opdc.example.go.th",
        reports: [
          { intakeId: bounce, matchedBy: "token", kind: "bounce", action: "failed", status: "5.2.2" },
        ],
      },
    ],
    copies: [{ intakeId: copy, outcome: "possible-duplicate", reason: "same-letter" }],
    quarantine: null,
    reportsOn: null,
  });
});
