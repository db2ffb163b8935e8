import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalForm } from "./canonical-form.ts";

const SEED = 20261121;

/** The same document with its members in another order, all the way down. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([name, inner]) => [name, turned(inner)] as const);
  const copy = Object.create(null) as Record<string, unknown>;
  for (const [name, inner] of members.reverse()) copy[name] = inner;
  return copy;
}

const documents = fc.jsonValue({ maxDepth: 4 });

test("the canonical form says the same, is its own canonical form, and knows no order of members", () => {
  fc.assert(
    fc.property(documents, (document) => {
      const text = canonicalForm(document);
      const read: unknown = JSON.parse(text);
      expect(canonicalForm(read)).toBe(text);
      expect(canonicalForm(turned(document))).toBe(text);
      expect(turned(read)).toEqual(turned(JSON.parse(JSON.stringify(document))));
    }),
    { seed: SEED, numRuns: 500 },
  );
});

test("documents that differ have forms that differ", () => {
  fc.assert(
    fc.property(documents, documents, (one, other) => {
      const same = canonicalForm(one) === canonicalForm(other);
      expect(same).toBe(JSON.stringify(sorted(one)) === JSON.stringify(sorted(other)));
    }),
    { seed: SEED, numRuns: 300 },
  );
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([name, inner]) => [name, sorted(inner)] as const);
  return { members: members.sort(([one], [other]) => (one < other ? -1 : 1)) };
}

test("numbers, strings and order of members as RFC 8785 has them", () => {
  const document = {
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\u{1f600}": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis",
  };
  expect(Object.values(JSON.parse(canonicalForm(document)))).toEqual([
    "One", // a member whose name is an index comes first in JavaScript; in the text it stands second
    "Carriage Return",
    "Control",
    "Latin Small Letter O With Diaeresis",
    "Euro Sign",
    "Emoji: Grinning Face",
    "Hebrew Letter Dalet With Dagesh",
  ]);
  expect(canonicalForm(document).startsWith('{"\\r":"Carriage Return","1":"One"')).toBe(true);
  expect(
    canonicalForm([
      Number("333333333.33333329"),
      1e30,
      4.5,
      2e-3,
      1e-27,
      -0,
      "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
    ]),
  ).toBe('[333333333.3333333,1e+30,4.5,0.002,1e-27,0,"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"]');
  expect(canonicalForm({ b: { d: 1, c: "ที่ นร ๑๒๐๐/๕๕" }, a: [] })).toBe(
    '{"a":[],"b":{"c":"ที่ นร ๑๒๐๐/๕๕","d":1}}',
  );
});

test("what JSON has no word for is not signed", () => {
  for (const value of [undefined, Number.NaN, Number.POSITIVE_INFINITY, "\ud800", { a: Number.NaN }, () => 1])
    expect(() => canonicalForm(value)).toThrow();
});
