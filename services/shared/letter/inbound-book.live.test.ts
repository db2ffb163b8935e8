import { inject, test } from "vitest";
import { adminQueries, roomDatabase } from "../testing/arrivals.ts";
import { writeBookLines, writeEvent } from "../testing/book-lines.ts";
import { databaseForTest } from "../testing/database.ts";
import { bookTable } from "./book-table.ts";
import { readInboundBook } from "./inbound-book.ts";

test("the book shows its lines as they read today, also of letters on paper and without a number", async (context) => {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const registeredAt = new Date("2026-11-02T03:00:00Z");
  await writeBookLines(query, [
    { registeredAt, subject: "พิมพ์ผิด", letterNumber: "นร 1200/1" },
    { registeredAt, subject: "ไม่มีเลขที่" },
    { registeredAt, subject: "ลงผิดเล่ม" },
  ]);
  const book = "agency-a.inbound.ordinary";
  await writeEvent(query, book, 2026, 1, "corrected", { subject: { old: "พิมพ์ผิด", new: "ถูกต้อง" } });
  await writeEvent(query, book, 2026, 3, "cancelled");
  const acting = { actor: "person:test", agencies: ["agency-a"] } as const;
  const lines = await readInboundBook(
    roomDatabase(context, address, "saraban_http"),
    acting,
    "agency-a",
    2026,
  );
  context.expect(lines).toMatchObject([
    { number: 1, subject: "ถูกต้อง", letterNumber: "นร 1200/1", status: "registered" },
    { number: 2, letterNumber: null, arrivedAt: null },
    { number: 3, status: "cancelled" },
  ]);
  const table = bookTable("agency-a", 2026, lines);
  context.expect(table).toMatch(/^1\/2569 .*ถูกต้อง/m);
  context.expect(table).toMatch(/^3\/2569 .*\(ยกเลิก\) ลงผิดเล่ม/m);
});
