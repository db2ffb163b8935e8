import { sql } from "kysely";
import { test } from "vitest";
import { letReadLettersWait, roomDatabase } from "../shared/testing/arrivals.ts";
import { inSnapshot } from "./snapshot-store.ts";
import { summaryText } from "./summary-text.ts";
import { faultsOf, registerScene } from "./testing/register-scene.ts";

test("a register in which everything has happened that may happen is in order, and its figures are right", async (context) => {
  const { expect } = context;
  const { verify } = await registerScene(context);
  const verification = await verify();
  expect(faultsOf(verification.checks)).toEqual([]);
  expect(verification.verified).toBe(true);
  expect(
    Object.fromEntries(
      verification.checks.map(({ code, looked, figures }) => [code, { looked, ...figures }]),
    ),
  ).toEqual({
    books: { looked: 12, books: 4, bookYears: 5 },
    events: {
      looked: 9,
      corrected: 1,
      filled: 2,
      cancelled: 2,
      handedOver: 1,
      recalls: 2,
      stillReserved: 0,
    },
    outcomes: {
      looked: 16,
      onTheirWay: 1,
      registered: 6,
      duplicates: 1,
      notRegistered: 2,
      trayRegistered: 1,
      trayOther: 3,
      inTheTray: 2,
    },
    acknowledgements: {
      looked: 9,
      notYetPromised: 1,
      delivered: 3,
      due: 1,
      "failed: 550 5.1.1": 1,
      "withheld: null-sender": 1,
      "withheld: test": 7,
      "withheld: unproved-sender": 1,
    },
    acts: { looked: 21, done: 19, refused: 1, onTheirWay: 1 },
    outbound: { looked: 2, onTheirWay: 0, sent: 1, recalled: 1, withdrawn: 1, recipients: 1 },
    receipts: { looked: 5, registered: 3, corrected: 1, refused: 1 },
    "sent-files": { looked: 2, inDatabase: 2, inFiles: 0, hashed: 2, bytes: 2 * 36 },
    "stored-files": { looked: 16, inDatabase: 16, inFiles: 0, hashed: 16, bytes: 16 * 36 + 8 },
    classified: { looked: 2, byProgram: 1, byHand: 1, parts: 1 },
  });
  const text = summaryText(verification);
  expect(text).toContain("Everything is in order.");
  expect(text).toContain("ok     outcomes          16 arrivals (on their way 1, registered 6,");
  // What the letters say, and what clerks wrote, is not in a report.
  expect(JSON.stringify(verification)).not.toMatch(/\p{Script=Thai}/u);
});

test("one agency's register is looked at alone", async (context) => {
  const { expect } = context;
  const { verify, plant, letter } = await registerScene(context);
  await plant("update book_year set last_number = 2 where agency_id = 'agency-b'");
  const only = async (agency: string) =>
    (await verify({ acting: { actor: "person:auditor", agencies: [agency] }, isWhole: false })).checks;
  expect(faultsOf(await only("agency-a"))).toEqual([]);
  expect(faultsOf(await only("agency-b"))).toEqual([
    "books last-line-differs agency-b.inbound.ordinary/2026/1",
  ]);
  expect((await only("agency-b")).map(({ looked }) => looked)).toEqual([1, 0, 1, 1, 0, 0, 0, 0, 1, 0]);
  await plant(`delete from outbox where subject_id = '${letter.other}'`);
  expect(faultsOf(await only("agency-a"))).toEqual([]);
});

test("of many violations a hundred are named, and the others counted", async (context) => {
  const { expect } = context;
  const { verify, plant, query } = await registerScene(context);
  const ids = await letReadLettersWait(
    query,
    Array.from({ length: 120 }, (_, index) => ({
      arrivedAt: new Date(Date.UTC(2026, 4, 1, 2, 0, index + 1)),
    })),
  );
  await plant(`delete from outbox where subject_id in (${ids.map((id) => `'${id}'`).join()})`);
  const verification = await verify({ skipFiles: true });
  expect(faultsOf(verification.checks)).toEqual(
    ids.slice(0, 100).map((id) => `outcomes outcome-missing ${id}`),
  );
  expect(verification.checks.map(({ ok, more }) => [ok, more])).toContainEqual([false, 20]);
  expect(summaryText(verification)).toMatch(/FAULT {2}outcomes .*… and 20 more\n\n120 violations\.\n$/s);
});

test("what is committed while the tables are looked at is not seen", async (context) => {
  const { expect } = context;
  const { address, query } = await registerScene(context);
  const database = roomDatabase(context, address, "saraban_audit", 1);
  const acting = { actor: "person:auditor", agencies: ["agency-a"] } as const;
  await inSnapshot(database, acting, async (transaction) => {
    const count = async () =>
      (await sql<{ n: number }>`select count(*) as n from intake`.execute(transaction)).rows;
    const before = await count();
    await letReadLettersWait(query, [{}]);
    expect(await count()).toEqual(before);
  });
});

test("the auditor's role reads no word of a letter, and changes nothing", async (context) => {
  const { address } = await registerScene(context);
  const database = roomDatabase(context, address, "saraban_audit", 1);
  for (const statement of [
    "select subject from entry",
    "select letter_from from entry",
    "select changes from entry_event",
    "select facts from act",
    "select recipient from notice",
    "select facts from outbound_letter",
    "select details from outbound_event",
    "select address from outbound_recipient",
    "select name from outbound_file",
    "select name from uploaded_file",
    "select details from act",
    "select facts from notice",
    "select subject from reading",
    "select 1 from register_line",
    "select 1 from search_row",
    "insert into outcome default values",
    "update notice set state = 'due'",
    "delete from outbox",
  ]) {
    await context
      .expect(sql.raw(statement).execute(database), statement)
      .rejects.toThrow(/permission denied/);
  }
});
