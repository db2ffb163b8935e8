import { test } from "vitest";
import { EVIDENCE_TYPES, type Evidence } from "../shared/letter/evidence/evidence.ts";
import { evidenceFault } from "../shared/letter/evidence/evidence-shape.ts";
import { findJws } from "../shared/letter/evidence/find-jws.ts";
import type { SinkAnswer } from "../shared/testing/smtp-sink.ts";
import { sendNotice } from "./send-notice.ts";
import { openSenderScene } from "./testing/sender-scene.ts";

const SECRET = "เรื่องที่ไม่มีใครควรเห็น";

const kinds = (rows: readonly { kind: string; state: string }[]) =>
  rows.map(({ kind, state }) => `${kind} ${state}`);

test("registered within a minute: one message; one that waits for longer is told of first, and both agree", async (context) => {
  const { expect } = context;
  const { letters, registered, waitsSince, lookForWaiting, tell, send, enter, outcome, notices, got, jobs } =
    await openSenderScene(context);
  const quick = await registered();
  const [waiting = "", fresh = ""] = await letters([{}, {}]);
  await waitsSince(waiting, 61);
  await waitsSince(fresh, 50);
  // Two processes at once.
  await Promise.all([lookForWaiting(), lookForWaiting()]);
  expect((await jobs()).filter((job) => job === "tell-arrival")).toHaveLength(1);
  await Promise.all([tell(waiting), send(quick)]);
  expect(await lookForWaiting()).toBe(0);
  expect(kinds(await notices(quick))).toEqual(["acknowledgement delivered"]);
  const [arrival] = await got(waiting);
  expect(arrival?.subject).toContain("แจ้งการรับหนังสือเข้าระบบ");
  expect(arrival?.text).toContain("ขณะนี้รอลงทะเบียนรับ");
  expect(arrival?.text).not.toContain("รอเจ้าหน้าที่พิจารณา");

  await enter(waiting);
  await outcome(waiting, "registered");
  await send(waiting);
  expect(kinds(await notices(waiting))).toEqual(["arrival delivered", "acknowledgement delivered"]);
  const [first, second] = (await got(waiting)).map(({ json }) => json as Evidence);
  expect(first).toMatchObject({ type: "arrived", letter: null, register: null, receiver: null });
  expect(second).toMatchObject({
    type: "registered",
    receivedAt: first?.receivedAt,
    message: first?.message,
  });
  expect(second?.evidenceId).not.toBe(first?.evidenceId);
  expect(evidenceFault(first)).toBeNull();
  expect(await jobs()).toEqual(["register-letter"]);
});

test("who sees what waits: no ignored or refused message, no second copy; and nothing once the number is known", async (context) => {
  const { expect } = context;
  let answer: SinkAnswer = { kind: "refuse", code: 451, text: "4.3.0 later" };
  const { letters, waitsSince, lookForWaiting, tell, send, enter, outcome, notices, jobs, wait, got } =
    await openSenderScene(context, () => answer);
  const ids = await letters([
    { contentDigest: "same" },
    { contentDigest: "same" },
    { verdict: "ignored", number: null },
    { verdict: "refused", number: null, letterDate: null, secrecy: "secret" },
    { mailFrom: "" },
    { number: null, verdict: "triage" },
  ]);
  for (const id of ids) await waitsSince(id, 3_600);
  expect(await lookForWaiting()).toBe(3);
  const [late = "", , , , silent = "", tray = ""] = ids;
  for (const id of [late, silent, tray]) await tell(id);
  expect(await notices(silent)).toMatchObject([{ state: "withheld", reason: "null-sender", evidence: null }]);
  expect(await lookForWaiting()).toBe(0);
  // Its server was away all the time until it had its number: then the acknowledgement alone goes out.
  await enter(late);
  await outcome(late, "registered");
  answer = { kind: "take" };
  await send(late);
  wait(60);
  await tell(late);
  // The same notice is owed to a letter in the tray: the job that has begun it sends it, and the other one does not.
  await outcome(tray, "triage", "no-number");
  await send(tray);
  expect(await got(tray)).toEqual([]);
  await tell(tray);
  expect((await got(tray)).map(({ json }) => (json as Evidence).type)).toEqual(["arrived"]);
  expect(kinds(await notices(late))).toEqual(["arrival withheld", "acknowledgement delivered"]);
  expect(await jobs()).not.toContain("tell-arrival");
});

