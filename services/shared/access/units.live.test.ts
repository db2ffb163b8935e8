import { sql } from "kysely";
import { inject, type TestContext, test } from "vitest";
import { type Acting, inTransaction } from "../runtime/database.ts";
import { newId } from "../runtime/ids.ts";
import { adminQueries, roomDatabase } from "../testing/arrivals.ts";
import { databaseForTest } from "../testing/database.ts";
import { actingOf, unitOfDraft } from "./acting.ts";
import type { Appointment, Person } from "./actor.ts";
import { fillTables, tablesOfHttp, thingsOf } from "./testing/rows-of-units.ts";

const FINANCE = thingsOf("finance", 1);
const PERSONNEL = thingsOf("personnel", 2);
const NONE = thingsOf(null, 3);
/** How far books go, when a tray was opened, and wrapped keys: no letters. */
const SEEN_BY_ALL = ["book", "book_year", "closed_index_key", "search_progress", "tray_opening"];
/** Of programs and mailboxes, octets, jobs, and others' prints: nothing that is shown unit by unit. */
const OF_NO_UNIT = [
  "client_item",
  "ecms_document",
  "ecms_node",
  "ecms_pulled",
  "imap_mailbox",
  "imap_message",
  "outbox",
  "print_order",
  "print_progress",
  "stored_body",
  "submission",
  "webhook",
  "webhook_attempt",
  "webhook_call",
];

const WHOLE: Acting = { actor: "person:mana", agencies: ["agency-a"] };
const CONFINED: Acting = { ...WHOLE, units: ["agency-a/finance"] };

async function openScene(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const http = roomDatabase(context, address, "saraban_http", 1);
  return { address, query, http };
}

test("who is confined to a unit sees that unit's rows of every table that the room http may read", async (context) => {
  const { expect } = context;
  const { query, http } = await openScene(context);
  const tables = await tablesOfHttp(query);
  await fillTables(query, tables, [FINANCE, PERSONNEL, NONE]);
  const seen = (acting: Acting): Promise<Record<string, number>> =>
    inTransaction(http, acting, async (transaction) => {
      const counts: Record<string, number> = {};
      for (const table of tables) {
        const { rows } = await sql<{
          n: number;
        }>`select count(agency_id) as n from ${sql.table(table)}`.execute(transaction);
        counts[table] = rows[0]?.n ?? -1;
      }
      return counts;
    });
  const whole = await seen(WHOLE);
  const expected = (ofUnit: number) =>
    Object.fromEntries(
      tables.map((table) => {
        if (SEEN_BY_ALL.includes(table)) return [table, whole[table]];
        return [table, OF_NO_UNIT.includes(table) ? 0 : ofUnit];
      }),
    );
  for (const [table, rows] of Object.entries(whole)) {
    const byUnit = !SEEN_BY_ALL.includes(table) && !OF_NO_UNIT.includes(table);
    expect(rows, table).toBeGreaterThanOrEqual(byUnit ? 3 : 1);
  }
  expect(await seen(CONFINED)).toEqual(expected(1));
  // That one row, and not another in its place.
  const lines = await inTransaction(http, CONFINED, (transaction) =>
    transaction.selectFrom("entry").select(["number", "unit"]).execute(),
  );
  expect(lines).toEqual([{ number: 1, unit: "finance" }]);
  expect(await seen({ ...WHOLE, units: ["agency-a/finance", "agency-a/personnel"] })).toEqual(expected(2));
  expect(await seen({ ...WHOLE, units: ["agency-a/none"] })).toEqual(expected(0));
  // Of an agency that is not named among the units he sees the whole, and of one that he does not act for nothing.
  expect(await seen({ ...WHOLE, units: ["agency-b/finance"] })).toMatchObject({ intake: 3, entry: 3 });
  expect(await seen({ ...CONFINED, agencies: ["agency-b"] })).toMatchObject({ intake: 0, entry: 0, book: 0 });
  // The statement ends with its transaction.
  expect(await seen(WHOLE)).toMatchObject({ intake: 3, entry: 3 });
});

