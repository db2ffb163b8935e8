import { inject, type TestContext, test } from "vitest";
import { adminQueries, letReadLettersWait } from "../shared/testing/arrivals.ts";
import { databaseForTest } from "../shared/testing/database.ts";

/** The rules of the book hold in the database itself: here a program with all rights but those of a superuser tries. */
async function book(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const ids = await letReadLettersWait(
    query,
    Array.from({ length: 6 }, () => ({})),
  );
  await query(`insert into saraban.book (id, agency_id, direction, series)
    values ('agency-a.inbound.ordinary', 'agency-a', 'inbound', 'ordinary')`);
  const enter = (
    rows: readonly { number: number; at?: string; year?: number; agency?: string }[],
    from = 0,
  ) =>
    query(
      `insert into saraban.entry (book_id, agency_id, year, number, intake_id, registered_at, clock, registered_by, arrived_at,
          letter_number, letter_number_printed, urgency)
        select 'agency-a.inbound.ordinary', coalesce(agency, 'agency-a'), coalesce(year, 2026), number, id,
          coalesce(at, '2026-05-01T03:00:00Z'), '{}', 'test', '2026-05-01T02:00:00Z', 'x', 'x', 'normal'
          from jsonb_to_recordset($1::jsonb) as (id uuid, number int, at timestamptz, year int, agency text)`,
      [JSON.stringify(rows.map((row, index) => ({ ...row, id: ids[from + index] })))],
    );
  return { query, enter };
}

const REFUSED: readonly [
  string,
  readonly Parameters<Awaited<ReturnType<typeof book>>["enter"]>[0][number][],
  RegExp,
][] = [
  ["a first number other than 1", [{ number: 2 }], /does not follow/],
  ["a hole inside one statement", [{ number: 3 }, { number: 5 }], /hole/],
  ["a hole after what stands there", [{ number: 4 }], /does not follow/],
  ["a number again", [{ number: 2 }], /duplicate key|does not follow/],
  ["a time before the last entry's", [{ number: 3, at: "2026-04-30T03:00:00Z" }], /does not follow/],
  [
    "a falling time inside one statement",
    [
      { number: 3, at: "2026-05-03T03:00:00Z" },
      { number: 4, at: "2026-05-02T03:00:00Z" },
    ],
    /falls/,
  ],
  [
    "another year than that of the moment in Bangkok",
    [{ number: 3, at: "2026-12-31T17:00:00Z" }],
    /another year/,
  ],
  ["an agency whose book it is not", [{ number: 3, agency: "agency-b" }], /not a book of|foreign key/],
];

for (const [what, rows, message] of REFUSED) {
  test(`the database refuses ${what}`, async (context) => {
    const { enter } = await book(context);
    if (what !== "a first number other than 1") await enter([{ number: 1 }, { number: 2 }]);
    await context.expect(enter(rows, 2)).rejects.toThrow(message);
  });
}

test("the database takes what continues the book, over New Year too", async (context) => {
  const { enter, query } = await book(context);
  await enter([{ number: 1 }, { number: 2 }]);
  await enter([{ number: 3, at: "2026-12-31T16:59:59Z" }], 2);
  await enter([{ number: 1, year: 2027, at: "2026-12-31T17:00:00Z" }], 3);
  context.expect(await query("select year, last_number from saraban.book_year order by year")).toEqual([
    { year: 2026, last_number: 3 },
    { year: 2027, last_number: 1 },
  ]);
});

test("the database refuses an earlier year once a later one has begun, and another agency's arrival", async (context) => {
  const { enter, query } = await book(context);
  await enter([{ number: 1 }]);
  await context
    .expect(enter([{ number: 1, year: 2025, at: "2025-05-01T03:00:00Z" }], 1))
    .rejects.toThrow(/later year/);
  const [other] = await letReadLettersWait(query, [{ agencyId: "agency-b" }]);
  await context
    .expect(
      query(
        `insert into saraban.outcome (intake_id, agency_id, outcome, reason, decided_at, clock, decided_by)
           values ($1, 'agency-a', 'ignored', 'x', now(), '{}', 'x')`,
        [other],
      ),
    )
    .rejects.toThrow(/foreign key/);
});

test("nobody changes or takes away what is registered, arrived or decided", async (context) => {
  const { enter, query } = await book(context);
  await enter([{ number: 1 }]);
  for (const statement of [
    "update saraban.entry set number = 2",
    "update saraban.entry set subject = 'x'",
    "delete from saraban.entry",
    "truncate saraban.entry cascade",
    "update saraban.intake set mail_from = 'x'",
    "delete from saraban.intake",
    "delete from saraban.stored_body",
    "update saraban.stored_body set content = 'y'",
  ]) {
    await context.expect(query(statement), statement).rejects.toThrow(/append-only/);
  }
});