test("a letter in the tray: its sender hears that an officer looks at it, and later of the number", async (context) => {
  const { expect } = context;
  const { letters, outcome, send, decide, enter, handOn, notices, got, sink, query } =
    await openSenderScene(context);
  const [known = "", stranger = "", forged = ""] = await letters([
    {},
    { standing: "unproved" },
    { standing: "forged" },
  ]);
  await query("update saraban.reading set sender_agency = null where intake_id = $1", [stranger]);
  for (const id of [known, stranger, forged]) await outcome(id, "triage", "no-number");
  for (const id of [known, stranger, forged]) await send(id);
  const [told] = await got(known);
  expect(told?.text).toContain("ขณะนี้รอเจ้าหน้าที่พิจารณา");
  expect(await notices(stranger)).toMatchObject([
    { kind: "arrival", state: "withheld", reason: "unproved-sender" },
  ]);
  expect(await notices(forged)).toMatchObject([
    { kind: "arrival", state: "withheld", reason: "forged-sender" },
  ]);
  expect(sink.received).toHaveLength(1);

  await enter(known, true);
  await decide(known, "register", "registered", "");
  await handOn(known);
  await send(known);
  const [arrived, registered] = (await got(known)).map(({ json }) => json as Evidence);
  expect(arrived).toMatchObject({ type: "arrived", deemedReceivedAt: null });
  expect(registered).toMatchObject({
    type: "registered",
    receivedAt: arrived?.receivedAt,
    message: arrived?.message,
    receiver: { name: "สมศรี ทดสอบ" },
  });
});

test("a correction names the receipt that it replaces, each the one before; what the receipt does not state is not told", async (context) => {
  const { expect } = context;
  const { registered, send, event, notices, got } = await openSenderScene(context);
  const id = await registered();
  await send(id);
  await event(id, "corrected", { changes: { subject: { old: SECRET, new: "อื่น" } } });
  await send(id);
  expect(await notices(id)).toHaveLength(1);
  await event(id, "corrected", {
    changes: {
      subject: { old: "อื่น", new: SECRET },
      letterNumber: { old: "นร 1200/55", new: "นร 1200/56" },
      letterNumberPrinted: { old: "นร ๑๒๐๐/๕๕", new: "นร ๑๒๐๐/๕๖" },
    },
    reason: "พิมพ์เลขผิด",
  });
  await event(id, "corrected", { changes: { letterDate: { old: "2020-04-09", new: "2020-04-10" } } });
  await send(id);
  await event(id, "cancelled", { reason: "ลงทะเบียนซ้ำ" });
  await send(id);
  expect(kinds(await notices(id))).toEqual([
    "acknowledgement delivered",
    "correction delivered",
    "correction delivered",
    "cancellation delivered",
  ]);
  const mails = await got(id);
  const [first, number, date, cancelled] = mails.map(({ json }) => json as Evidence);
  expect(number).toMatchObject({
    type: "corrected",
    replaces: first?.evidenceId,
    letter: { number: "นร 1200/56", numberPrinted: "นร ๑๒๐๐/๕๖", date: "2020-04-09" },
    register: first?.register,
    reason: { code: "corrected", words: "พิมพ์เลขผิด" },
    changes: { "letter.number": { old: "นร 1200/55", new: "นร 1200/56" } },
  });
  expect(date).toMatchObject({
    replaces: number?.evidenceId,
    letter: { number: "นร 1200/56", date: "2020-04-10" },
    changes: { "letter.date": { old: "2020-04-09", new: "2020-04-10" } },
  });
  expect(cancelled).toMatchObject({
    type: "cancelled",
    replaces: date?.evidenceId,
    reason: { words: "ลงทะเบียนซ้ำ" },
    changes: null,
  });
  expect(mails[1]?.text).toContain("เลขที่หนังสือตามที่พิมพ์ : เดิม นร ๑๒๐๐/๕๕ แก้ไขเป็น นร ๑๒๐๐/๕๖");
  expect(mails[1]?.text).toContain(`ใช้แทนฉบับรหัส ${first?.evidenceId}`);
  expect(mails[2]?.text).toContain("วันที่หนังสือ : เดิม 9 เมษายน 2563 แก้ไขเป็น 10 เมษายน 2563");
  expect(mails[3]?.text).toContain("ลงทะเบียนซ้ำ");
  expect(JSON.stringify(mails)).not.toContain(SECRET);
  for (const { evidence } of await notices(id)) expect(evidenceFault(evidence)).toBeNull();
});

