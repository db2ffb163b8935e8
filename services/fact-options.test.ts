import { expect, test } from "vitest";
import { factsOf } from "./fact-options.ts";

test("options become the fields of a line; what is not given stays, an empty text empties its field", () => {
  expect(factsOf({})).toEqual({});
  expect(
    factsOf({ subject: "เรื่อง", number: "นร 1200/7", from: "", reference: ["ก", "ข"], enclosure: [] }),
  ).toEqual({
    subject: "เรื่อง",
    letterNumberPrinted: "นร 1200/7",
    from: null,
    references: ["ก", "ข"],
    enclosures: [],
  });
});

test("a date may be written as offices write it, or in ISO form, of either era; one that cannot be read is told", () => {
  for (const date of ["2026-05-31", "2569-05-31", "31/5/2569", "๓๑ พ.ค. ๒๕๖๙", "31 พฤษภาคม 69"]) {
    expect(factsOf({ date }), date).toEqual({ letterDate: "2026-05-31" });
  }
  expect(factsOf({ date: "" })).toEqual({ letterDate: null });
  for (const date of ["yesterday", "31/4/2569", "31/5/26"]) expect(factsOf({ date }), date).toBe(null);
});