test("a thread and a search's edges tell who is confined nothing of other units", async (context) => {
  const { expect } = context;
  const { query, http } = await openScene(context);
  await fillTables(query, ["book", "entry"], [FINANCE, PERSONNEL, NONE]);
  await query("alter table saraban.entry disable trigger append_only");
  await query("update saraban.entry set letter_number = 'นร 1', reference_numbers = array['นร 2']");
  const threads = (acting: Acting) =>
    inTransaction(http, acting, async (transaction) => {
      const { rows: numbered } = await sql<{ number: number }>`
        select number from lines_numbered('agency-a', array['นร 1']) order by 1`.execute(transaction);
      const { rows: referring } = await sql<{ number: number }>`
        select number from lines_referring_to('agency-a', 'นร 2') order by 1`.execute(transaction);
      return [numbered.map(({ number }) => number), referring.map(({ number }) => number)];
    });
  expect(await threads(WHOLE)).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ]);
  expect(await threads(CONFINED)).toEqual([[1], [1]]);
  await expect(
    inTransaction(http, WHOLE, (transaction) =>
      sql`select * from search_bounds(array['agency-a'])`.execute(transaction),
    ),
  ).rejects.toThrow(/permission denied/);
});

test("nor can he ask the registry for anything with what he does not see", async (context) => {
  const { expect } = context;
  const { query, http } = await openScene(context);
  await fillTables(query, ["intake", "entry", "outbound_letter"], [FINANCE, PERSONNEL, NONE]);
  const ask = (acting: Acting, act: string, what: Record<string, string | number>) =>
    inTransaction(http, acting, async (transaction) => {
      const values = {
        id: newId(),
        agency_id: "agency-a",
        act,
        reason: "ทดสอบ",
        made_by: acting.actor,
        made_by_name: "มานะ",
        made_at: new Date(),
        clock: "{}",
        ...what,
      };
      await transaction.insertInto("act").values(values).execute();
    }).then(
      () => "asked",
      (error: Error) => (/row-level security/.test(error.message) ? "refused" : error.message),
    );
  const line = (things: typeof FINANCE) => ({
    book_id: "agency-a.inbound.ordinary",
    year: 2026,
    number: things.number,
  });
  const book = { book_id: "agency-a.inbound.ordinary" };
  const asked: [string, Record<string, string | number>, "asked" | "refused"][] = [
    ["register", { intake_id: FINANCE.arrival }, "asked"],
    ["register", { intake_id: PERSONNEL.arrival }, "refused"],
    ["register", { intake_id: NONE.arrival }, "refused"],
    ["merge", { intake_id: FINANCE.arrival, earlier_intake_id: PERSONNEL.arrival }, "refused"],
    ["correct", line(FINANCE), "asked"],
    ["correct", line(PERSONNEL), "refused"],
    ["enter", book, "refused"],
    ["draft", { letter_id: newId() }, "asked"],
    ["draft", { letter_id: FINANCE.letter }, "asked"],
    ["draft", { letter_id: PERSONNEL.letter }, "refused"],
    ["send", { letter_id: NONE.letter }, "refused"],
    ["send", { letter_id: newId() }, "refused"],
  ];
  for (const [act, what, result] of asked) {
    expect(await ask(WHOLE, act, what), `${act} ${JSON.stringify(what)}, the whole agency`).toBe("asked");
    expect(await ask(CONFINED, act, what), `${act} ${JSON.stringify(what)}`).toBe(result);
  }
  const print = (acting: Acting, format: string, number: number | null) =>
    inTransaction(http, acting, async (transaction) => {
      await sql`insert into print_order (id, agency_id, book_id, format, wanted, made_by, made_by_name, made_at)
        values (${newId()}, 'agency-a', 'agency-a.inbound.ordinary', ${format},
          ${JSON.stringify({ year: 2026, number })}, ${acting.actor}, 'มานะ', now())`.execute(transaction);
    });
  await print(WHOLE, "pdf", null);
  await print(CONFINED, "stamp-pdf", 1);
  await expect(print(CONFINED, "stamp-pdf", 2)).rejects.toThrow(/row-level security/);
  await expect(print(CONFINED, "stamp-pdf", null)).rejects.toThrow(/row-level security/);
  await expect(print(CONFINED, "pdf", null)).rejects.toThrow(/row-level security/);
  const prints = (acting: Acting) =>
    inTransaction(http, acting, (transaction) =>
      transaction.selectFrom("print_order").select("format").orderBy("format").execute(),
    );
  // What he has ordered himself he fetches; so does another one in the unit his own.
  expect(await prints({ ...CONFINED, actor: "person:manee" })).toEqual([]);
  expect((await prints(CONFINED)).map(({ format }) => format)).toEqual(["pdf", "stamp-pdf"]);
});

