import { sql } from "kysely";
import { test } from "vitest";
import { systemClock, type TrustedNow } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Transaction } from "../shared/runtime/database.ts";
import { newId } from "../shared/runtime/ids.ts";
import { roomDatabase } from "../shared/testing/arrivals.ts";
import { appointProgram, letClosedLettersWait } from "../shared/testing/closed-arrivals.ts";
import { drainClosedBook } from "./register-closed.ts";
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

test("classified letters are written in by an appointed person alone, and an act about them holds no word", async (context) => {
  const { ask, carryOut, result, lines, query, address, do: act } = await scene(context);
  const book = "agency-a.outbound.classified";
  const inbound = "agency-a.inbound.classified";
  const secret = { secrecy: "secret" } as const;
  await query(`
    insert into saraban.person (id, name, made_at, made_by) values ('registrar', 'นายทะเบียน ทดสอบ', now(), 'x'), ('assistant', 'ผู้ช่วย ทดสอบ', now(), 'x');
    insert into saraban.appointment (id, person_id, agency_id, "right", level, order_number, order_date, from_at, made_at, made_by) values
      (gen_random_uuid(), 'registrar', 'agency-a', 'classified-registrar', 'secret', '1/2569', '2026-01-01', '2026-01-01', now(), 'x'),
      (gen_random_uuid(), 'assistant', 'agency-a', 'classified-assistant', 'confidential', '2/2569', '2026-01-01', '2026-01-01', now(), 'x')`);
  /** What the person's own room writes with the act: the letter, sealed. */
  const seal = (id: string, direction: string, level: string) =>
    query(
      `insert into saraban.closed_letter (id, agency_id, direction, level, level_at_birth, act_id, sealed_facts, wrapped_key, key_version, made_at, clock)
         values (gen_random_uuid(), 'agency-a', $2, $3, $3, $1, 'x', 'test', 1, now(), '{}')`,
      [id, direction, level],
    );
  const written = async (
    by: string,
    bookId: string,
    secrecy: "secret" | "confidential",
    level = secrecy as string,
  ) => {
    const id = await ask("enter", { bookId, facts: { secrecy }, by });
    await seal(id, bookId.split(".")[1] as string, level);
    await carryOut(id);
    return result(id);
  };
  // A clerk's token: the door's role cannot even ask; and what another hand has written is not carried out.
  const door = roomDatabase(context, address, "saraban_http", 1);
  const clerk = { actor: "person:somchai", agencies: ["agency-a"] } as const;
  await context
    .expect(inTransaction(door, clerk, (transaction) => askAs(transaction, "somchai", book, secret)))
    .rejects.toThrow(/row-level security/);
  const refusedToo = { result: "refused", reason: "classified-books-take-an-appointed-person" };
  context.expect(await act("enter", { bookId: book, facts: secret })).toMatchObject(refusedToo);
  context.expect(await written("person:somchai", book, "secret")).toMatchObject(refusedToo);
  // An appointed person for the level, with the letter that the act is about.
  context
    .expect(await act("enter", { bookId: book, facts: secret, by: "person:registrar" }))
    .toMatchObject(refusedToo);
  context.expect(await written("person:assistant", book, "secret")).toMatchObject(refusedToo);
  context.expect(await written("person:registrar", book, "secret", "confidential")).toMatchObject(refusedToo);
  context
    .expect(await written("person:registrar", book, "secret"))
    .toMatchObject({ result: "done", number: 1 });
  context
    .expect(await written("person:assistant", inbound, "confidential"))
    .toMatchObject({ result: "done", number: 1 });
  context
    .expect(await written("person:registrar", book, "confidential"))
    .toMatchObject({ result: "done", number: 2 });
  // His own room is held to the same by the database, whatever the registry would make of it.
  const room = roomDatabase(context, address, "saraban_classified", 1);
  for (const [actor, factor] of [
    ["person:registrar", "no"],
    ["person:somchai", "yes"],
    ["person:assistant", "yes"],
  ] as const)
    await context
      .expect(
        inTransaction(room, { actor, agencies: ["agency-a"] }, async (transaction) => {
          await sql`select set_config('saraban.second_factor', ${factor}, true)`.execute(transaction);
          await askAs(transaction, actor.slice(7), book, secret);
        }),
        actor,
      )
      .rejects.toThrow(/row-level security/);
  await inTransaction(room, { actor: "person:registrar", agencies: ["agency-a"] }, async (transaction) => {
    await sql`select set_config('saraban.second_factor', 'yes', true)`.execute(transaction);
    await askAs(transaction, "registrar", book, secret);
  });
  // No word, be it in an act, a line or what happens to a line.
  for (const facts of [
    { ...secret, subject: "เรื่องลับ" },
    { ...secret, letterNumber: "ทก 1" },
    { ...secret, remarks: "x" },
  ])
    await context
      .expect(ask("enter", { bookId: book, facts, by: "person:registrar" }))
      .rejects.toThrow(/classified_says_nothing/);
  for (const wanted of ["correct", "fill", "hand-over"] as const)
    await context
      .expect(ask(wanted, { bookId: book, year: 2026, number: 1, by: "person:registrar", reason: "x" }))
      .rejects.toThrow(/classified_says_nothing/);
  const [line] = await lines(book);
  context
    .expect(line)
    .toMatchObject({ number: 1, subject: null, letter_number: null, registered_by_name: "สมชาย ทดสอบ" });
  // A number is cancelled by who is appointed for its level, and by nobody else.
  const cancel = { bookId: book, year: line?.year as number, number: 1, reason: "ลงผิด" };
  context.expect(await act("cancel", cancel)).toMatchObject(refusedToo);
  context.expect(await act("cancel", { ...cancel, by: "person:assistant" })).toMatchObject(refusedToo);
  context
    .expect(await act("cancel", { ...cancel, by: "person:registrar" }))
    .toMatchObject({ result: "done" });
  // Appointed no longer.
  await query(
    "update saraban.appointment set ended_at = now(), ended_by = 'x', end_reason = 'x' where person_id = 'registrar'",
  );
  context.expect(await written("person:registrar", book, "secret")).toMatchObject(refusedToo);
  context.expect((await lines(book)).map(({ status }) => status)).toEqual(["cancelled", "registered"]);
});

