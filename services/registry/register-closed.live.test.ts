import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { openCalendar } from "../shared/letter/holidays.ts";
import { bangkokYear, type TrustedNow } from "../shared/letter/stamp.ts";
import { inTransaction, type RoomRole } from "../shared/runtime/database.ts";
import { openLog } from "../shared/runtime/log.ts";
import { projectDir } from "../shared/runtime/settings.ts";
import { adminQueries, letReadLettersWait, roomDatabase } from "../shared/testing/arrivals.ts";
import { appointProgram, letClosedLettersWait } from "../shared/testing/closed-arrivals.ts";
import { databaseForTest } from "../shared/testing/database.ts";
import { deemByCalendar } from "./deem-receipt.ts";
import { drainClosedBook } from "./register-closed.ts";
import { drainBook } from "./register-letter.ts";

const BOOK = "agency-a.inbound.classified";
const NEW_YEAR_MS = Date.parse("2027-01-01T00:00:00+07:00");
const clock = { state: "unsynchronised", reason: "a test moves it" } as const;
const log = openLog("silent", "test");
const deem = deemByCalendar(openCalendar(join(projectDir, "config/holidays")), log);

interface Line {
  readonly year: number;
  readonly number: number;
  readonly intake_id: string;
  readonly secrecy: string;
  readonly registered_at: Date;
}

async function scene(context: TestContext, now: TrustedNow, held: () => string | null = () => null) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  await appointProgram(query);
  const parts = {
    database: roomDatabase(context, address, "saraban_registry", 8),
    now,
    batchSize: 3,
    maxFailures: 3,
    reasonToHold: held,
    deem,
    quarantine: { keepDays: 30, classifiedKeepDays: 7 },
    log,
  };
  return {
    address,
    query,
    parts,
    drain: () => drainClosedBook(parts, "agency-a", BOOK),
    lines: () => query<Line>("select * from saraban.entry where book_id = $1 order by year, number", [BOOK]),
  };
}

const may = new Date("2026-05-06T03:00:00Z");
const at =
  (moment: Date): TrustedNow =>
  () => ({ at: moment, clock });

test("classified letters are numbered in order of arrival in their own book, and a line says nothing but level and times", async (context) => {
  const { expect } = context;
  const { query, drain, lines, parts } = await scene(context, at(may));
  const levels = ["secret", "confidential", "secret", "confidential", "secret"] as const;
  const arrivedAt = new Date("2026-05-05T18:00:00Z");
  const ids = await letClosedLettersWait(
    query,
    levels.map((level) => ({ level, arrivedAt })),
  );
  // Wake-ups of both books at once: each has its own numbers.
  const [ordinary] = await letReadLettersWait(query, [{}]);
  const drained = await Promise.all([
    drain(),
    drain(),
    drainBook(parts, "agency-a", "agency-a.inbound.ordinary"),
  ]);
  expect(drained.map(({ held }) => held)).toEqual([null, null, null]);
  expect((await lines()).map(({ number, intake_id, secrecy }) => [number, intake_id, secrecy])).toEqual(
    ids.map((id, index) => [index + 1, id, levels[index]]),
  );
  const [line] = await query<Record<string, unknown>>("select * from saraban.entry where intake_id = $1", [
    ids[0],
  ]);
  expect(line).toMatchObject({
    channel: "api",
    registered_by: "rule:automatic",
    arrived_at: arrivedAt,
    deemed_received_at: new Date("2026-05-06T01:30:00Z"),
    urgency: "normal",
    kind: "external",
  });
  for (const word of [
    "letter_number",
    "letter_number_printed",
    "letter_date",
    "letter_from",
    "letter_to",
    "subject",
    "action",
    "remarks",
    "sender_domain",
    "unit",
  ])
    expect(line?.[word], word).toBeNull();
  expect(
    await query(
      "select distinct outcome, reason, closed_client, earlier_intake_id from saraban.outcome where intake_id = any ($1)",
      [ids],
    ),
  ).toEqual([
    { outcome: "registered", reason: "closed", closed_client: "opdc-closed", earlier_intake_id: null },
  ]);
  const work = await query<{ job: string; subject_id: string }>(
    "select job, subject_id from saraban.outbox order by id",
  );
  expect(work.map(({ job }) => job)).toEqual(Array(6).fill("notify-sender"));
  expect(work.map(({ subject_id }) => subject_id).sort()).toEqual([...ids, ordinary].sort());
});

