import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { openCalendar } from "../shared/letter/holidays.ts";
import { openLog } from "../shared/runtime/log.ts";
import { projectDir } from "../shared/runtime/settings.ts";
import {
  adminQueries,
  letReadLettersWait,
  type ReadLetter,
  roomDatabase,
} from "../shared/testing/arrivals.ts";
import { databaseForTest } from "../shared/testing/database.ts";
import { deemByCalendar } from "./deem-receipt.ts";
import { drainBook } from "./register-letter.ts";

const log = openLog("silent", "test");
const deem = deemByCalendar(openCalendar(join(projectDir, "config/holidays")), log);
const AT = new Date("2026-11-21T03:00:00Z");
const LETTER = {
  number: "นร 1200/55",
  letterDate: "2020-04-09",
  letterDigest: "letter-55",
  files: ["55.pdf"],
};

async function scene(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const parts = {
    database: roomDatabase(context, address, "saraban_registry", 4),
    now: () => ({ at: AT, clock: { state: "unsynchronised", reason: "stopped" } as const }),
    batchSize: 50,
    maxFailures: 3,
    reasonToHold: () => null,
    deem,
    quarantine: { keepDays: 30, classifiedKeepDays: 7 },
    log,
  };
  /** What becomes of letters that are drained together. */
  const register = async (...letters: ReadLetter[]) => {
    await query("delete from saraban.outbox");
    const ids = await letReadLettersWait(query, letters);
    await drainBook(parts, "agency-a", "agency-a.inbound.ordinary");
    const rows = await query<{
      id: string;
      outcome: string;
      reason: string;
      earlier: string | null;
      told: boolean;
    }>(
      `select o.intake_id as id, o.outcome, o.reason, o.earlier_intake_id as earlier,
              exists (select from saraban.outbox w where w.subject_id = o.intake_id and w.job = 'notify-sender') as told
         from saraban.outcome o where o.intake_id = any ($1::uuid[])`,
      [ids],
    );
    return ids.map((id) => rows.find((row) => row.id === id));
  };
  return { query, register };
}

test("the same letter in another mail gets no second number, and its sender the first one's receipt if the contents agree", async (context) => {
  const { expect } = context;
  const { register, query } = await scene(context);
  const [first] = await register(LETTER);
  expect(first).toMatchObject({ outcome: "registered", told: true });
  const [again, changed, bare] = await register(
    LETTER,
    { ...LETTER, letterDigest: "another" },
    { number: LETTER.number, letterDate: LETTER.letterDate },
  );
  const earlier = first?.id;
  expect(again).toMatchObject({ outcome: "possible-duplicate", reason: "same-letter", earlier, told: true });
  for (const other of [changed, bare]) {
    expect(other).toMatchObject({
      outcome: "possible-duplicate",
      reason: "same-number-and-date",
      earlier,
      told: true,
    });
  }
  // Both at once, and over another channel.
  const twin = { ...LETTER, number: "นร 1200/56", letterDigest: "letter-56" };
  const [one, two] = await register(twin, twin);
  expect(two).toMatchObject({ reason: "same-letter", earlier: one?.id, told: true });
  expect(await query("select number from saraban.entry")).toHaveLength(2);
});

test("the same files under another number or date are an officer's; from somebody else, or without files, they are not compared", async (context) => {
  const { expect } = context;
  const { register, query } = await scene(context);
  const covered = { letterDigest: "see enclosed", files: [] };
  const [first] = await register(LETTER, covered);
  const earlier = first?.id;
  const [corrected, redated, stranger, covering] = await register(
    { ...LETTER, number: "นร 1200/57" },
    { ...LETTER, letterDate: "2021-04-09" },
    { ...LETTER, number: "นร 1200/58", senderAddress: "saraban@moc.example.go.th" },
    covered,
  );
  for (const other of [corrected, redated]) {
    expect(other).toMatchObject({
      outcome: "possible-duplicate",
      reason: "same-content",
      earlier,
      told: true,
    });
  }
  expect(stranger).toMatchObject({ outcome: "registered" });
  expect(covering).toMatchObject({ outcome: "registered" });
  // What was cancelled stands in no one's way.
  await query(
    `with a as (insert into saraban.act (id, agency_id, act, book_id, year, number, reason, made_by, made_by_name, made_at, clock)
        select gen_random_uuid(), agency_id, 'cancel', book_id, year, number, 'x', 'person:x', 'x', now(), '{}'
          from saraban.entry where intake_id = $1 returning *)
     insert into saraban.entry_event (book_id, event_no, id, agency_id, year, number, what, reason, made_by, made_by_name, made_at, clock)
       select book_id, 1, id, agency_id, year, number, 'cancelled', 'x', made_by, 'x', now(), '{}' from a`,
    [earlier],
  );
  const [afterwards] = await register({ ...LETTER, number: "นร 1200/60" });
  expect(afterwards).toMatchObject({ outcome: "registered" });
});