test("handing over is told where the agency wants it; a recall is answered; both state the line as it reads by then", async (context) => {
  const { expect } = context;
  const { registered, send, event, notices, got, query } = await openSenderScene(context);
  const id = await registered();
  await send(id);
  await event(id, "handed-over", { details: { officer: "สมชาย ทดสอบ" } });
  await send(id);
  expect(await notices(id)).toHaveLength(1);
  await query(`update saraban.agency set receipts = '{"handedOver":true}' where id = 'agency-a'`);
  // Who has received it stays who it was.
  await query(
    "update saraban.agency set receiver_name = 'ผู้รับคนใหม่ ทดสอบ', name_th = 'ชื่อใหม่' where id = 'agency-a'",
  );
  await event(id, "corrected", { changes: { letterDate: { old: "2020-04-09", new: null } } });
  await event(id, "recall-refused", { reason: "ดำเนินการแล้ว" });
  await event(id, "recall-accepted", { reason: "recall-accepted" });
  await send(id);
  const mails = await got(id);
  const [first, handed, corrected, recalled, accepted] = mails.map(({ json }) => json as Evidence);
  for (const later of [handed, corrected, recalled, accepted])
    expect(later?.receiver).toEqual(first?.receiver);
  expect(handed).toMatchObject({
    type: "handed-over",
    handedOver: { officer: "สมชาย ทดสอบ", at: expect.any(String) },
    letter: { date: "2020-04-09" },
    replaces: null,
  });
  expect(mails[1]?.text).toContain("สมชาย ทดสอบ");
  expect(corrected).toMatchObject({ type: "corrected", letter: { date: null } });
  expect(recalled).toMatchObject({
    type: "recall-refused",
    letter: { date: null },
    reason: { code: "recall-refused", words: "ดำเนินการแล้ว" },
  });
  expect(mails[3]?.subject).toContain("แจ้งไม่ยินยอมให้เรียกคืนหนังสือ");
  expect(accepted).toMatchObject({ type: "recall-accepted", reason: { words: null } });
  expect(mails[4]?.text).not.toContain("เหตุผล");
  expect(kinds(await notices(id)).slice(1)).toEqual([
    "handover delivered",
    "correction delivered",
    "recall-answer delivered",
    "recall-answer delivered",
  ]);
});

test("copies carry the receipt in force byte for byte: of the same letter, and of what it was merged into", async (context) => {
  const { expect } = context;
  const { registered, letters, outcome, decide, event, send, handOn, notices, got, query } =
    await openSenderScene(context);
  await query(
    "insert into saraban.webhook (id, agency_id, url) values ('erp', 'agency-a', 'https://erp.agency-a.example.go.th/')",
  );
  const first = await registered();
  const [again = "", merged = "", stranger = "", corrected = ""] = await letters([
    {},
    {},
    { senderAddress: "saraban@moc.example.go.th" },
    {},
  ]);
  await outcome(again, "possible-duplicate", "same-letter", first);
  await outcome(merged, "possible-duplicate", "same-number-and-date", first);
  await outcome(stranger, "triage");
  // The copies come before the letter's own receipt was made.
  for (const id of [again, merged, stranger]) await send(id);
  for (const id of [merged, stranger]) {
    await decide(id, "merge", "merged", "ฉบับเดียวกัน", first);
    await handOn(id);
    await send(id);
  }
  await send(first);
  const [original] = await notices(first);
  expect(original).toMatchObject({ kind: "acknowledgement", state: "delivered" });
  expect(kinds(await notices(again))).toEqual(["copy delivered"]);
  expect(kinds(await notices(merged))).toEqual(["arrival delivered", "copy delivered"]);
  expect((await notices(stranger)).at(-1)).toMatchObject({
    kind: "copy",
    state: "withheld",
    reason: "other-sender",
  });
  const signed = async (id: string) =>
    (await got(id))
      .at(-1)
      ?.attachments.find(({ name }) => name.endsWith(".jws"))
      ?.content.toString();
  expect(original?.jws).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  for (const id of [first, again, merged]) expect(await signed(id)).toBe(original?.jws);
  expect((await got(again))[0]?.text).toContain("ส่งมาซ้ำ");

  await event(first, "corrected", { changes: { letterDate: { old: "2020-04-09", new: "2020-04-10" } } });
  await outcome(corrected, "possible-duplicate", "same-letter", first);
  await send(corrected);
  await send(first);
  expect((await got(corrected))[0]?.json).toMatchObject({
    type: "corrected",
    replaces: original?.evidence?.evidenceId,
  });
  expect(await signed(corrected)).toBe(await signed(first));
  // The agency's programs hear of each statement once, of copies not at all.
  const calls = await query<{ type: string; key: string }>(
    "select event #>> '{data,evidence,type}' as type, letter_key as key from saraban.webhook_call order by seq",
  );
  expect(calls.filter(({ key }) => key === first).map(({ type }) => type)).toEqual([
    "registered",
    "corrected",
  ]);
  expect(calls.filter(({ key }) => key !== first).map(({ type }) => type)).toEqual(["arrived", "arrived"]);
});

