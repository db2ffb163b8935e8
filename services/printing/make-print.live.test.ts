import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import type { PrintFormat, PrintWanted } from "../shared/letter/print-order.ts";
import { newId } from "../shared/runtime/ids.ts";
import { openLog } from "../shared/runtime/log.ts";
import { adminQueries, letReadLettersWait, roomDatabase } from "../shared/testing/arrivals.ts";
import { writeBookLines, writeEvent } from "../shared/testing/book-lines.ts";
import { databaseForTest } from "../shared/testing/database.ts";
import { makePrint } from "./make-print.ts";
import { openPrintsFolder } from "./prints-folder.ts";

const BOOK = "agency-a.inbound.ordinary";
const WHOLE_YEAR: PrintWanted = { year: 2026, from: null, to: null, number: null, digits: "arabic" };

async function scene(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const dir = await mkdtemp(join(tmpdir(), "saraban-prints-"));
  context.onTestFinished(() => rm(dir, { recursive: true }));
  const stopping = new AbortController();
  const parts = {
    database: roomDatabase(context, address, "saraban_print"),
    folder: await openPrintsFolder(dir),
    signal: stopping.signal,
    log: openLog("silent", "test"),
  };
  return {
    query,
    dir,
    stopping,
    async order(format: PrintFormat, wanted: Partial<PrintWanted> = {}, book = BOOK): Promise<string> {
      const id = newId();
      await query(
        `insert into saraban.print_order (id, agency_id, book_id, format, wanted, made_by, made_by_name, made_at)
           values ($1, 'agency-a', $2, $3, $4, 'person:x', 'สมชาย ทดสอบ', now())`,
        [id, book, format, JSON.stringify({ ...WHOLE_YEAR, ...wanted })],
      );
      await query(
        `insert into saraban.outbox (job, agency_id, subject_id, work_key) values ('print-register', 'agency-a', $1::uuid, $1::text)`,
        [id],
      );
      return id;
    },
    make: (id: string) => makePrint(parts, { outboxId: 1, agencyId: "agency-a", subjectId: id, workKey: id }),
    progress: async (id: string) =>
      (
        await query<Record<string, unknown>>("select * from saraban.print_progress where order_id = $1", [id])
      )[0],
    open: () => query("select from saraban.outbox"),
  };
}

const noon = (day: number): Date => new Date(`2026-05-${String(day).padStart(2, "0")}T05:00:00Z`);

test("an order becomes a file with the lines of its period as they read now; the work is done once", async (context) => {
  const { query, order, make, progress, open, dir } = await scene(context);
  await writeBookLines(query, [
    { registeredAt: noon(1), subject: "ก่อนงวด" },
    { registeredAt: noon(2), subject: "เรื่องน้ำท่วม" },
    { registeredAt: noon(3), subject: "เรื่องที่พิมพ์ผิด", remarks: "เดิม" },
    { registeredAt: noon(4), subject: "หลังงวด" },
  ]);
  await writeEvent(query, BOOK, 2026, 3, "corrected", { subject: { old: "เรื่องที่พิมพ์ผิด", new: "เรื่องที่แก้แล้ว" } });
  await writeEvent(query, BOOK, 2026, 2, "cancelled");
  const id = await order("csv", { from: "2026-05-02", to: "2026-05-03" });
  await make(id);
  context.expect(await progress(id)).toMatchObject({ state: "done", lines_done: 2, lines_total: 2 });
  const csv = await readFile(join(dir, `${id}.csv`), "utf8");
  context.expect(csv).toContain("เรื่องน้ำท่วม");
  context.expect(csv).toContain("เรื่องที่แก้แล้ว");
  context.expect(csv).not.toMatch(/งวด|พิมพ์ผิด/);
  context.expect(csv).toMatch(/ยกเลิก/);
  context.expect(await open()).toEqual([]);
  await make(id); // delivered again
  context.expect(await readdir(dir)).toEqual([`${id}.csv`]);
});

