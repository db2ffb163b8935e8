import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { openCalendar } from "../../shared/letter/holidays.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import { inTransaction } from "../../shared/runtime/database.ts";
import { openLog } from "../../shared/runtime/log.ts";
import { projectDir } from "../../shared/runtime/settings.ts";
import { adminQueries, roomDatabase } from "../../shared/testing/arrivals.ts";
import { databaseForTest } from "../../shared/testing/database.ts";
import { promiseOwnerNotices } from "./promise-owner-notices.ts";
import {
  type SentLetter,
  type WrittenLetter,
  writeOutboundEvent,
  writeRecipientEvents,
  writeSentLetters,
} from "./testing/sent-letters.ts";
import { lookAtRecipients } from "./watch-recipients.ts";

const HOUR_MS = 3_600_000;
const CLOCK = { state: "unsynchronised", reason: "test" } as const;
/** `local` is Bangkok time. */
const at = (local: string): Date => new Date(`${local}+07:00`);
/** A Thursday without holidays around it. */
const SENT = at("2025-01-09T10:00");

async function openScene(context: TestContext, letters: readonly SentLetter[], batch?: number) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  await query(
    `update saraban.agency set contacts = '{"clerk":"clerk@agency-a.example.go.th"}' where id = 'agency-a'`,
  );
  const written = await writeSentLetters(query, letters);
  const calendar = openCalendar(join(projectDir, "config/holidays"));
  const databases = [0, 1].map(() => roomDatabase(context, address, "saraban_notification"));
  const lookWith = (database: (typeof databases)[number] | undefined, now: Date) => {
    if (!database) throw new Error("there is no such process");
    return lookAtRecipients({
      database,
      calendar,
      now: () => ({ at: now, clock: CLOCK }),
      rules: { warnAfterHours: 12, escalateAfterWorkingHours: 24 },
      log: openLog("silent", "test"),
      ...(batch === undefined ? {} : { batch }),
    });
  };
  return {
    query,
    letters: written as [WrittenLetter, ...WrittenLetter[]],
    look: async (now: Date) => {
      const { warned, escalated } = await lookWith(databases[0], now);
      return [warned, escalated];
    },
    lookTwice: (now: Date) => Promise.all(databases.map((database) => lookWith(database, now))),
    /** What the job "notify-owner" does first; then its row is gone. */
    tellOwner: async ({ id }: WrittenLetter, now: Date) => {
      const stamp: Stamp = { at: now, clock: CLOCK };
      const database = databases[0] as (typeof databases)[number];
      const acting = { actor: "worker:notification", agencies: ["agency-a"] } as const;
      const notices = await inTransaction(database, acting, (transaction) =>
        promiseOwnerNotices(transaction, "agency-a", id, stamp),
      );
      await query("delete from saraban.outbox where job = 'notify-owner' and subject_id = $1", [id]);
      return notices;
    },
    handedOn: async () =>
      (
        await query<{ id: string }>(
          "select subject_id as id from saraban.outbox where job = 'notify-owner' order by id",
        )
      ).map(({ id }) => id),
    watched: async () =>
      (
        await query<{ id: string }>(
          "select recipient_id as id from saraban.recipient_watch order by recipient_id",
        )
      ).map(({ id }) => id),
  };
}

test("nobody answers: warned after 12 hours, escalated after 24 working hours, and each told once", async (context) => {
  const { expect } = context;
  const { query, letters, look, tellOwner, handedOn, watched } = await openScene(context, [
    { sentAt: SENT, recipients: 3 },
  ]);
  const [letter] = letters;
  expect(await look(at("2025-01-09T21:59:59"))).toEqual([0, 0]);
  expect(await look(at("2025-01-09T22:00"))).toEqual([3, 0]);
  expect(await handedOn()).toEqual([letter.id]);
  await tellOwner(letter, at("2025-01-09T22:00"));
  expect(await look(at("2025-01-09T23:00"))).toEqual([0, 0]);
  expect(await handedOn()).toEqual([]);

  // Thursday 6.5 h, Friday 8 h, over the weekend to Monday 8 h, and an hour and a half on Tuesday.
  expect(await look(at("2025-01-14T09:59:59"))).toEqual([0, 0]);
  expect(await look(at("2025-01-14T10:00"))).toEqual([0, 3]);
  const notices = await tellOwner(letter, at("2025-01-14T10:00"));
  expect(notices.map(({ facts, state }) => [(facts as unknown as { what: string }).what, state])).toEqual([
    ["warned", "due"],
    ["escalated", "due"],
  ]);
  expect(await watched()).toHaveLength(3);
  expect(await look(at("2025-01-14T10:30"))).toEqual([0, 0]);
  expect(await watched()).toEqual([]);
  const events = await query(
    "select what, source, proof, details from saraban.recipient_event order by id limit 4",
  );
  expect(events[0]).toEqual({
    what: "warned",
    source: "watch",
    proof: "own",
    details: { since: SENT.toISOString(), hours: 12 },
  });
  expect(events[3]).toMatchObject({ what: "escalated", details: { hours: 24 } });
});

