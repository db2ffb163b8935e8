import { test } from "vitest";
import { RECALL_SCHEMA, type Recall, signRecall } from "../shared/letter/evidence/recall.ts";
import { newSigningKey, publicHalf } from "../shared/letter/evidence/sign-evidence.ts";
import { newId } from "../shared/runtime/ids.ts";
import { openDesk } from "./testing/desk.ts";

const at = (minute: number): Date => new Date(Date.UTC(2026, 4, 1, 2, minute));

test("the tray: most urgent first, then the oldest, in pages that hold still while letters are decided on", async (context) => {
  const { expect } = context;
  const { ask, post, query, fillTray } = await openDesk(context);
  const urgencies = ["normal", "urgent", "normal", "most-urgent", "very-urgent", "normal", "most-urgent"];
  const ids = await fillTray(urgencies.map((_, minute) => ({ arrivedAt: at(minute) })));
  for (const [index, urgency] of urgencies.entries()) {
    await query("update saraban.reading set urgency = $1 where intake_id = $2", [urgency, ids[index]]);
  }
  const order = [3, 6, 4, 1, 0, 2, 5].map((index) => ids[index]);
  const page = async (after?: string) =>
    (await ask(`/tray?agency=agency-a&limit=3${after === undefined ? "" : `&after=${after}`}`)).body;
  const letters = (answer: { letters: { intakeId: string }[] }) =>
    answer.letters.map(({ intakeId }) => intakeId);

  const first = await page();
  expect(letters(first)).toEqual(order.slice(0, 3));
  expect(first).toMatchObject({ agencyId: "agency-a", total: 7, next: order[2] });
  // The letter that the page ended with is decided on: the next page begins behind its place all the same.
  const act = { id: newId(), agencyId: "agency-a", act: "reject", intakeId: order[2], reason: "ส่งผิดหน่วยงาน" };
  expect((await post(act)).status).toBe(202);
  await query(
    `insert into saraban.tray_decision (intake_id, agency_id, decision, reason, act_id, decided_at, clock, decided_by)
       select intake_id, agency_id, 'rejected', reason, id, now(), '{}', made_by from saraban.act`,
  );
  const second = await page(first.next);
  expect(letters(second)).toEqual(order.slice(3, 6));
  expect(second.total).toBe(6);
  const last = await page(second.next);
  expect(letters(last)).toEqual(order.slice(6));
  expect(last.next).toBe(null);
  expect(letters(await page(order[6]))).toEqual([]);
  expect(letters(await page(newId()))).toEqual([]);
});

test("a letter shows what was read, why it lies there, and where its possible copy stands", async (context) => {
  const { expect } = context;
  const { ask, query, fillTray } = await openDesk(context);
  const [registered] = await fillTray([{ outcome: "registered", number: "นร 1200/9" }]);
  await query(
    `with book as (insert into saraban.book (id, agency_id, direction, series) values ($2, 'agency-a', 'inbound', 'ordinary'))
     insert into saraban.entry (book_id, agency_id, year, number, registered_at, arrived_at, clock, registered_by, urgency,
         intake_id, letter_number, subject)
       values ($2, 'agency-a', 2026, 1, $3, $3, '{}', 'rule:test', 'normal', $1, 'นร 1200/9', 'เรื่องแรก')`,
    [registered, "agency-a.inbound.ordinary", at(1)],
  );
  const duplicate = { outcome: "possible-duplicate", reason: "same-number-and-date", number: "นร 1200/9" };
  const [copy] = await fillTray([{ ...duplicate, earlier: registered as string }]);
  await query(
    `update saraban.reading set sources = '{"number": {"source": "body", "confidence": 0.9}}', problems = '{no-date}',
       attachments = '[{"name": "แนบ.pdf", "contentType": "application/pdf", "sizeBytes": 7, "inline": false}]',
       citations = '[{"printed": "หนังสือ ที่ นร 1200/1", "number": "นร 1200/1", "date": null}]', enclosures = '{กำหนดการ}'
      where intake_id = $1`,
    [copy],
  );
  const { letters } = (await ask("/tray?agency=agency-a")).body;
  expect(letters).toHaveLength(1);
  expect(letters[0]).toMatchObject({
    intakeId: copy,
    channel: "smtp",
    sender: { address: "saraban@opdc.example.go.th", name: null, agency: "ผู้ส่ง" },
    facts: {
      letterNumber: "นร 1200/9",
      letterDate: "2020-04-09",
      subject: "เรื่องทดสอบ",
      urgency: "normal",
      kind: "external",
    },
    sources: { letterNumber: { source: "body", confidence: 0.9 } },
    problems: ["no-date"],
    attachments: [{ name: "แนบ.pdf", sizeBytes: 7 }],
    outcome: "possible-duplicate",
    earlierIntakeId: registered,
    earlierLine: {
      bookId: "agency-a.inbound.ordinary",
      year: 2026,
      yearBuddhist: 2569,
      number: 1,
      subject: "เรื่องแรก",
    },
    reason: { code: "same-number-and-date", th: expect.stringContaining("เลขที่และวันที่เดียวกัน") },
  });
  expect((await ask(`/tray/${copy}`)).body).toMatchObject({
    intakeId: copy,
    citations: [{ number: "นร 1200/1" }],
    enclosures: ["กำหนดการ"],
    mailFrom: "saraban@opdc.example.go.th",
    decision: null,
  });
  expect((await ask(`/tray/${registered}`)).status).toBe(404);
});

