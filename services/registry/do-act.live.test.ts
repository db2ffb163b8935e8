import { test } from "vitest";
import { systemClock, type TrustedNow } from "../shared/letter/stamp.ts";
import { INBOUND, OUTBOUND, actsScene as scene } from "./testing/acts-scene.ts";

test("a clerk registers from the tray what the reading found, with corrections; the sender is told, once", async (context) => {
  const { tray, lines, notices, do: act, ask, carryOut, result, query } = await scene(context);
  const [letter = ""] = await tray([{ verdict: "triage", number: null }]);
  // That it has arrived, and lies in the tray.
  context.expect(await notices()).toEqual([letter]);
  await query("delete from saraban.outbox");
  const facts = { subject: "เรื่องที่แก้แล้ว", letterNumber: "นร 1/2", letterNumberPrinted: "นร ๑/๒" };
  const registered = await act("register", { intakeId: letter, facts });
  context.expect(registered).toMatchObject({ result: "done", number: 1 });
  context
    .expect(await lines(INBOUND))
    .toMatchObject([
      { number: 1, subject: "เรื่องที่แก้แล้ว", letter_number: "นร 1/2", registered_by_name: "สมชาย ทดสอบ" },
    ]);
  context.expect(await notices()).toEqual([letter]);
  // The same act delivered again, and another clerk's act on the same letter.
  await carryOut(registered.id);
  const second = await ask("register", { intakeId: letter });
  await carryOut(second);
  context.expect(await result(second)).toMatchObject({ result: "refused", reason: "already-decided" });
  context.expect((await lines(INBOUND)).length).toBe(1);
});

test("two clerks at the same letter at the same time: one number", async (context) => {
  const { tray, lines, ask, carryOut, result } = await scene(context);
  const [letter = ""] = await tray([{ verdict: "triage" }]);
  const acts = await Promise.all(Array.from({ length: 4 }, () => ask("register", { intakeId: letter })));
  await Promise.all(acts.map(carryOut));
  const results = await Promise.all(acts.map(result));
  context.expect(results.map((row) => row?.result).sort()).toEqual(["done", "refused", "refused", "refused"]);
  context.expect((await lines(INBOUND)).length).toBe(1);
});

test("rejecting takes no number; the sender hears of everything but of what is no letter", async (context) => {
  const { tray, lines, notices, do: act, query } = await scene(context);
  const [good = "", bad = "", wrong = "", noise = "", twin = ""] = await tray([
    {},
    { verdict: "triage" },
    { verdict: "triage" },
    { verdict: "triage" },
    { verdict: "triage" },
  ]);
  const numbered = await lines(INBOUND);
  await query("delete from saraban.outbox");
  context
    .expect(await act("reject", { intakeId: bad, reason: "ไม่มีลายมือชื่อ" }))
    .toMatchObject({ result: "done", number: null });
  context
    .expect(await act("invalid", { intakeId: wrong, reason: "ไม่มีหน้าแรก" }))
    .toMatchObject({ result: "done", number: null });
  context
    .expect(await act("not-a-letter", { intakeId: noise, reason: "โฆษณา" }))
    .toMatchObject({ result: "done" });
  context
    .expect(await act("merge", { intakeId: twin, earlierIntakeId: noise }))
    .toMatchObject({ result: "refused" });
  context
    .expect(await act("merge", { intakeId: twin, earlierIntakeId: good }))
    .toMatchObject({ result: "done" });
  context.expect(await notices()).toEqual([bad, wrong, twin]);
  context
    .expect(await query("select decision from saraban.tray_decision where intake_id = $1", [wrong]))
    .toEqual([{ decision: "invalid" }]);
  context.expect(await lines(INBOUND)).toEqual(numbered);
  context
    .expect(await act("reject", { intakeId: good, reason: "x" }))
    .toMatchObject({ reason: "not-in-the-tray" });
});

test("where the agency has its clerks register, every letter waits in the tray", async (context) => {
  const { tray, lines, query } = await scene(context);
  await query(`update saraban.agency set registration = '{"smtp":"clerk"}' where id = 'agency-a'`);
  const ids = await tray([{}, {}]);
  context.expect(await lines(INBOUND)).toEqual([]);
  const outcomes = await query("select intake_id, outcome, reason from saraban.outcome order by intake_id");
  context
    .expect(outcomes)
    .toEqual(
      [...ids].sort().map((intake_id) => ({ intake_id, outcome: "triage", reason: "registered-by-clerk" })),
    );
});