test("who has answered, by himself or to a clerk, or has given the letter back, is no longer watched", async (context) => {
  const { expect } = context;
  const { query, letters, look, handedOn, watched } = await openScene(context, [
    { sentAt: SENT, recipients: 8 },
  ]);
  const [letter] = letters;
  const id = (index: number): string => letter.recipientIds[index] as string;
  const soon = at("2025-01-09T11:00");
  for (const [index, what, proof] of [
    [0, "registered", "signature"],
    [1, "quarantined", "token"],
    [2, "recall-accepted", "signature"],
    [3, "failed", "own"],
    [4, "accepted", "own"],
    [4, "displayed", "token"],
    // What anyone could have sent ends no watch.
    [5, "registered", "claim"],
    [5, "failed", "claim"],
  ] as const) {
    await writeRecipientEvents(query, letter, what, soon, { recipientIds: [id(index)], proof });
  }
  await writeOutboundEvent(query, letter, "answer-noted", soon, id(6));
  // 7 is silent altogether.
  expect(await look(at("2025-01-10T10:00"))).toEqual([3, 0]);
  expect(await watched()).toEqual([3, 4, 5, 7].map(id).sort());
  // The failure is another notice: nobody has told of it yet, so it is handed on with the others.
  expect(await handedOn()).toEqual([letter.id]);
});

test("a service that was down tells the list alone; work that got lost is handed on again", async (context) => {
  const { expect } = context;
  const { query, letters, look, handedOn, tellOwner, watched } = await openScene(context, [{ sentAt: SENT }]);
  expect(await look(at("2025-02-01T10:00"))).toEqual([0, 1]);
  await query("delete from saraban.outbox");
  expect(await look(at("2025-02-01T10:04"))).toEqual([0, 0]);
  expect(await handedOn()).toEqual([]);
  expect(await look(at("2025-02-01T10:05"))).toEqual([0, 0]);
  expect(await handedOn()).toEqual([letters[0].id]);
  await tellOwner(letters[0], at("2025-02-01T10:05"));
  await look(at("2025-02-01T10:10"));
  expect(await watched()).toEqual([]);
});

test("a letter that is sent again is watched again, and its silence told again", async (context) => {
  const { expect } = context;
  const { query, letters, look, tellOwner, watched } = await openScene(context, [
    { sentAt: SENT, recipients: 2 },
  ]);
  const [letter] = letters;
  const [first, second] = letter.recipientIds as [string, string];
  await writeRecipientEvents(query, letter, "failed", at("2025-01-09T10:05"));
  await tellOwner(letter, at("2025-01-09T10:06"));
  await look(at("2025-01-09T10:10"));
  expect(await watched()).toEqual([]);
  await writeOutboundEvent(query, letter, "resent", at("2025-01-13T10:00"), first);
  expect(await watched()).toEqual([first]);
  expect(await look(at("2025-01-13T21:59"))).toEqual([0, 0]);
  expect(await look(at("2025-01-13T22:00"))).toEqual([1, 0]);
  await writeOutboundEvent(query, letter, "resent", at("2025-01-14T10:00"), null);
  expect(await watched()).toEqual([first, second].sort());
  expect(await look(at("2025-01-14T22:00"))).toEqual([2, 0]);
});

test("several processes at once record each silence once, and tell each letter once", async (context) => {
  const { expect } = context;
  const { query, letters, lookTwice, handedOn } = await openScene(
    context,
    Array.from({ length: 4 }, (_, index) => ({
      sentAt: new Date(SENT.getTime() + index * 1000),
      recipients: 60,
    })),
    25,
  );
  const looks = await lookTwice(new Date(SENT.getTime() + 13 * HOUR_MS));
  expect(looks.map(({ warned }) => warned).reduce((sum, warned) => sum + warned)).toBe(240);
  const counts = await query(
    "select recipient_id from saraban.recipient_event group by 1 having count(*) > 1",
  );
  expect(counts).toEqual([]);
  expect(await handedOn()).toHaveLength(letters.length);
});

test("where the holidays are not known, hours by the clock are counted, and it says so", async (context) => {
  const { expect } = context;
  const { query, look } = await openScene(context, [{ sentAt: at("2028-01-04T10:00") }]);
  expect(await look(at("2028-01-05T10:00"))).toEqual([0, 1]);
  const [event] = await query("select details from saraban.recipient_event");
  expect(event).toMatchObject({ details: { missingYears: [2571] } });
});