test("nothing that is refused, marked as classified, or another agency's is in the tray; nor is it told by its id", async (context) => {
  const { expect } = context;
  const { ask, fillTray } = await openDesk(context);
  const hidden = await fillTray([
    { outcome: "refused", verdict: "refused", secrecy: "confidential", number: null, letterDate: null },
    // No reading sends a marked letter to the tray; should a fault do it, the tray does not show it.
    { outcome: "triage", verdict: "refused", secrecy: "secret", number: null, letterDate: null },
    { outcome: "ignored", verdict: "ignored" },
    { outcome: "registered" },
    { agencyId: "agency-b" },
  ]);
  expect((await ask("/tray?agency=agency-a")).body).toMatchObject({ total: 0, letters: [], next: null });
  for (const id of [...hidden, newId(), "x", "%00"]) {
    expect(await ask(`/tray/${id}`), id).toMatchObject({ status: 404, body: { code: "not-found" } });
  }
});

test("each look into a tray is recorded with its time and the clerk; a look at one letter, at nothing or at a further page is none", async (context) => {
  const { expect } = context;
  const { ask, query, fillTray, url, token } = await openDesk(context);
  const [id] = await fillTray([{}]);
  await ask(`/tray/${id}`);
  await ask("/tray?agency=agency-b");
  await ask("/tray?agency=agency-a&limit=1000");
  expect((await ask(`/tray?agency=agency-a&after=${id}`)).status).toBe(200);
  await fetch(`${url}/api/v1/tray?agency=agency-a`, {
    method: "HEAD",
    headers: { authorization: `Bearer ${token}` },
  });
  expect(await query("select 1 from saraban.tray_opening")).toEqual([]);
  const before = Date.now();
  await ask("/tray?agency=agency-a");
  await ask("/tray?agency=agency-a");
  const openings = await query<{ agency_id: string; opened_at: Date; opened_by: string }>(
    "select * from saraban.tray_opening",
  );
  expect(openings).toHaveLength(2);
  expect(openings[0]).toMatchObject({
    agency_id: "agency-a",
    opened_by: expect.stringMatching(/^person:clerk-/),
  });
  expect(openings[0]?.opened_at.getTime()).toBeGreaterThanOrEqual(before);
});

test("a letter in the tray shows that its sender wants it back, when a key of the sender proves it", async (context) => {
  const { expect } = context;
  const { ask, query, fillTray } = await openDesk(context);
  const domain = "opdc.example.go.th";
  const [key, strangersKey] = [await newSigningKey(), await newSigningKey()];
  await query("insert into saraban.partner_key (domain, kid, jwk, source) values ($1, $2, $3, 'config')", [
    domain,
    key.kid,
    JSON.stringify(publicHalf(key.privateKey)),
  ]);
  const [wanted, forged, other] = await fillTray([
    { number: "นร 1200/1" },
    { number: "นร 1200/2" },
    { number: "นร 1200/1", letterDate: "2019-01-01" },
  ]);
  const recall = (number: string): Recall => ({
    schema: RECALL_SCHEMA,
    recallId: newId(),
    issuedAt: "2026-05-06T03:00:00.000Z",
    agency: { domain, nameThai: "สำนักงาน ก.พ.ร.", nameEnglish: "OPDC" },
    letter: { number, date: "2020-04-09", messageIds: [] },
    evidenceId: null,
    reason: "ส่งผิดหน่วยงาน",
    replacedBy: null,
  });
  for (const [number, signer] of [
    ["นร 1200/1", key],
    ["นร 1200/2", strangersKey],
  ] as const) {
    const [mail] = await fillTray([{ outcome: "ignored" }]);
    await query(
      "update saraban.reading set report = jsonb_build_object('evidence', $2::text) where intake_id = $1",
      [mail, await signRecall(recall(number), signer)],
    );
    await query(
      "insert into saraban.outbox (job, agency_id, subject_id, work_key) values ('record-recall', 'agency-a', $1::uuid, $1::text)",
      [mail],
    );
  }
  const { letters } = (await ask("/tray?agency=agency-a")).body;
  const recalls = Object.fromEntries(
    letters.map(({ intakeId, recall: found }: { intakeId: string; recall: unknown }) => [intakeId, found]),
  );
  const shown = { reason: "ส่งผิดหน่วยงาน", replacedBy: null, requestedAt: "2026-05-06T03:00:00.000Z" };
  expect(recalls).toMatchObject({
    [wanted as string]: shown,
    [forged as string]: null,
    [other as string]: null,
  });
  expect((await ask(`/tray/${wanted}`)).body.recall).toMatchObject(shown);
});
