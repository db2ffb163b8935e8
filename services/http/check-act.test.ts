import { join } from "node:path";
import { expect, test } from "vitest";
import { ACTS } from "../shared/letter/act.ts";
import { URGENCIES } from "../shared/letter/letter.ts";
import { LETTER_KINDS } from "../shared/letter/register-line.ts";
import { projectDir, readJson } from "../shared/runtime/settings.ts";
import { openActCheck } from "./check-act.ts";

const check = openActCheck();
const ID = "0199f0c0-0000-7000-8000-000000000001";
const OTHER = "0199f0c0-0000-7000-8000-000000000002";
const tray = { id: ID, agencyId: "agency-a", intakeId: OTHER };
const book = { id: ID, agencyId: "agency-a", book: "outbound.circular" };
const line = { ...book, year: 2026, number: 7 };
const facts = { subject: "เรื่องทดสอบ" };

function pointers(asked: unknown): (string | undefined)[] {
  const checked = check(asked);
  return "faults" in checked ? checked.faults.map(({ pointer }) => pointer) : [];
}

test("each act is taken with what it needs", () => {
  const acts = [
    { ...tray, act: "register" },
    { ...tray, act: "register", facts: { letterNumberPrinted: null, urgency: "urgent" } },
    { ...tray, act: "reject", reason: "ส่งผิดหน่วยงาน" },
    { ...tray, act: "not-a-letter", reason: "โฆษณา" },
    { ...tray, act: "merge", earlierIntakeId: ID },
    { ...book, act: "enter", facts },
    { ...book, act: "reserve" },
    { ...line, act: "fill", facts },
    { ...line, act: "correct", facts: { remarks: null }, reason: "พิมพ์ผิด" },
    { ...line, act: "cancel", reason: "ออกเลขซ้ำ" },
  ];
  for (const asked of acts) expect(check(asked), asked.act).toHaveProperty("act");
  expect(new Set(acts.map(({ act }) => act))).toEqual(new Set(ACTS));
  expect(check(acts[6])).toMatchObject({
    act: { bookId: "agency-a.outbound.circular", intakeId: null, facts: {} },
  });
});

test("what an act lacks, and what has no place in it, is told with its pointer", () => {
  expect(pointers({ ...tray, act: "reject" })).toEqual(["/reason"]);
  expect(pointers({ ...tray, act: "merge" })).toEqual(["/earlierIntakeId"]);
  expect(pointers({ ...line, act: "register" })).toEqual(["/intakeId", "/book", "/year", "/number"]);
  expect(pointers({ ...book, act: "cancel", reason: "x" })).toEqual(["/year", "/number"]);
  expect(pointers({ ...book, act: "enter" })).toEqual(["/facts"]);
  expect(pointers({ ...book, act: "enter", facts: {} })).toEqual(["/facts/subject"]);
  expect(pointers({ ...line, act: "correct", facts: {}, reason: "x" })).toEqual(["/facts"]);
  expect(pointers({ ...book, act: "reserve", facts })).toEqual(["/facts"]);
  expect(pointers({ ...tray, act: "register", secrecy: "secret" })).toEqual(["/secrecy"]);
  expect(pointers({ ...tray, act: "register", facts: { secrecy: "secret" } })).toEqual(["/facts/secrecy"]);
  expect(pointers({ ...book, book: "inbound.classified", act: "reserve" })).toEqual(["/book"]);
  for (const nothing of [null, [], "act", 7, {}]) expect(check(nothing)).toHaveProperty("faults");
});

test("texts and lists are bounded; a letter's date is a real day of the Christian era", () => {
  const registered = (more: object) => pointers({ ...tray, act: "register", facts: more });
  expect(registered({ subject: "ก".repeat(1000) })).toEqual([]);
  expect(registered({ subject: "ก".repeat(1001) })).toEqual(["/facts/subject"]);
  // Longer than an index of the books can take (2,704 octets): the registry would fail at it again and again.
  expect(registered({ letterNumberPrinted: "ก".repeat(201) })).toEqual(["/facts/letterNumberPrinted"]);
  expect(registered({ references: Array(101).fill("ที่ นร 1200/1") })).toEqual(["/facts/references"]);
  expect(registered({ enclosures: ["ก".repeat(501)] })).toEqual(["/facts/enclosures/0"]);
  expect(registered({ letterDate: "2024-02-29" })).toEqual([]);
  for (const letterDate of ["2025-02-29", "2569-05-31", "0000-01-01", "31/5/2569"]) {
    expect(new Set(registered({ letterDate })), letterDate).toEqual(new Set(["/facts/letterDate"]));
  }
});

test("facts and reason are brought to one spelling; a reason of invisible characters is none", () => {
  const asked = {
    ...tray,
    act: "register",
    facts: { letterNumberPrinted: " นร  ๑๒๐๐/๗ ", subject: "ก\u0000\u200bข\nค" },
  };
  expect(check(asked)).toMatchObject({
    act: {
      facts: { letterNumberPrinted: "นร ๑๒๐๐/๗", letterNumber: "นร 1200/7", subject: "กข ค" },
      reason: "",
    },
  });
  expect(pointers({ ...tray, act: "reject", reason: "\u200b" })).toEqual(["/reason"]);
  expect(check({ ...tray, id: ID.toUpperCase(), act: "register" })).toMatchObject({ act: { id: ID } });
});

test("the schema's lists are those of the code", () => {
  const schema = readJson(join(projectDir, "schemas/act.schema.json")) as {
    properties: { act: { enum: string[] } };
    $defs: { facts: { properties: Record<"urgency" | "kind", { enum: string[] }> } };
  };
  expect(schema.properties.act.enum).toEqual([...ACTS]);
  expect(schema.$defs.facts.properties.urgency.enum).toEqual([...URGENCIES]);
  expect(schema.$defs.facts.properties.kind.enum).toEqual([...LETTER_KINDS]);
});