test("a classified level stands in no ordinary book, and an ordinary letter in no classified one", async (context) => {
  const { do: act, ask, lines, query } = await scene(context);
  const facts = { subject: "เรื่อง", secrecy: "secret" } as const;
  context
    .expect(await act("enter", { bookId: OUTBOUND, facts }))
    .toMatchObject({ reason: "against-the-rules-of-the-book" });
  await context
    .expect(ask("enter", { bookId: "agency-a.outbound.classified", facts: { subject: "ไม่ลับ" } }))
    .rejects.toThrow(/classified_says_nothing/);
  context
    .expect(await act("enter", { bookId: "agency-a.outbound.classified", facts: { secrecy: "normal" } }))
    .toMatchObject({ result: "refused" });
  context.expect(await lines(OUTBOUND)).toEqual([]);
  context.expect(await query("select 1 from saraban.entry")).toEqual([]);
});

test("a letter in the tray is not merged into a classified one, nor is anybody told by that whether there is such a number", async (context) => {
  const { tray, ask, carryOut, result, query, parts } = await scene(context);
  await appointProgram(query);
  const [closed = ""] = await letClosedLettersWait(query, [{}]);
  await drainClosedBook(parts, "agency-a", "agency-a.inbound.classified");
  const [letter = ""] = await tray([{ verdict: "triage" }]);
  const id = await ask("merge", { intakeId: letter, earlierIntakeId: closed });
  await carryOut(id);
  context.expect(await result(id)).toMatchObject({ reason: "the-other-letter-is-not-registered" });
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

/** Writes an act down as a door does. */
function askAs(transaction: Transaction<Tables>, personId: string, bookId: string, facts: object) {
  return transaction
    .insertInto("act")
    .values({
      id: newId(),
      agency_id: "agency-a",
      act: "enter",
      book_id: bookId,
      facts: JSON.stringify(facts),
      made_by: `person:${personId}`,
      made_by_name: "x",
      made_at: new Date(),
      clock: "{}",
    })
    .execute();
}
