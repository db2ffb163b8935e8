import { sql } from "kysely";
import { test } from "vitest";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Transaction } from "../shared/runtime/database.ts";
import { newId } from "../shared/runtime/ids.ts";
import { roomDatabase } from "../shared/testing/arrivals.ts";
import { appointProgram, letClosedLettersWait } from "../shared/testing/closed-arrivals.ts";
import { drainClosedBook } from "./register-closed.ts";
import { OUTBOUND, actsScene as scene } from "./testing/acts-scene.ts";

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
