import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { sql } from "kysely";
import { inject, type TestContext, test } from "vitest";
import { acceptInto } from "../shared/letter/arrival/accept-letter.ts";
import type { Recipient } from "../shared/letter/arrival/envelope.ts";
import { systemClock } from "../shared/letter/stamp.ts";
import { inTransaction, openWritePipe } from "../shared/runtime/database.ts";
import { openLog } from "../shared/runtime/log.ts";
import { openStore } from "../shared/runtime/store.ts";
import { adminQueries, roomDatabase } from "../shared/testing/arrivals.ts";
import { databaseForTest } from "../shared/testing/database.ts";
import { sweepQuarantine } from "./sweep-quarantine.ts";

const TO_A: Recipient = { address: "saraban@agency-a.example.go.th", agencyId: "agency-a", unit: null };
const TO_B: Recipient = { address: "saraban@agency-b.example.go.th", agencyId: "agency-b", unit: null };
const SMALL = "Subject: small\r\n\r\nx\r\n";
const LARGE = `Subject: large\r\n\r\n${"x".repeat(70_000)}\r\n`;

async function scene(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const database = roomDatabase(context, address, "saraban_intake");
  const pipe = openWritePipe(address, "saraban_intake", 2, openLog("silent", "test"));
  const dir = await mkdtemp(join(tmpdir(), "saraban-quarantine-"));
  context.onTestFinished(async () => {
    await pipe.close();
    await rm(dir, { recursive: true, force: true });
  });
  const store = await openStore({ dir });
  const accept = acceptInto({ room: "intake", database, pipe }, systemClock());
  const parts = { database, store, now: systemClock(), log: openLog("silent", "test") };
  return {
    query,
    store,
    dir,
    parts,
    /** A statement under the door's role. */
    as: (agencies: readonly string[], statement: string) =>
      inTransaction(database, { actor: "worker:intake", agencies }, (transaction) =>
        sql.raw(statement).execute(transaction),
      ),
    arrive: async (text: string, ...recipients: Recipient[]): Promise<string[]> => {
      const spooled = await store.spool(Readable.from([Buffer.from(text)]), { limitBytes: 1_000_000 });
      const { intakeIds } = await accept(
        {
          door: "smtp",
          mailFrom: "a@opdc.example.go.th",
          recipients,
          remoteAddress: "192.0.2.1",
          helo: "test",
          smtpUtf8: false,
          tls: false,
        },
        spooled,
      );
      return [...intakeIds];
    },
    quarantine: (ids: readonly string[], until = "-1 second") =>
      query(
        `insert into saraban.quarantine (intake_id, agency_id, reason, since, keep_until)
           select id, agency_id, 'infected', now(), now() + $2::interval from saraban.intake where id = any ($1::uuid[])`,
        [ids, until],
      ),
    sweep: () => sweepQuarantine(parts),
    /** As if nobody had touched the files for a day. */
    age: async (): Promise<void> => {
      const day = new Date(Date.now() - 24 * 60 * 60 * 1000);
      for (const path of await files(dir)) await utimes(path, day, day);
    },
    files: () => files(dir),
    bodies: () =>
      query<{ agency_id: string; content: Buffer | null; removed_at: Date | null; size_bytes: number }>(
        "select * from saraban.stored_body order by agency_id, size_bytes",
      ),
  };
}

