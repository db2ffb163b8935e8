import { expect, test } from "vitest";
import { bookTable, textTable } from "./book-table.ts";

test("columns stand under each other though Thai marks take no cell of their own", () => {
  const table = textTable([
    ["ที่", "ข"],
    ["กำ", "ค"],
    ["น้ำ", "ง"],
  ]);
  const cells = table.split("\n").map((line) => line.replace(/\p{Mn}/gu, ""));
  expect(cells).toEqual(["ท   ข", "--  -", "กำ  ค", "นำ  ง", ""]);
});

test("the book's table cuts long cells between letters, never between a letter and its marks", () => {
  const line = {
    number: 7,
    year: 2026,
    intakeId: "",
    letterNumber: "นร 1200/55",
    letterDate: null,
    from: null,
    subject: "กี่".repeat(60),
    arrivedAt: new Date("2026-11-21T05:00:00Z"),
    registeredAt: new Date("2026-11-21T05:00:01Z"),
    status: "registered" as const,
    acknowledged: "delivered",
  };
  const table = bookTable("agency-a", 2026, [line]);
  expect(table).toContain("7/2569");
  expect(table).toContain(`${"กี่".repeat(43)}…`);
  expect(table).toContain("2026-11-21 12:00:00  12:00:01");
});