test("what is refused goes into quarantine with its outcome, a second copy of it too; classified letters for a shorter time", async (context) => {
  const { expect } = context;
  const { register, query } = await scene(context);
  const classified = {
    verdict: "refused",
    reason: "classified",
    secrecy: "secret",
    number: null,
    letterDate: null,
  } as const;
  const refused = await register(
    { ...classified, contentDigest: "c" },
    { ...classified, contentDigest: "c" },
    { verdict: "refused", reason: "infected" },
    { verdict: "refused", reason: "forged-sender", standing: "forged" },
    { verdict: "ignored" },
    {},
    { ...classified, verdict: "ignored", reason: "auto-reply" },
  );
  expect(refused.map((row) => row?.outcome)).toEqual([
    "refused",
    "duplicate",
    "refused",
    "refused",
    "ignored",
    "registered",
    "ignored",
  ]);
  expect(refused.map((row) => row?.told)).toEqual([true, false, true, true, false, true, false]);
  const rows = await query<{ id: string; reason: string; days: number }>(
    `select intake_id as id, reason, extract(epoch from keep_until - since)::float / 86400 as days from saraban.quarantine
      where since = $1`,
    [AT],
  );
  const kept = refused.map((row) => rows.find(({ id }) => id === row?.id));
  expect(kept.map((row) => row && [row.reason, row.days])).toEqual([
    ["classified", 7],
    ["classified", 7],
    ["infected", 30],
    ["forged-sender", 30],
    undefined,
    undefined,
    ["classified", 7],
  ]);
});

test("a copy of a forged or refused sender does not stand in the way of the letter itself, nor a repetition of that", async (context) => {
  const { expect } = context;
  const { register, query } = await scene(context);
  const forged = {
    contentDigest: "sent ahead",
    number: "นร 1200/70",
    verdict: "triage",
    reason: "forged-sender",
  } as const;
  const itself = { contentDigest: "sent ahead", number: "นร 1200/70" };
  // In one batch, and then again: a repetition changes nothing.
  const [ahead, again, proved, repeated] = await register(forged, forged, itself, itself);
  expect([ahead?.outcome, again?.outcome]).toEqual(["triage", "duplicate"]);
  expect(proved).toMatchObject({ outcome: "registered", told: true });
  expect(repeated).toMatchObject({ outcome: "duplicate", earlier: proved?.id });
  expect((await register(forged, itself)).map((row) => row?.earlier)).toEqual([proved?.id, proved?.id]);

  const refused = { ...forged, contentDigest: "refused", number: "นร 1200/71", verdict: "refused" } as const;
  const unproved = { ...refused, verdict: "triage", reason: "unproved-sender" } as const;
  const copies = [
    refused,
    refused,
    unproved,
    unproved,
    { ...itself, ...{ number: refused.number, contentDigest: "refused" } },
  ];
  const outcomes: (string | undefined)[] = [];
  for (const copy of copies) outcomes.push((await register(copy))[0]?.outcome);
  expect(outcomes).toEqual(["refused", "duplicate", "triage", "duplicate", "registered"]);
  expect(await query("select 1 from saraban.entry")).toHaveLength(2);

  // What was found to be classified is not taken because its marking was missed once.
  const secret = {
    ...forged,
    contentDigest: "secret",
    verdict: "refused",
    reason: "classified",
  } as const;
  const [, missed] = await register(secret, { ...itself, contentDigest: "secret", number: "นร 1200/72" });
  expect(missed?.outcome).toBe("duplicate");
});
