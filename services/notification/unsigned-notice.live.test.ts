import { test } from "vitest";
import { evidenceFault } from "../shared/letter/evidence/evidence-shape.ts";
import { newId } from "../shared/runtime/ids.ts";
import { BOOK, openSenderScene } from "./testing/sender-scene.ts";

test("what was promised before receipts were signed is sent as it was promised; a copy of it says the same", async (context) => {
  const { expect } = context;
  const { letters, enter, outcome, send, event, notices, got, query } = await openSenderScene(context);
  const [old = "", copy = ""] = await letters([{}, {}]);
  await enter(old);
  const noticeId = newId();
  const agency = {
    id: "agency-a",
    nameThai: "หน่วยงานทดสอบ ก",
    nameEnglish: "Test Agency A",
    mailbox: "saraban@agency-a.example.go.th",
  };
  // As 0004 wrote it.
  const facts = {
    schema: "https://saraban.example.go.th/schemas/receipt.schema.json",
    evidenceId: noticeId,
    type: "registered",
    agency,
    letter: { number: "นร 1200/55", numberPrinted: "นร ๑๒๐๐/๕๕", date: "2020-04-09" },
    register: { book: BOOK, number: 1, year: 2026, yearBuddhist: 2569 },
    receivedAt: "2026-05-01T02:59:00.000Z",
    registeredAt: "2026-05-01T03:00:00.000Z",
    receiver: { name: "เจ้าหน้าที่ทดสอบ", unit: "หน่วยงานทดสอบ ก" },
    clock: {
      received: { state: "unsynchronised", reason: "" },
      registered: { state: "unsynchronised", reason: "" },
    },
    message: {
      intakeId: old,
      messageId: `<${old}@opdc.example.go.th>`,
      sha256: "0".repeat(64),
      sizeBytes: 1,
    },
  };
  await query(
    `insert into saraban.notice (id, agency_id, intake_id, kind, recipient, message_id, facts, made_at, clock, state)
       values ($1, 'agency-a', $2, 'acknowledgement', 'saraban@opdc.example.go.th', $3, $4, now(), '{}', 'due')`,
    [noticeId, old, `<ack.${noticeId}@agency-a.example.go.th>`, JSON.stringify(facts)],
  );
  await outcome(old, "registered");
  await outcome(copy, "possible-duplicate", "same-letter", old);
  await send(copy);
  await send(old);
  for (const id of [old, copy]) {
    const [mail] = await got(id);
    expect(mail?.json).toEqual(facts);
    expect(mail?.attachments.map(({ name }) => name)).toEqual([`receipt-${noticeId}.json`]);
    for (const words of ["1/2569", noticeId, "นร ๑๒๐๐/๕๕"]) expect(mail?.text).toContain(words);
    expect(mail?.text).not.toContain("รหัสตรวจสอบ  ");
  }
  expect(await query("select 1 from saraban.receipt")).toEqual([]);
  await event(old, "corrected", { changes: { letterDate: { old: "2020-04-09", new: "2020-04-10" } } });
  await send(old);
  expect((await notices(old)).map(({ kind, state }) => `${kind} ${state}`)).toEqual([
    "acknowledgement delivered",
    "correction delivered",
  ]);
  const [, correction] = await got(old);
  expect(correction?.text).toContain(`ใช้แทนฉบับรหัส ${noticeId}`);
  expect(evidenceFault(correction?.json)).toBeNull();
});