test("makes every form, and the stamp of a line", async (context) => {
  const { query, order, make, dir } = await scene(context);
  await writeBookLines(query, [{ registeredAt: noon(1), subject: "เรื่อง" }]);
  const beginnings = {
    pdf: "%PDF",
    xlsx: "PK",
    csv: "\ufeff",
    "stamp-svg": "<svg",
    "stamp-png": "\x89PNG",
    "stamp-pdf": "%PDF",
  };
  for (const [format, beginning] of Object.entries(beginnings) as [PrintFormat, string][]) {
    const id = await order(format, format.startsWith("stamp-") ? { number: 1 } : {});
    await make(id);
    const [name = ""] = (await readdir(dir)).filter((file) => file.startsWith(id));
    const bytes = await readFile(join(dir, name));
    const start = format === "stamp-png" ? bytes.toString("latin1") : bytes.toString("utf8");
    context.expect(start.slice(0, 200), format).toContain(beginning);
  }
});

test("a receive stamp is for a registered line of an inbound book only", async (context) => {
  const { query, order, make, progress, dir } = await scene(context);
  const outbound = "agency-a.outbound.ordinary";
  await writeBookLines(query, [
    { registeredAt: noon(1), subject: "ยกเลิก" },
    { registeredAt: noon(2), subject: "ส่ง", book: "outbound.ordinary" },
  ]);
  await writeEvent(query, BOOK, 2026, 1, "cancelled");
  await query(
    `insert into saraban.entry (book_id, agency_id, year, number, registered_at, clock, registered_by, registered_by_name,
         channel, urgency, status)
       values ($1, 'agency-a', 2026, 2, $2, '{}', 'person:x', 'ทดสอบ', 'paper', 'normal', 'reserved')`,
    [BOOK, noon(3)],
  );
  for (const [book, number, failure] of [
    [BOOK, 1, "line 1 is cancelled"],
    [BOOK, 2, "line 2 is only reserved: it gets its stamp once it is filled"],
    [outbound, 1, "only a line of an inbound book gets a receive stamp"],
    [BOOK, 3, "there is no such line"],
  ] as const) {
    const id = await order("stamp-svg", { number }, book);
    await make(id);
    context.expect(await progress(id)).toMatchObject({ state: "failed", failure });
  }
  context.expect(await readdir(dir)).toEqual([]);
  await writeEvent(query, BOOK, 2026, 2, "filled", { subject: { old: null, new: "กรอกแล้ว" } });
  const filled = await order("stamp-svg", { number: 2 });
  await make(filled);
  context.expect(await progress(filled)).toMatchObject({ state: "done" });
});

test("the stamp bears the name that the receipt bears: the clerk's, or the agency's for what a rule registered", async (context) => {
  const { query, order, make, dir } = await scene(context);
  await query("update saraban.agency set receiver_name = 'ผู้รับ ตามกฎ'");
  await writeBookLines(query, [{ registeredAt: noon(1), subject: "เรื่อง" }]);
  const [intakeId] = await letReadLettersWait(query, [{}]);
  await query(
    `insert into saraban.entry (book_id, agency_id, year, number, registered_at, arrived_at, clock, registered_by, urgency, intake_id, letter_number, subject)
       values ($1, 'agency-a', 2026, 2, $2, $2, '{}', 'rule:test', 'normal', $3, 'นร 1200/9', 'เรื่อง')`,
    [BOOK, noon(2), intakeId],
  );
  for (const [number, name] of [
    [1, "ผู้รับ ทดสอบ<"],
    [2, "ผู้รับ ผู้รับ ตามกฎ<"],
  ] as const) {
    const id = await order("stamp-svg", { number });
    await make(id);
    context.expect(await readFile(join(dir, `${id}.svg`), "utf8")).toContain(name);
  }
});

test("what cannot be printed fails with a reason; what the service's stop cuts short comes again", async (context) => {
  const { query, order, make, progress, open, stopping, dir } = await scene(context);
  const empty = await order("pdf");
  await make(empty);
  context
    .expect(await progress(empty))
    .toMatchObject({ state: "failed", failure: "no line of the book lies in this period" });
  await writeBookLines(query, [{ registeredAt: noon(1), subject: "เรื่อง" }]);
  const cut = await order("pdf");
  stopping.abort(new Error("stopping"));
  await context.expect(make(cut)).rejects.toThrow("stopping");
  context.expect((await open()).length).toBe(1);
  context.expect(await readdir(dir)).toEqual([]);
});