test("a letter belongs to the unit of who drafted it, in the database as in unitOfDraft", async (context) => {
  const { expect } = context;
  const { query, address } = await openScene(context);
  const order = (right: Appointment["right"], unit: string | null, agencyId = "agency-a"): Appointment => ({
    right,
    unit,
    agencyId,
    level: null,
  });
  const people: [string, Appointment[], string | null][] = [
    ["whole", [order("drafter", null)], null],
    ["one", [order("drafter", "finance")], "finance"],
    ["several", [order("drafter", "การคลัง"), order("approver", "finance"), order("drafter", "b")], "b"],
    ["also-whole", [order("drafter", "finance"), order("approver", null)], null],
    ["elsewhere", [order("drafter", "finance", "agency-b")], null],
    ["auditor", [order("auditor", null)], null],
  ];
  const registry = roomDatabase(context, address, "saraban_registry", 1);
  for (const [id, appointments, unit] of people) {
    await query("insert into saraban.person (id, name, made_at, made_by) values ($1, $1, now(), 'test')", [
      id,
    ]);
    for (const held of appointments) {
      await query(
        `insert into saraban.appointment (id, person_id, agency_id, unit, "right", order_number, order_date, from_at, made_at, made_by)
           values ($1, $2, $3, $4, $5, '1/2569', '2026-01-01', '2026-01-01', now(), 'test')`,
        [newId(), id, held.agencyId, held.unit, held.right],
      );
    }
    const person: Person = { kind: "person", id, name: id, appointments, secondFactor: false, glass: [] };
    expect(unitOfDraft(person, "agency-a"), id).toBe(unit);
    const rows = await inTransaction(
      registry,
      { actor: "worker:registry", agencies: ["agency-a"] },
      (transaction) =>
        sql<{ unit: string | null }>`
        insert into outbound_letter (id, agency_id, series, state, version, facts, drafted_by, drafted_by_name, drafted_at)
          values (${newId()}, 'agency-a', 'ordinary', 'draft', 1, '{}', ${`person:${id}`}, 'x', now()) returning unit`.execute(
          transaction,
        ),
    );
    expect(rows.rows, id).toEqual([{ unit }]);
    expect(actingOf(person, ["agency-a"]).units ?? [], id).toEqual(
      expect.arrayContaining(unit === null ? [] : [`agency-a/${unit}`]),
    );
  }
});

test("a unit whose name would say two things is stated to nobody", async (context) => {
  const { expect } = context;
  const { http } = await openScene(context);
  for (const units of [
    ["agency-a/finance,agency-a/personnel"],
    ["finance"],
    ["agency-a/"],
    ["agency-a/a/b"],
  ]) {
    await expect(inTransaction(http, { ...WHOLE, units }, async () => "seen")).rejects.toThrow(
      "not AGENCY/UNIT",
    );
  }
});