test("outbound letters get their numbers in series of their own; a reserved number is filled or cancelled, never given again", async (context) => {
  const { lines, do: act } = await scene(context);
  const circulars = "agency-a.outbound.circular";
  const fill = { bookId: OUTBOUND, year: 0, number: 2, facts: { subject: "เรื่องที่จองไว้" } };
  context
    .expect(await act("enter", { bookId: OUTBOUND, facts: { subject: "หนึ่ง" } }))
    .toMatchObject({ number: 1 });
  const reserved = await act("reserve", { bookId: OUTBOUND, reason: "ประชุมใหญ่" });
  context.expect(reserved).toMatchObject({ result: "done", number: 2 });
  context
    .expect(await act("enter", { bookId: OUTBOUND, facts: { subject: "สาม" } }))
    .toMatchObject({ number: 3 });
  context
    .expect(await act("enter", { bookId: circulars, facts: { subject: "เวียน" } }))
    .toMatchObject({ number: 1 });
  const year = reserved.year as number;
  context.expect(await lines(OUTBOUND)).toMatchObject([{}, { status: "reserved", remarks: "ประชุมใหญ่" }, {}]);
  context
    .expect(await act("correct", { ...fill, year, reason: "x" }))
    .toMatchObject({ reason: "the-number-is-only-reserved" });
  context.expect(await act("fill", { ...fill, year })).toMatchObject({ result: "done" });
  context
    .expect(await act("fill", { ...fill, year }))
    .toMatchObject({ reason: "the-number-is-not-reserved" });
  const second = await act("reserve", { bookId: OUTBOUND });
  context
    .expect(await act("cancel", { bookId: OUTBOUND, year, number: 4, reason: "ไม่ใช้แล้ว" }))
    .toMatchObject({ result: "done" });
  context
    .expect(await act("fill", { ...fill, year, number: 4 }))
    .toMatchObject({ reason: "the-line-is-cancelled" });
  context
    .expect(await act("enter", { bookId: OUTBOUND, facts: { subject: "ห้า" } }))
    .toMatchObject({ number: 5 });
  context.expect(second.number).toBe(4);
  context
    .expect(await lines(OUTBOUND))
    .toMatchObject([
      { letter_number: "ทก 0101/1" },
      { letter_number: "ทก 0101/2", subject: "เรื่องที่จองไว้", status: "registered" },
      { letter_number: "ทก 0101/3" },
      { status: "cancelled" },
      { letter_number: "ทก 0101/5" },
    ]);
  context.expect(await lines(circulars)).toMatchObject([{ letter_number: "ทก 0101/ว 1" }]);
});

test("a mistake is corrected by an event that keeps what stood there, and a cancelled line takes no more", async (context) => {
  const { tray, lines, do: act, query, notices } = await scene(context);
  const [letter] = await tray([{}]);
  await query("delete from saraban.outbox");
  const [before] = await lines(INBOUND);
  const place = { bookId: INBOUND, year: before?.year as number, number: 1 };
  context
    .expect(await act("correct", { ...place, facts: { subject: before?.subject ?? null }, reason: "x" }))
    .toMatchObject({ reason: "nothing-changes" });
  context
    .expect(
      await act("correct", { ...place, facts: { subject: "ถูกต้อง", remarks: "แก้แล้ว" }, reason: "พิมพ์ผิด" }),
    )
    .toMatchObject({ result: "done" });
  context.expect(await notices(), "whom the receipt told otherwise").toEqual([letter]);
  context
    .expect(await act("correct", { ...place, facts: { subject: null }, reason: "x" }))
    .toMatchObject({ reason: "a-subject-is-needed" });
  context.expect(await act("cancel", { ...place, reason: "ลงผิดเล่ม" })).toMatchObject({ result: "done" });
  context
    .expect(await act("correct", { ...place, facts: { subject: "อีกครั้ง" }, reason: "x" }))
    .toMatchObject({ reason: "the-line-is-cancelled" });
  context
    .expect(await lines(INBOUND))
    .toMatchObject([{ subject: "ถูกต้อง", remarks: "แก้แล้ว", status: "cancelled" }]);
  const events = await query(
    "select event_no, what, changes, reason, made_by_name from saraban.entry_event order by event_no",
  );
  context.expect(events).toEqual([
    {
      event_no: 1,
      what: "corrected",
      reason: "พิมพ์ผิด",
      made_by_name: "สมชาย ทดสอบ",
      changes: { subject: { old: before?.subject, new: "ถูกต้อง" }, remarks: { old: null, new: "แก้แล้ว" } },
    },
    { event_no: 2, what: "cancelled", reason: "ลงผิดเล่ม", made_by_name: "สมชาย ทดสอบ", changes: {} },
  ]);
  for (const statement of [
    "update saraban.entry_event set reason = 'x'",
    "delete from saraban.entry_event",
    "delete from saraban.act",
  ]) {
    await context.expect(query(statement), statement).rejects.toThrow(/append-only/);
  }
});

