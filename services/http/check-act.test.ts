import { join } from "node:path";
import { expect, test } from "vitest";
import { ACTS } from "../shared/letter/act.ts";
import { URGENCIES } from "../shared/letter/letter.ts";
import { LETTER_KINDS } from "../shared/letter/register-line.ts";
import { projectDir, readJson } from "../shared/runtime/settings.ts";
import { BODY_LIMIT_BYTES } from "./act-door.ts";
import { openActCheck } from "./check-act.ts";

const check = openActCheck();
const ID = "0199f0c0-0000-7000-8000-000000000001";
const OTHER = "0199f0c0-0000-7000-8000-000000000002";
const tray = { id: ID, agencyId: "agency-a", intakeId: OTHER };
const book = { id: ID, agencyId: "agency-a", book: "outbound.circular" };
const line = { ...book, year: 2026, number: 7 };
const facts = { subject: "เรื่องทดสอบ" };
const ours = { id: ID, agencyId: "agency-a", letterId: OTHER };
const letter = {
  series: "ordinary",
  subject: "เรื่องทดสอบ",
  recipients: [{ partner: "opdc.example.go.th" }],
  files: [OTHER],
};
const draft = (more: object = {}) => ({ ...ours, act: "draft", details: { letter: { ...letter, ...more } } });

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
    { ...tray, act: "invalid", reason: "ไม่มีหน้าสอง" },
    { ...line, act: "hand-over", details: { officer: "สมชาย ทดสอบ" } },
    { ...line, act: "answer-recall", details: { accept: true } },
    draft(),
    { ...ours, act: "check", details: { version: 1 } },
    { ...ours, act: "return", details: { version: 1 }, reason: "แก้เลขบัญชี" },
    { ...ours, act: "approve", details: { version: 2, send: true } },
    { ...ours, act: "approve", details: { version: 2 }, book: "outbound.ordinary", year: 2026, number: 7 },
    { ...ours, act: "send", details: { version: 2 } },
    { ...ours, act: "resend", details: { recipientId: ID } },
    { ...ours, act: "recall", details: { replacedBy: ID }, reason: "ส่งผิดฉบับ" },
    { ...ours, act: "recall", reason: "ส่งผิดฉบับ" },
    { ...ours, act: "withdraw", reason: "ไม่ส่งแล้ว" },
    {
      ...ours,
      act: "note-answer",
      details: {
        recipientId: ID,
        answer: { what: "registered", receiveNumber: "12/2569", at: "2026-05-31T09:00:00+07:00" },
      },
    },
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

test("what outbound letters and lines need, and what belongs to another act, is told with its pointer", () => {
  expect(pointers({ ...draft(), book: "outbound.ordinary" })).toEqual(["/book"]);
  expect(pointers({ ...draft(), facts })).toEqual(["/facts"]);
  expect(pointers({ id: ID, agencyId: "agency-a", act: "draft" })).toEqual(["/letterId", "/details"]);
  expect(pointers({ ...ours, act: "draft", details: { version: 1 } })).toEqual(["/details/letter"]);
  expect(pointers({ ...draft(), act: "withdraw", reason: "x", details: { version: 1 } })).toEqual([
    "/details/version",
  ]);
  expect(pointers({ ...ours, act: "check", details: {} })).toEqual(["/details/version"]);
  expect(pointers({ ...ours, act: "check", details: { version: 1, send: true } })).toEqual(["/details/send"]);
  expect(pointers({ ...ours, act: "send" })).toEqual(["/details"]);
  expect(pointers({ ...ours, act: "approve", details: { version: 1 }, number: 7 })).toEqual([
    "/book",
    "/year",
  ]);
  expect(pointers({ ...ours, act: "return", details: { version: 1 } })).toEqual(["/reason"]);
  expect(pointers({ ...ours, act: "note-answer", details: { recipientId: ID } })).toEqual([
    "/details/answer",
  ]);
  expect(pointers({ ...ours, act: "withdraw", reason: "x", details: { accept: true } })).toEqual([
    "/details/accept",
  ]);
  expect(pointers({ ...line, act: "hand-over", letterId: ID })).toEqual(["/letterId", "/details"]);
  expect(pointers({ ...line, act: "hand-over", details: { officer: "\u200b" } })).toEqual([
    "/details/officer",
  ]);
  expect(pointers({ ...line, act: "answer-recall", details: { accept: false } })).toEqual(["/reason"]);
  expect(pointers({ ...tray, act: "register", details: { officer: "x" } })).toEqual(["/details/officer"]);
});

