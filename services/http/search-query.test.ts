import { describe, expect, test } from "vitest";
import { parseSearch, type SearchParameters, writeCursor } from "./search-query.ts";

const BOOK = "agency-a.inbound.ordinary";
const AT = Date.parse("2026-11-02T03:00:00Z");

/** The parameters at fault. */
function faultsOf(parameters: SearchParameters): string[] {
  const read = parseSearch(parameters, ["agency-a"]);
  return "faults" in read ? read.faults.map(({ parameter }) => parameter) : [];
}

const cursorOf = (...place: unknown[]): string => Buffer.from(JSON.stringify(place)).toString("base64url");

describe("a cursor", () => {
  test("that a page gave is read back", () => {
    const place = { registeredAt: new Date(AT), bookId: BOOK, year: 2026, number: 2 ** 31 - 1 };
    expect(parseSearch({ cursor: writeCursor(place) }, ["agency-a"])).toMatchObject({
      parsed: { search: { after: place } },
    });
  });

  test.each([
    ["a NUL in the book", [AT, `${BOOK}\0`, 2026, 1]],
    ["no id of a book", [AT, "books", 2026, 1]],
    ["no book", [AT, null, 2026, 1]],
    ["a number beyond an int4", [AT, BOOK, 2026, 2 ** 31]],
    ["the number 0", [AT, BOOK, 2026, 0]],
    ["half a number", [AT, BOOK, 2026, 1.5]],
    ["a number as text", [AT, BOOK, 2026, "1"]],
    ["a year beyond an int4", [AT, BOOK, 2 ** 40, 1]],
    ["a year too late", [AT, BOOK, 3000, 1]],
    ["a moment before 1900", [Date.parse("1899-12-31T16:59:59.999Z"), BOOK, 2026, 1]],
    ["a moment after 2999", [Date.parse("2999-12-31T17:00:00Z"), BOOK, 2026, 1]],
    ["the last moment of all", [8.64e15, BOOK, 2026, 1]],
    ["no moment", [null, BOOK, 2026, 1]],
    ["nothing", []],
  ])("with %s is a fault", (_, place) =>
    expect(faultsOf({ cursor: cursorOf(...place) })).toEqual(["cursor"]),
  );

  test("that is no list is a fault", () => {
    for (const cursor of ["", "x", Buffer.from("null").toString("base64url"), "A".repeat(401)])
      expect(faultsOf({ cursor }), cursor).toEqual(["cursor"]);
  });
});

test("a written term of which nothing is left is a fault; one that was not written is none", () => {
  for (const q of ["\u200b", "\u00ad\u2060 ", "\0"]) expect(faultsOf({ q: [q, "น้ำ"] }), q).toEqual(["q"]);
  expect(parseSearch({ q: ["", " ", "น้ำ", "นํ้า"] }, ["agency-a"])).toMatchObject({
    parsed: { search: { terms: ["น้ำ"] } },
  });
});
