import { expect, test } from "vitest";
import { ownerEventId } from "./owner-facts.ts";
import type { OwnedLetter } from "./owner-store.ts";
import { ownerOf } from "./promise-owner-notices.ts";

const LETTER: OwnedLetter = {
  agencyId: "agency-a",
  nameThai: "หน่วยงานทดสอบ ก",
  nameEnglish: "Test Agency A",
  mailbox: "saraban",
  domain: "agency-a.example.go.th",
  clerk: null,
  ownerMail: null,
  bookId: null,
  year: null,
  number: null,
  letterNumber: null,
  letterDate: null,
  subject: null,
  sentAt: new Date(0),
};
const CLERK = "clerk@agency-a.example.go.th";

test.each([
  ["somsri@agency-a.example.go.th", CLERK, "somsri@agency-a.example.go.th"],
  ["somsri@unit.agency-a.example.go.th", null, "somsri@unit.agency-a.example.go.th"],
  [null, CLERK, CLERK],
  [null, null, null],
  // A stranger, a domain that only ends like ours, and the central mailbox, where it would come back as a letter.
  ["somsri@freemail.example", CLERK, CLERK],
  ["somsri@not-agency-a.example.go.th", CLERK, CLERK],
  ["SARABAN@agency-a.example.go.th", CLERK, CLERK],
  ["saraban_unit@Agency-A.example.go.th", null, null],
  ["saraban+token@agency-a.example.go.th", null, null],
  ["sarabanist@agency-a.example.go.th", null, "sarabanist@agency-a.example.go.th"],
])("owner %s, clerk %s: %s is told", (ownerMail, clerk, told) => {
  expect(ownerOf({ ...LETTER, ownerMail, clerk })).toBe(told);
});

test("the id of a notice follows from what it tells, and is a UUID", () => {
  const ids = [ownerEventId("warned", 1), ownerEventId("escalated", 1), ownerEventId("warned", 2)];
  expect(new Set(ids).size).toBe(3);
  expect(ownerEventId("warned", 1)).toBe(ids[0]);
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
