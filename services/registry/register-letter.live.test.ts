import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { openCalendar } from "../shared/letter/holidays.ts";
import { systemClock, type TrustedNow } from "../shared/letter/stamp.ts";
import { openLog } from "../shared/runtime/log.ts";
import { projectDir } from "../shared/runtime/settings.ts";
import { adminQueries, letReadLettersWait, roomDatabase } from "../shared/testing/arrivals.ts";
import { databaseForTest } from "../shared/testing/database.ts";
import { deemByCalendar } from "./deem-receipt.ts";
import { drainBook } from "./register-letter.ts";

const BOOK = "agency-a.inbound.ordinary";
const log = openLog("silent", "test");
const quarantine = { keepDays: 30, classifiedKeepDays: 7 };
const deem = deemByCalendar(openCalendar(join(projectDir, "config/holidays")), log);

interface Line {
  number: number;
  year: number;
  intake_id: string;
  registered_at: Date;
  arrived_at: Date;
}

async function scene(
  context: TestContext,
  now: TrustedNow = systemClock(),
  batchSize = 7,
  held: () => string | null = () => null,
) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const database = roomDatabase(context, address, "saraban_registry", 8);
  return {
    query,
    address,
    wait: (letters: Parameters<typeof letReadLettersWait>[1]) => letReadLettersWait(query, letters),
    drain: async (book = BOOK) => {
      const parts = { database, now, batchSize, maxFailures: 3, reasonToHold: held, deem, quarantine, log };
      return (await drainBook(parts, book.split(".")[0] as string, book)).letters;
    },
    lines: () => query<Line>("select * from saraban.entry order by book_id, year, number"),
    outcomes: async () => {
      const rows = await query<{ intake_id: string; outcome: string }>(
        "select intake_id, outcome from saraban.outcome",
      );
      return new Map(rows.map((row) => [row.intake_id, row.outcome]));
    },
  };
}

const stopped =
  (iso: string): TrustedNow =>
  () => ({
    at: new Date(iso),
    clock: { state: "unsynchronised", reason: "no reference clock is configured" },
  });

test("numbers waiting letters 1, 2, 3 … in order of arrival, and hands on their acknowledgements", async (context) => {
  const { wait, drain, lines, query } = await scene(context);
  const ids = await wait(Array.from({ length: 20 }, () => ({})));
  context.expect(await drain()).toBe(20);
  const book = await lines();
  context.expect(book.map(({ number }) => number)).toEqual(ids.map((_, index) => index + 1));
  context.expect(book.map(({ intake_id }) => intake_id)).toEqual(ids);
  const open = await query<{ job: string }>("select job from saraban.outbox");
  context.expect(open.map(({ job }) => job)).toEqual(ids.map(() => "notify-sender"));
});

test("numbers follow the order of arrival, in whatever order the letters were read", async (context) => {
  const { wait, drain, lines, query } = await scene(context);
  const ids = await wait(Array.from({ length: 6 }, () => ({})));
  // The first two take longest to read: their work comes last into the outbox.
  await query(
    `with late as (delete from saraban.outbox where subject_id = any ($1::uuid[]) returning job, agency_id, subject_id, work_key, arrival_seq)
     insert into saraban.outbox (job, agency_id, subject_id, work_key, arrival_seq) select * from late order by arrival_seq desc`,
    [ids.slice(0, 2)],
  );
  await drain();
  context.expect((await lines()).map(({ intake_id }) => intake_id)).toEqual(ids);
});

test("two workers and letters that keep coming: no number twice, none missing, one outcome each", async (context) => {
  const { wait, drain, lines, outcomes } = await scene(context);
  const ids: string[] = [];
  for (let round = 0; round < 6; round += 1) {
    ids.push(...(await wait(Array.from({ length: 15 }, () => ({})))));
    await Promise.all([drain(), drain(), drain()]);
  }
  const book = await lines();
  context.expect(book.map(({ number }) => number)).toEqual(ids.map((_, index) => index + 1));
  context.expect(new Set(book.map(({ intake_id }) => intake_id))).toEqual(new Set(ids));
  context.expect((await outcomes()).size).toBe(ids.length);
});

test("the year changes by the moment of registration in Asia/Bangkok, not by the arrival", async (context) => {
  let at = "2026-12-31T16:59:59.999Z"; // 23:59:59.999 in Bangkok
  const { wait, drain, lines } = await scene(context, () => stopped(at)());
  await wait([
    { arrivedAt: new Date("2026-12-31T16:50:00Z") },
    { arrivedAt: new Date("2026-12-31T16:51:00Z") },
  ]);
  await drain();
  await wait([{ arrivedAt: new Date("2026-12-31T16:52:00Z") }]);
  at = "2026-12-31T17:00:00.000Z";
  await drain();
  context.expect((await lines()).map(({ year, number }) => [year, number])).toEqual([
    [2026, 1],
    [2026, 2],
    [2027, 1],
  ]);
  context.expect((await lines())[2]?.arrived_at.toISOString()).toBe("2026-12-31T16:52:00.000Z");
});

test("a clock set back, over New Year too, takes neither the book's time nor its year back", async (context) => {
  let at = "2026-12-31T17:00:05Z";
  const { wait, drain, lines } = await scene(context, () => stopped(at)());
  await wait([{}]);
  await drain();
  at = "2026-12-31T16:30:00Z";
  await wait([{}]);
  await drain();
  const [first, second] = await lines();
  context.expect([second?.year, second?.number]).toEqual([2027, 2]);
  context.expect(second?.registered_at).toEqual(first?.registered_at);
});

