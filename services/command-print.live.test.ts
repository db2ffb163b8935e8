import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, test } from "vitest";
import { run as runEntry } from "./command-entry.ts";
import { run } from "./command-print.ts";
import { adminQueries, letReadLettersWait } from "./shared/testing/arrivals.ts";
import { writeBookLines, writeEvent } from "./shared/testing/book-lines.ts";
import { databaseUrl, runHere, runSaraban } from "./shared/testing/command-line.ts";
import { databaseForTest } from "./shared/testing/database.ts";

const BOOK = "agency-a.inbound.ordinary";

test("saraban print --stamp and entry: a stamp with the name of the receipt, none for what is cancelled or sent, and the attachments' names", async (context) => {
  const { expect } = context;
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const dir = await mkdtemp(join(tmpdir(), "saraban-print-"));
  context.onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const environment = { DATABASE_URL: databaseUrl(address) };
  const stamp = (book: string, number: number) => [
    ...["print", book, "--stamp", String(number), "--year", "2569"],
    ...["--out", join(dir, "stamp.svg")],
  ];
  const print = (book: string, number: number) => runHere(run, environment, stamp(book, number));

  const registeredAt = new Date("2026-05-01T05:00:00Z");
  await writeBookLines(query, [
    { registeredAt, subject: "ยกเลิก" },
    { registeredAt, subject: "ส่ง", book: "outbound.ordinary" },
  ]);
  await writeEvent(query, BOOK, 2026, 1, "cancelled");
  const [intakeId] = await letReadLettersWait(query, [{}]);
  await query(
    `update saraban.reading set attachments = '[{"name": "แนบ\\u001b\\u202e\\n1.pdf", "contentType": "application/pdf"}, {"name": null, "contentType": "image/png"}]'`,
  );
  await query("update saraban.agency set receiver_name = 'ผู้รับ ตามกฎ'");
  await query(
    `insert into saraban.entry (book_id, agency_id, year, number, registered_at, arrived_at, clock, registered_by, urgency, intake_id, letter_number, subject)
       values ($1, 'agency-a', 2026, 2, $2, $2, '{}', 'rule:test', 'normal', $3, 'นร 1200/9', 'เรื่อง')`,
    [BOOK, registeredAt, intakeId],
  );

  expect(await print(BOOK, 1)).toMatchObject({ code: 1, stderr: "saraban print: line 1 is cancelled\n" });
  expect(await print("agency-a.outbound.ordinary", 1)).toMatchObject({
    code: 1,
    stderr: "saraban print: only a line of an inbound book gets a receive stamp\n",
  });
  expect(await print(BOOK, 3)).toMatchObject({ code: 1, stderr: expect.stringContaining("no line 3") });
  expect(await readdir(dir)).toEqual([]);
  expect(await runSaraban(environment, stamp(BOOK, 2))).toMatchObject({ code: 0 });
  expect(await readFile(join(dir, "stamp.svg"), "utf8")).toContain("ผู้รับ ผู้รับ ตามกฎ<");

  const shown = await runHere(runEntry, environment, ["entry", BOOK, "2/2569"]);
  expect(shown.stdout).toMatch(/^attachments +แนบ 1\.pdf\n +image\/png$/m);
}, 240_000);
