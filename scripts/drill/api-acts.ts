import fc, { type Arbitrary } from "fast-check";
import { newId } from "../../services/shared/runtime/ids.ts";
import { pick } from "./api-bodies.ts";
import type { Caller } from "./api-installation.ts";
import type { Known } from "./api-known.ts";

/** Acts that the schema's conditions allow, on things that are known: what random members alone would hardly ever be. */
export const act: Arbitrary<(caller: Caller, known: Known) => unknown> = fc
  .record({
    kind: fc.nat(),
    at: fc.nat(),
    more: fc.nat(),
    agency: fc.constantFrom("agency-a", "agency-a", "agency-b", "agency-x"),
  })
  .map(({ kind, at, more, agency }) => (_caller, known) => {
    const uuid = (name: string): unknown => pick<unknown>(known.values(name), at, newId());
    const line = { book: pick(BOOKS, more, "inbound.ordinary"), year: 2026, number: (at % 12) + 1 };
    const letter = {
      series: pick(["ordinary", "circular"], more, "ordinary"),
      subject: "เรื่องทดสอบ",
      recipients: [
        pick<object>([{ partner: "opdc.example.go.th" }, { address: "someone@example.go.th" }], at, {}),
      ],
      files: known.values("fileId").slice(0, more % 2),
      text: "เพื่อโปรดทราบ",
    };
    const version = (more % 3) + 1;
    const made: readonly object[] = [
      { act: "register", intakeId: uuid("intakeId"), facts: { subject: "เรื่อง" } },
      { act: "reject", intakeId: uuid("intakeId"), reason: "ไม่ใช่ของหน่วยงาน" },
      { act: "invalid", intakeId: uuid("intakeId"), reason: "ขาดเลขที่" },
      { act: "not-a-letter", intakeId: uuid("intakeId"), reason: "โฆษณา" },
      { act: "merge", intakeId: uuid("intakeId"), earlierIntakeId: uuid("intakeId") },
      { act: "enter", book: line.book, facts: { subject: "หนังสือกระดาษ", from: "กรมทดสอบ" } },
      { act: "reserve", book: line.book },
      { act: "fill", ...line, facts: { subject: "เติมเลขที่จอง" } },
      { act: "correct", ...line, facts: { remarks: `แก้ไข ${at}` }, reason: "พิมพ์ผิด" },
      { act: "cancel", ...line, reason: "ยกเลิก" },
      { act: "hand-over", ...line, details: { officer: "สมชาย ทดสอบ" } },
      { act: "answer-recall", ...line, details: { accept: true } },
      { act: "draft", letterId: more % 4 === 0 ? uuid("letterId") : newId(), details: { letter } },
      { act: "check", letterId: uuid("letterId"), details: { version } },
      { act: "return", letterId: uuid("letterId"), details: { version }, reason: "แก้" },
      { act: "approve", letterId: uuid("letterId"), details: { version, send: more % 2 === 0 } },
      { act: "send", letterId: uuid("letterId"), details: { version } },
      { act: "resend", letterId: uuid("letterId"), details: { recipientId: uuid("recipientId") } },
      { act: "recall", letterId: uuid("letterId"), reason: "ส่งผิด" },
      { act: "withdraw", letterId: uuid("letterId"), reason: "ไม่ส่งแล้ว" },
      {
        act: "note-answer",
        letterId: uuid("letterId"),
        details: { recipientId: uuid("recipientId"), answer: { what: "arrived" } },
      },
    ];
    return { id: newId(), agencyId: agency, ...pick(made, kind, {}) };
  });

const BOOKS = ["inbound.ordinary", "outbound.ordinary", "outbound.circular"];