test("each agency has its own book", async (context) => {
  const { wait, drain, lines } = await scene(context);
  await wait([{}, { agencyId: "agency-b" }, {}, { agencyId: "agency-b" }]);
  await Promise.all([drain(), drain("agency-b.inbound.ordinary")]);
  context.expect((await lines()).map(({ number }) => number)).toEqual([1, 2, 1, 2]);
});

test("the same message again is a duplicate and uses no number", async (context) => {
  const { wait, drain, lines, outcomes } = await scene(context, systemClock(), 2);
  const [first, second, third] = await wait([
    { contentDigest: "same" },
    { contentDigest: "same" },
    { contentDigest: "same" },
  ]);
  await drain();
  context.expect(await lines()).toHaveLength(1);
  context.expect(await outcomes()).toEqual(
    new Map([
      [first, "registered"],
      [second, "duplicate"],
      [third, "duplicate"],
    ]),
  );
});

test("the same letter in another message waits for an officer; the number again in another year is another letter", async (context) => {
  const { wait, drain, outcomes } = await scene(context);
  const [first, again, nextYear, otherSender, forwarded] = await wait([
    { number: "คค 0408/2219", letterDate: "2022-03-03" },
    { number: "คค 0408/2219", letterDate: "2022-03-03" },
    { number: "คค 0408/2219", letterDate: "2023-03-07" },
    {
      number: "คค 0408/2219",
      letterDate: "2022-03-03",
      senderAddress: "saraban@mot.example.go.th",
      from: "กระทรวงคมนาคม",
    },
    { number: "คค 0408/2219", letterDate: "2022-03-03", senderAddress: "saraban@uttaradit.example.go.th" },
  ]);
  await drain();
  context.expect(await outcomes()).toEqual(
    new Map([
      [first, "registered"],
      [again, "possible-duplicate"],
      [nextYear, "registered"],
      [otherSender, "registered"],
      [forwarded, "possible-duplicate"],
    ]),
  );
});

test("what is not ready gets its outcome and no number; its sender hears of it, but of what is no letter", async (context) => {
  const { wait, drain, lines, outcomes, query } = await scene(context);
  const [triage, ignored, refused] = await wait([
    { verdict: "triage", number: null },
    { verdict: "ignored", number: null },
    { verdict: "refused", number: null, letterDate: null, secrecy: "confidential" },
  ]);
  await drain();
  context.expect(await lines()).toEqual([]);
  context.expect(await outcomes()).toEqual(
    new Map([
      [triage, "triage"],
      [ignored, "ignored"],
      [refused, "refused"],
    ]),
  );
  context
    .expect(await query("select job, subject_id from saraban.outbox order by subject_id"))
    .toEqual([triage, refused].sort().map((subject_id) => ({ job: "notify-sender", subject_id })));
});

test("a letter that cannot be registered is set aside at last and holds up nobody", async (context) => {
  const { wait, drain, lines, query } = await scene(context);
  const [good, bad, good2] = await wait([{}, {}, {}]);
  // A reading without a number must never reach the book as ready; the entry's own check refuses it.
  await query("update saraban.reading set number = null where intake_id = $1", [bad]);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await drain();
    context.expect(await drain(), "before its time has come it is left alone").toBe(0);
    await query("update saraban.outbox set not_before = now() where subject_id = $1", [bad]);
  }
  context.expect((await lines()).map(({ intake_id, number }) => [intake_id, number])).toEqual([
    [good, 1],
    [good2, 2],
  ]);
  const [row] = await query<{ failures: number; failed_at: Date | null; last_error: string }>(
    "select * from saraban.outbox where subject_id = $1",
    [bad],
  );
  context.expect(row?.failures).toBe(3);
  context.expect(row?.failed_at).not.toBeNull();
  context.expect(row?.last_error).not.toContain("เรื่องทดสอบ");
  context.expect(await drain()).toBe(0);
});

test("while the clock is not good enough nothing is numbered and nothing counts as failed; then all is", async (context) => {
  let held: string | null = "the clock may be wrong by 50 ms";
  const { wait, drain, lines, outcomes, query } = await scene(context, systemClock(), 2, () => held);
  await wait([{}, {}, { verdict: "triage", number: null }]);
  context.expect(await drain()).toBe(0);
  context.expect((await outcomes()).size).toBe(0);
  context.expect(await query("select 1 from saraban.outbox where failures = 0")).toHaveLength(3);
  held = null;
  context.expect(await drain()).toBe(3);
  context.expect((await lines()).map(({ number }) => number)).toEqual([1, 2]);
});

test("a copy that was ignored does not make the letter itself a duplicate", async (context) => {
  const { wait, drain, outcomes } = await scene(context);
  const [copy] = await wait([{ contentDigest: "same", verdict: "ignored", number: null }]);
  await drain();
  const [letter, again] = await wait([{ contentDigest: "same" }, { contentDigest: "same" }]);
  await drain();
  context.expect(await outcomes()).toEqual(
    new Map([
      [copy, "ignored"],
      [letter, "registered"],
      [again, "duplicate"],
    ]),
  );
});

test("one jump of a clock into another year does not take the book with it: nothing is numbered until somebody looks", async (context) => {
  let at = "2038-01-19T03:14:07Z";
  const { wait, drain, lines } = await scene(context, () => stopped(at)());
  await wait([{}]);
  await drain();
  at = "2026-11-21T03:00:00Z";
  await wait([{}]);
  context.expect(await drain()).toBe(0);
  context.expect(await lines()).toHaveLength(1);
});
