/** New Year in Asia/Bangkok under concurrency, with a clock that the test moves, also backwards. */
import { join } from "node:path";
import fc from "fast-check";
import { inject, test } from "vitest";
import { openCalendar } from "../shared/letter/holidays.ts";
import { bangkokYear } from "../shared/letter/stamp.ts";
import { newId } from "../shared/runtime/ids.ts";
import { openLog } from "../shared/runtime/log.ts";
import { projectDir } from "../shared/runtime/settings.ts";
import { adminQueries, letReadLettersWait, roomDatabase } from "../shared/testing/arrivals.ts";
import { databaseForTest } from "../shared/testing/database.ts";
import { deemByCalendar } from "./deem-receipt.ts";
import { doAct } from "./do-act.ts";
import { drainBook } from "./register-letter.ts";

const NEW_YEAR_MS = Date.parse("2027-01-01T00:00:00+07:00");
const log = openLog("silent", "test");
const deem = deemByCalendar(openCalendar(join(projectDir, "config/holidays")), log);

interface Line {
  year: number;
  number: number;
  registered_at: Date;
  arrived_at: Date | null;
}

/** Minutes from midnight, as the workers read the clock. Within an hour: further behind its book, a clock is not believed. */
const clockReadings = fc.array(fc.integer({ min: -29, max: 29 }), { minLength: 3, maxLength: 6 });

test("whatever the clock does around New Year, each year's numbers run 1, 2, 3 … in its own time", async (context) => {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const database = roomDatabase(context, address, "saraban_registry", 8);
  await query("update saraban.agency set letter_code = 'ทก 0101'");
  let minutes = -60;
  const parts = {
    database,
    now: () => ({
      at: new Date(NEW_YEAR_MS + minutes * 60_000),
      clock: { state: "unsynchronised", reason: "a test moves it" } as const,
    }),
    batchSize: 3,
    maxFailures: 3,
    reasonToHold: () => null,
    deem,
    quarantine: { keepDays: 30, classifiedKeepDays: 7 },
    log,
  };
  const enter = async (bookId: string): Promise<void> => {
    const id = newId();
    await query(
      `insert into saraban.act (id, agency_id, act, book_id, facts, made_by, made_by_name, made_at, clock)
         values ($1, 'agency-a', 'enter', $2, '{"subject":"ทดสอบ"}', 'person:x', 'x', now(), '{}')`,
      [id, bookId],
    );
    await query(
      `insert into saraban.outbox (job, agency_id, subject_id, work_key) values ('do-act', 'agency-a', $1::uuid, $1::text)`,
      [id],
    );
    await doAct(parts, "agency-a", id);
  };
  const books = ["agency-a.inbound.ordinary", "agency-a.outbound.ordinary", "agency-a.outbound.circular"];
  const arrivedAt = new Date(NEW_YEAR_MS - 3_600_000);
  let letters = 0;
  let acts = 0;
  await fc.assert(
    fc.asyncProperty(clockReadings, async (readings) => {
      for (const reading of readings) {
        minutes = reading;
        await letReadLettersWait(query, [{ arrivedAt }, { arrivedAt }, { arrivedAt }, { arrivedAt }]);
        letters += 4;
        acts += 2;
        await Promise.all([
          drainBook(parts, "agency-a", books[0] as string),
          enter(books[1] as string),
          drainBook(parts, "agency-a", books[0] as string),
          enter(books[2] as string),
        ]);
      }
    }),
    { numRuns: 12, seed: 2570, endOnFailure: true },
  );
  let seen = 0;
  for (const book of books) {
    const lines = await query<Line>(
      "select year, number, registered_at, arrived_at from saraban.entry where book_id = $1 order by year, number",
      [book],
    );
    seen += lines.length;
    const first = new Map<number, number>();
    for (const [place, line] of lines.entries()) {
      const expected = (first.get(line.year) ?? 0) + 1;
      first.set(line.year, expected);
      context.expect(line.number, book).toBe(expected);
      context.expect(bangkokYear(line.registered_at), book).toBe(line.year);
      context
        .expect(+line.registered_at, book)
        .toBeGreaterThanOrEqual(+(lines[place - 1]?.registered_at ?? 0));
      if (line.arrived_at) context.expect(line.arrived_at).toEqual(arrivedAt);
    }
    context.expect([...first.keys()]).toEqual([2026, 2027]);
  }
  context.expect(seen).toBe(letters + acts);
});