async function files(dir: string): Promise<string[]> {
  const found = await readdir(join(dir, "sha256"), { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

test("octets whose time is over are removed, in the table and on disk; hash, size and arrival stay", async (context) => {
  const { expect } = context;
  const { arrive, quarantine, sweep, age, bodies, files, query } = await scene(context);
  await quarantine(await arrive(SMALL, TO_A));
  await quarantine(await arrive(LARGE, TO_A));
  await quarantine(await arrive(SMALL.replace("small", "kept"), TO_A), "1 day");
  await age();
  expect(await sweep()).toEqual({ removed: 2, files: 1 });
  expect(await sweep()).toEqual({ removed: 0, files: 0 });
  expect(await files()).toEqual([]);
  expect((await bodies()).map(({ content, removed_at }) => [content === null, removed_at !== null])).toEqual([
    [false, false],
    [true, true],
    [true, true],
  ]);
  expect(await query("select 1 from saraban.intake")).toHaveLength(3);
  expect(
    await query(
      "select 1 from saraban.intake join saraban.stored_body using (agency_id, sha256, size_bytes)",
    ),
  ).toHaveLength(3);
});

test("octets stay that another arrival has which is kept, of this agency or of another", async (context) => {
  const { expect } = context;
  const { arrive, quarantine, sweep, age, bodies, files } = await scene(context);
  const [first = ""] = await arrive(SMALL, TO_A);
  const [second = ""] = await arrive(SMALL, TO_A);
  await quarantine([first]);
  expect(await sweep()).toMatchObject({ removed: 0 });
  expect((await bodies()).filter(({ removed_at }) => removed_at !== null)).toEqual([]);
  await quarantine([second]);
  expect(await sweep()).toMatchObject({ removed: 1 });

  const [ofA = "", ofB = ""] = await arrive(LARGE, TO_A, TO_B);
  await age();
  await quarantine([ofA]);
  expect(await sweep()).toEqual({ removed: 1, files: 0 });
  expect(await files()).toHaveLength(1);
  await quarantine([ofB]);
  expect(await sweep()).toEqual({ removed: 1, files: 1 });
});

test("octets that come again after their removal are stored again: a letter answered with 250 is there", async (context) => {
  const { expect } = context;
  const { arrive, quarantine, sweep, age, bodies, files, query, store } = await scene(context);
  await quarantine([...(await arrive(SMALL, TO_A)), ...(await arrive(LARGE, TO_A))]);
  await age();
  expect(await sweep()).toEqual({ removed: 2, files: 1 });
  await arrive(SMALL, TO_A);
  await arrive(LARGE, TO_A);
  expect(
    (await bodies()).map(({ content, removed_at }) => [content?.toString() ?? "file", removed_at]),
  ).toEqual([
    [SMALL, null],
    ["file", null],
  ]);
  const sha256 = createHash("sha256").update(LARGE).digest("hex");
  expect(await store.verifyStored(sha256)).toBe("good");
  expect(await sweep()).toEqual({ removed: 0, files: 0 });
  expect(await files()).toHaveLength(1);
  // And nothing else may be done to a stored body: not even by who may remove one.
  for (const change of ["content = 'x'", "removed_at = now(), size_bytes = 1", "removed_at = now()"]) {
    const kept = query(`update saraban.stored_body set ${change} where content is not null`);
    await expect(kept, change).rejects.toThrow(/append-only|check constraint/);
  }
});

test("the door's own role removes nothing but what is due, and nothing of an agency it does not act for", async (context) => {
  const { expect } = context;
  const { arrive, quarantine, as, bodies } = await scene(context);
  const [kept = ""] = await arrive(SMALL, TO_A);
  const [due = ""] = await arrive(LARGE, TO_B);
  await quarantine([kept], "1 day");
  await quarantine([due]);
  const byHand = as(["agency-a"], "update stored_body set content = null, removed_at = now()");
  await expect(byHand).rejects.toThrow(/row-level security/);
  await as(["agency-a"], `select from remove_quarantined('${kept}', 'agency-a', now())`);
  const anothers = as(["agency-a"], `select from remove_quarantined('${due}', 'agency-b', now())`);
  await expect(anothers).rejects.toThrow(/not acting/);
  expect((await bodies()).map(({ removed_at }) => removed_at)).toEqual([null, null]);
});

test("a sweep that is told to stop ends after the arrival it is at", async (context) => {
  const { expect } = context;
  const { arrive, quarantine, parts, bodies } = await scene(context);
  for (const text of [SMALL, LARGE]) await quarantine(await arrive(text, TO_A));
  let asked = 0;
  expect(await sweepQuarantine(parts, () => ++asked > 1)).toEqual({ removed: 1, files: 0 });
  expect((await bodies()).filter(({ removed_at }) => removed_at !== null)).toHaveLength(1);
});

test("a file that came again a moment ago is not taken from the letter whose row is still to be written", async (context) => {
  const { expect } = context;
  const { arrive, quarantine, sweep, age, files, store } = await scene(context);
  await quarantine(await arrive(LARGE, TO_A));
  await age();
  // The octets are in, the row is not: spooled, and not accepted yet.
  await store.spool(Readable.from([Buffer.from(LARGE)]), { limitBytes: 1_000_000 });
  expect(await sweep()).toEqual({ removed: 1, files: 0 });
  const [path = ""] = await files();
  expect((await readFile(path)).length).toBe(LARGE.length);
  await age(); // the letter never came to be accepted
  expect(await sweep()).toEqual({ removed: 0, files: 1 });
});

test("a file that a sweep had set aside when it died is put back before anything else is removed", async (context) => {
  const { expect } = context;
  const { arrive, sweep, files, store, dir } = await scene(context);
  await arrive(LARGE, TO_A);
  const sha256 = createHash("sha256").update(LARGE).digest("hex");
  await mkdir(join(dir, "removing"));
  await rename((await files())[0] ?? "", join(dir, "removing", sha256));
  expect(await store.verifyStored(sha256)).toBe("missing");
  await sweep();
  expect(await store.verifyStored(sha256)).toBe("good");
  expect(await readdir(join(dir, "removing"))).toEqual([]);
});