test("a cancelled registration is no earlier letter: the same letter may come again", async (context) => {
  const { tray, lines, do: act } = await scene(context);
  const letter = { number: "นร 1200/77" };
  await tray([letter]);
  const [first] = await lines(INBOUND);
  await act("cancel", { bookId: INBOUND, year: first?.year as number, number: 1, reason: "ลงผิด" });
  await tray([letter]);
  context
    .expect(await lines(INBOUND))
    .toMatchObject([{ status: "cancelled" }, { status: "registered", number: 2 }]);
});

test("the same message sent again after its line was cancelled, or it was rejected, lies in the tray: nothing is lost", async (context) => {
  const { tray, lines, do: act, query } = await scene(context);
  await tray([{ contentDigest: "a" }]);
  const [rejected = ""] = await tray([{ contentDigest: "b", verdict: "triage" }]);
  const [first] = await lines(INBOUND);
  await act("cancel", { bookId: INBOUND, year: first?.year as number, number: 1, reason: "ลงผิด" });
  await act("reject", { intakeId: rejected, reason: "ไม่ครบ" });
  const again = await tray([{ contentDigest: "a" }, { contentDigest: "b" }, { contentDigest: "b" }]);
  const outcomes = await query<{ outcome: string; reason: string }>(
    "select outcome, reason from saraban.outcome where intake_id = any ($1::uuid[]) order by array_position($1::uuid[], intake_id)",
    [again],
  );
  context.expect(outcomes).toEqual([
    { outcome: "triage", reason: "sent-again" },
    { outcome: "triage", reason: "sent-again" },
    { outcome: "duplicate", reason: "same-message" },
  ]);
  context
    .expect(await act("register", { intakeId: again[0] as string }))
    .toMatchObject({ result: "done", number: 2 });
});

test("a letter that stands in the book, also under a corrected number, is not registered twice without a reason", async (context) => {
  const { tray, do: act, query, lines } = await scene(context);
  await tray([{ number: "นร 1200/1" }]);
  const [line] = await lines(INBOUND);
  const place = { bookId: INBOUND, year: line?.year as number, number: 1 };
  await act("correct", {
    ...place,
    facts: { letterNumber: "นร 1200/2", letterNumberPrinted: "นร 1200/2" },
    reason: "อ่านผิด",
  });
  const [copy = ""] = await tray([{ number: "นร 1200/2" }]);
  context
    .expect(await query("select outcome from saraban.outcome where intake_id = $1", [copy]))
    .toEqual([{ outcome: "possible-duplicate" }]);
  context
    .expect(await act("register", { intakeId: copy }))
    .toMatchObject({ reason: "the-same-letter-is-registered" });
  context.expect(await act("merge", { intakeId: copy, ...place })).toMatchObject({ result: "done" });
  context
    .expect(await act("cancel", { ...place, reason: "x" }))
    .toMatchObject({ reason: "other-letters-were-merged-into-it" });
  const [other = ""] = await tray([{ number: "นร 1200/2" }]);
  context
    .expect(await act("register", { intakeId: other, reason: "คนละฉบับ" }))
    .toMatchObject({ result: "done", number: 2 });
});

test("a letter on paper keeps the time at which it came in, and gets a deemed one", async (context) => {
  const now: TrustedNow = () => ({
    at: new Date("2026-05-06T03:00:00Z"),
    clock: { state: "unsynchronised", reason: "a test stops it" },
  });
  const { do: act, query } = await scene(context, now);
  const paper = (receivedAt: string) => ({ bookId: INBOUND, facts: { subject: "กระดาษ", receivedAt } });
  context.expect(await act("enter", paper("2026-05-05T18:00:00+07:00"))).toMatchObject({ result: "done" });
  context
    .expect(await act("enter", paper("2026-05-06T10:00:01+07:00")))
    .toMatchObject({ reason: "received-after-its-registration" });
  context.expect(await query("select arrived_at, deemed_received_at, channel from saraban.entry")).toEqual([
    {
      arrived_at: new Date("2026-05-05T11:00:00Z"),
      deemed_received_at: new Date("2026-05-06T01:30:00Z"),
      channel: "paper",
    },
  ]);
});

test("an act waits while the clock holds registration, and is carried out later", async (context) => {
  let held: string | null = "the clock is unsynchronised";
  const { do: act, carryOut, result, lines } = await scene(context, systemClock(), () => held);
  const asked = await act("enter", { bookId: OUTBOUND, facts: { subject: "รอ" } });
  context.expect(asked.waits).toBe("the clock is unsynchronised");
  context.expect(await result(asked.id)).toBeUndefined();
  held = null;
  context.expect(await carryOut(asked.id)).toBeNull();
  context.expect((await lines(OUTBOUND)).length).toBe(1);
});