test("the same request of the same program again has no second number, in one batch or later; after a cancellation it has", async (context) => {
  const { expect } = context;
  const { query, drain, lines } = await scene(context, at(may));
  const likeness = Buffer.alloc(32, 1);
  const [first, twin] = await letClosedLettersWait(query, [{ likeness }, { likeness }, {}]);
  await drain();
  const [later] = await letClosedLettersWait(query, [{ likeness }]);
  await drain();
  const outcomes = await query(
    "select intake_id, reason, earlier_intake_id from saraban.outcome where outcome = 'duplicate' order by decided_at, intake_id",
  );
  expect(outcomes).toEqual(
    [twin, later].map((intake_id) => ({ intake_id, reason: "same-message", earlier_intake_id: first })),
  );
  expect(await lines()).toHaveLength(2);
  await query(
    `insert into saraban.entry_event (book_id, event_no, id, agency_id, year, number, what, reason, made_by, made_by_name, made_at, clock)
       values ($1, 1, gen_random_uuid(), 'agency-a', 2026, 1, 'cancelled', 'ลงผิด', 'person:x', 'x', $2, '{}')`,
    [BOOK, may],
  );
  await letClosedLettersWait(query, [{ likeness }]);
  await drain();
  expect(await lines()).toHaveLength(3);
  // Who gets nothing new is told nothing new.
  expect(await query("select 1 from saraban.outbox where subject_id = $1", [twin])).toEqual([]);
});

test("around New Year, with a clock that goes back, each year's numbers run 1, 2, 3 … in its own time", async (context) => {
  const { expect } = context;
  let minutes = -60;
  const { query, drain, lines } = await scene(context, () => ({
    at: new Date(NEW_YEAR_MS + minutes * 60_000),
    clock,
  }));
  let letters = 0;
  for (const reading of [-20, -5, 3, -2, 1, 20, -10, 25]) {
    minutes = reading;
    await letClosedLettersWait(query, [{}, {}, {}, {}]);
    letters += 4;
    await Promise.all([drain(), drain()]);
  }
  const found = await lines();
  expect(found).toHaveLength(letters);
  const next = new Map<number, number>();
  for (const [place, line] of found.entries()) {
    const expected = (next.get(line.year) ?? 0) + 1;
    next.set(line.year, expected);
    expect(line.number).toBe(expected);
    expect(bangkokYear(line.registered_at)).toBe(line.year);
    expect(+line.registered_at).toBeGreaterThanOrEqual(+(found[place - 1]?.registered_at ?? 0));
  }
  expect([...next.keys()]).toEqual([2026, 2027]);
});

test("letters wait while the clock holds registration; one that cannot be registered holds up no other", async (context) => {
  const { expect } = context;
  let held: string | null = "the clock is unsynchronised";
  const { query, drain, lines } = await scene(context, at(may), () => held);
  const ids = await letClosedLettersWait(query, [{}, {}, {}, {}]);
  expect(await drain()).toEqual({ letters: 0, held });
  expect(await lines()).toEqual([]);
  held = null;
  // A second outcome for the same arrival is refused by the table's key, whenever it is tried.
  await query(
    `insert into saraban.outcome (intake_id, agency_id, outcome, reason, decided_at, clock, decided_by)
       values ($1, 'agency-a', 'ignored', 'x', now(), '{}', 'x')`,
    [ids[1]],
  );
  // The first wake-up ends with the batch that failed; the next letter has one of its own.
  await drain();
  await drain();
  expect((await lines()).map(({ number, intake_id }) => [number, intake_id])).toEqual([
    [1, ids[0]],
    [2, ids[2]],
    [3, ids[3]],
  ]);
  expect(
    await query("select subject_id, failures from saraban.outbox where job = 'register-closed'"),
  ).toEqual([{ subject_id: ids[1], failures: 1 }]);
});

test("to every other room, and to every other program, a classified letter is not there", async (context) => {
  const { expect } = context;
  const { address, query, drain } = await scene(context, at(may));
  const [id = ""] = await letClosedLettersWait(query, [{}]);
  const seen = async (
    role: RoomRole,
    actor: "worker:x" | "person:x" | `client:${string}`,
    table: "entry" | "book_year" | "book" | "intake" | "outcome" | "outbox",
  ) => {
    const rows = await inTransaction(
      roomDatabase(context, address, role, 1),
      { actor, agencies: ["agency-a"] },
      (transaction) => transaction.selectFrom(table).selectAll().execute(),
    );
    return JSON.stringify(rows);
  };
  expect(await seen("saraban_http", "client:opdc-closed", "outbox")).not.toContain("closed");
  await drain();
  for (const role of ["saraban_http", "saraban_search", "saraban_print"] as const)
    for (const table of ["entry", "book_year", "book"] as const)
      expect(await seen(role, "person:x", table), `${role} ${table}`).toBe("[]");
  for (const table of ["intake", "outcome"] as const) {
    expect(await seen("saraban_http", "person:x", table), table).toBe("[]");
    expect(await seen("saraban_http", "worker:x", table), table).toBe("[]");
    expect(await seen("saraban_http", "client:other", table), table).toBe("[]");
    expect(await seen("saraban_http", "client:opdc-closed", table), table).toContain(id);
  }
  // The classified registrar's own room, for nobody who is appointed.
  expect(await seen("saraban_classified", "person:x", "entry")).toBe("[]");
  expect(await seen("saraban_classified", "person:x", "intake")).toBe("[]");
  const figures = await query<{ label: string; value: number }>(
    "select * from saraban.figures() where name in ('intakes', 'outcomes')",
  );
  expect(figures).toEqual([]);
  expect(JSON.stringify(await query("select * from saraban.figures()"))).not.toContain("closed");
});