test("a letter's recipients are partners or addresses, each once, and bounded; unknown fields have no place", () => {
  const recipients = (...list: object[]) => pointers(draft({ recipients: list }));
  const at = "/details/letter/recipients/0";
  const [address, partner] = ["saraban@x.example.go.th", "x.example.go.th"];
  expect(recipients({ address }, { partner, name: "ผู้รับ" })).toEqual([]);
  for (const neither of [{}, { name: "ผู้รับ" }, { address, partner }])
    expect(recipients(neither)).toEqual([at]);
  for (const hostile of [
    "x@y",
    "a b@x.go.th",
    "x@x.go.th\r\nRCPT TO:<y@y.th>",
    "<x@x.go.th>",
    "x@x.go.th,y@y.go.th",
    `${"x".repeat(65)}@x.go.th`,
  ])
    expect(recipients({ address: hostile }), hostile).toEqual([`${at}/address`]);
  expect(recipients({ address }, { address: "Saraban@X.example.go.th" })).toEqual([
    "/details/letter/recipients/1",
  ]);
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ address: `a${index}@x.go.th` }));
  expect(recipients(...many(1000))).toEqual([]);
  expect(recipients(...many(1001))).toEqual(["/details/letter/recipients"]);
  expect(pointers(draft({ files: [ID, ID] }))).toEqual(["/details/letter/files"]);
  expect(pointers(draft({ subject: "\u200b" }))).toEqual(["/details/letter/subject"]);
  expect(pointers(draft({ letterNumberPrinted: "ทก 1/1" }))).toEqual(["/details/letter/letterNumberPrinted"]);
  expect(pointers(draft({ secrecy: "secret" }))).toEqual(["/details/letter/secrecy"]);
});

test("the largest letter that the schema allows comes through the door", () => {
  const longest = (length: number) => "ก".repeat(length);
  const host = `${"x".repeat(63)}.`.repeat(3);
  const address = (index: number) => `${String(index).padStart(50, "a")}@${host}${"x".repeat(10)}`;
  const asked = draft({
    ...Object.fromEntries(
      ["subject", "from", "to", "action", "remarks"].map((name) => [name, longest(1000)]),
    ),
    references: Array(100).fill(longest(500)),
    enclosures: Array(100).fill(longest(500)),
    text: longest(10_000),
    recipients: Array.from({ length: 1000 }, (_, index) => ({ name: longest(300), address: address(index) })),
  });
  expect(check({ ...asked, reason: longest(1000) })).toHaveProperty("act");
  expect(Buffer.byteLength(JSON.stringify(asked))).toBeLessThan(BODY_LIMIT_BYTES);
});

test("an outbound letter is brought to one spelling, once and for all", () => {
  const asked = draft({
    subject: " เรื่อง\u200b  ทดสอบ\n",
    text: "บรรทัดแรก\r\nบรรทัดสอง\u0000 ",
    references: ["ที่ นร ๑๒๐๐/๗ "],
    recipients: [
      { partner: "OPDC.example.go.th", name: " สำนักงาน  ก.พ.ร. " },
      { address: "Saraban@X.Example.go.th" },
    ],
    files: [OTHER.toUpperCase()],
  });
  const checked = check(asked);
  expect(checked).toMatchObject({
    act: {
      letterId: OTHER,
      details: {
        letter: {
          series: "ordinary",
          subject: "เรื่อง ทดสอบ",
          text: "บรรทัดแรก\nบรรทัดสอง",
          references: ["ที่ นร ๑๒๐๐/๗"],
          recipients: [
            { partner: "opdc.example.go.th", name: "สำนักงาน ก.พ.ร." },
            { address: "Saraban@x.example.go.th" },
          ],
          files: [OTHER],
        },
      },
    },
  });
  if (!("act" in checked)) throw new Error("refused");
  expect(check({ ...asked, details: checked.act.details })).toEqual(checked);
});

test("an answer's instant is told as UTC: an offset that the database does not take would be read from it for ever", () => {
  const noted = (at: string) => ({
    id: ID,
    agencyId: "agency-a",
    act: "note-answer",
    letterId: OTHER,
    details: { recipientId: ID, answer: { what: "registered", at } },
  });
  expect(check(noted("2026-05-31T09:00:00+23:59"))).toMatchObject({
    act: { details: { answer: { at: "2026-05-30T09:01:00.000Z" } } },
  });
  expect(new Set(pointers(noted("0001-01-01T00:00:00+07:00")))).toEqual(new Set(["/details/answer/at"]));
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