test("what is refused or cannot be used: with the reason, digests and the day of removal, and nothing else of the letter", async (context) => {
  const { expect } = context;
  const { letters, outcome, decide, send, notices, got, query } = await openSenderScene(context);
  const refused = { verdict: "refused", number: null, letterDate: null } as const;
  const [infected = "", damaged = "", classified = ""] = await letters([
    { ...refused, letterDigest: "d".repeat(64) },
    { verdict: "triage", number: null },
    { ...refused, secrecy: "secret" },
  ]);
  await query("update saraban.reading set subject = $1 where secrecy = 'normal'", [SECRET]);
  for (const [id, reason] of [
    [infected, "infected"],
    [classified, "classified"],
  ] as const) {
    await query(
      `insert into saraban.quarantine (intake_id, agency_id, reason, since, keep_until)
         values ($1, 'agency-a', $2, now(), '2026-12-05T03:04:00Z')`,
      [id, reason],
    );
    await outcome(id, "refused", reason);
  }
  await outcome(damaged, "triage", "unreadable");
  await decide(damaged, "invalid", "invalid", "ไฟล์เปิดไม่ได้");
  for (const id of [infected, damaged, classified]) await send(id);
  const [virus] = await got(infected);
  expect(virus?.json).toMatchObject({
    type: "quarantined",
    letter: null,
    register: null,
    reason: { code: "infected", words: null },
    message: { contentsSha256: "d".repeat(64) },
  });
  expect(virus?.text).toContain("กักกันไว้ถึง            : 5 ธันวาคม 2569");
  const [invalid] = await got(damaged);
  expect(invalid?.json).toMatchObject({ type: "invalid", letter: null, reason: { words: "ไฟล์เปิดไม่ได้" } });
  expect(invalid?.subject).toContain("แจ้งหนังสือผิด");
  const [secret] = await got(classified);
  expect(secret?.json).toMatchObject({ type: "refused", letter: null, message: { contentsSha256: null } });
  expect(JSON.stringify([virus, invalid, secret])).not.toContain(SECRET);
  expect(kinds(await notices(damaged))).toEqual(["rejection delivered"]);
});

test("nobody who may not be answered gets any kind; what stands in the book is stated all the same", async (context) => {
  const { expect } = context;
  const { registered, letters, outcome, event, send, notices, sink, query } = await openSenderScene(context);
  const silent = await registered({ mailFrom: "" });
  await send(silent);
  await event(silent, "cancelled", { reason: "x" });
  await send(silent);
  const [forged = ""] = await letters([{ standing: "forged", verdict: "refused", number: null }]);
  await outcome(forged, "refused", "forged-sender");
  await send(forged);
  expect(await notices(silent)).toMatchObject([
    { kind: "acknowledgement", state: "withheld", reason: "null-sender", evidence: { type: "registered" } },
    { kind: "cancellation", state: "withheld", evidence: { type: "cancelled" } },
  ]);
  expect(await notices(forged)).toMatchObject([
    { kind: "refusal", state: "withheld", evidence: null },
    { kind: "alert", state: "withheld", reason: "no-contact" },
  ]);
  expect(sink.received).toEqual([]);
  const types = await query<{ type: string }>("select type from saraban.receipt order by made_at, id");
  expect(types.map(({ type }) => type)).toEqual(["registered", "cancelled"]);
  expect(EVIDENCE_TYPES).toContain(types[0]?.type);
});

test("a worker that is killed between sending and recording sends the same statement again", async (context) => {
  const { expect } = context;
  const { registered, handOn, query, got, parts } = await openSenderScene(context);
  const id = await registered();
  const { transport } = parts;
  if (!transport) throw new Error("no transport");
  const whole = { ...parts, withPdf: true };
  const dying = {
    ...whole,
    transport: {
      ...transport,
      send: async (...given: Parameters<typeof transport.send>) => {
        await transport.send(...given);
        throw new Error("killed");
      },
    },
  };
  const job = { outboxId: 1, agencyId: "agency-a", subjectId: id, workKey: id };
  await expect(sendNotice(dying, job)).rejects.toThrow("killed");
  expect(await query("select 1 from saraban.delivery_attempt")).toEqual([]);
  await sendNotice(whole, job);
  await handOn(id);
  await sendNotice(whole, job);
  const [first, second, ...more] = await got(id);
  expect(more).toEqual([]);
  expect(second?.text).toBe(first?.text);
  expect(second?.subject).toBe(first?.subject);
  expect(second?.attachments).toEqual(first?.attachments);
  const [json, jws, pdf] = first?.attachments ?? [];
  expect(findJws(pdf?.content ?? Buffer.alloc(0))).toBe(jws?.content.toString());
  expect(pdf?.name).toBe(json?.name.replace(".json", ".pdf"));
});
