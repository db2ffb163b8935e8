import fc, { type Arbitrary } from "fast-check";
import type { Schema } from "../../services/http/api-schemas.ts";

export type Schemas = Readonly<Record<string, Schema>>;

const DEEPEST = 6;
/** Longer lists and texts only take time. */
const MOST_ITEMS = 3;
const LONGEST_TEXT = 40;

const THAI = "กขคงจชซญดตถทธนบปผพฟมยรลวศสหอะาิีุูเแโใไ่้๊็์ำฯ๐๑๒๓๔๕๖๗๘๙";
const text = (minLength: number, maxLength: number): Arbitrary<string> =>
  fc.oneof(
    fc.string({ minLength, maxLength }),
    fc.string({ minLength, maxLength, unit: fc.constantFrom(...THAI, " ", "/", ".") }),
  );
const date = fc.date({ min: new Date("2020-01-01"), max: new Date("2026-12-31"), noInvalidDate: true });

/** Values that a schema describes: most of them are valid, for conditions (if, not) are not looked at. */
export function valuesOf(schema: Schema, schemas: Schemas, depth = 0): Arbitrary<unknown> {
  if (schema.$ref !== undefined) {
    const named = schemas[schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1)];
    return depth > DEEPEST || named === undefined ? fc.constant(null) : valuesOf(named, schemas, depth + 1);
  }
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined && schema.properties === undefined) {
    return fc.oneof(...choices.map((choice) => valuesOf(choice, schemas, depth + 1)));
  }
  const types = [schema.type ?? (schema.properties === undefined ? "any" : "object")].flat();
  return fc.oneof(...types.map((type) => typed(type, schema, schemas, depth)));
}

function typed(type: string, schema: Schema, schemas: Schemas, depth: number): Arbitrary<unknown> {
  switch (type) {
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.integer({ min: schema.minimum ?? -10, max: Math.min(schema.maximum ?? 10_000, 2 ** 31 - 1) });
    case "number":
      return fc.double({ min: schema.minimum ?? -1e6, max: schema.maximum ?? 1e6, noNaN: true });
    case "string":
      return strings(schema);
    case "array": {
      const minLength = schema.minItems ?? 0;
      const maxLength = Math.max(minLength, Math.min(schema.maxItems ?? MOST_ITEMS, MOST_ITEMS));
      return fc.array(valuesOf(schema.items ?? {}, schemas, depth + 1), { minLength, maxLength });
    }
    case "object": {
      const { properties = {}, required = [] } = schema;
      const members: Record<string, Arbitrary<unknown>> = {};
      for (const [name, member] of Object.entries(properties))
        members[name] = valuesOf(member, schemas, depth + 1);
      return fc.record(members, { requiredKeys: required.filter((name) => name in properties) });
    }
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function strings({
  format,
  pattern,
  minLength = 0,
  maxLength = LONGEST_TEXT,
  contentEncoding,
}: Schema): Arbitrary<string> {
  if (contentEncoding === "base64") return fc.base64String({ minLength: 4, maxLength: 80 });
  if (format === "uuid") return fc.uuid();
  if (format === "date") return date.map((day) => day.toISOString().slice(0, 10));
  if (format === "date-time") return date.map((day) => day.toISOString());
  if (pattern !== undefined && pattern !== "\\S")
    return fc.stringMatching(new RegExp(pattern, "u")).filter(({ length }) => length <= maxLength);
  const most = Math.min(maxLength, LONGEST_TEXT);
  return text(Math.max(minLength, pattern === undefined ? 0 : 1), most);
}

/** What no schema would ask for, and what has brought down other servers. */
export const SPITEFUL: readonly unknown[] = [
  null,
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "\u202e\ufeff\u200b",
  "' or 1=1; --",
  "../../../../etc/passwd",
  "%00%2e%2e%2f",
  "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x>&a;</x>",
  "ก".repeat(70_000),
  "9".repeat(400),
  -1,
  0,
  0.1,
  1e308,
  2 ** 31,
  2 ** 53,
  true,
  [],
  {},
  [[[[[[[[[[]]]]]]]]]],
  { __proto__: null, constructor: { prototype: {} } },
  "9999-99-99",
  "0000-00-00",
  "-271821-04-20",
  "2026-02-30",
  "NaN",
];

/** One change of a value: a member gone, another one in its place, one that nobody knows. */
export interface Change {
  readonly place: number;
  readonly kind: "drop" | "replace" | "add";
  readonly value: unknown;
}

export const change: Arbitrary<Change> = fc.record({
  place: fc.nat(),
  kind: fc.constantFrom("drop", "replace", "replace", "add"),
  value: fc.oneof(fc.constantFrom(...SPITEFUL), fc.jsonValue({ maxDepth: 3 })),
});

/** A copy of the value with the change at one of its places. */
export function changed(value: unknown, { place, kind, value: other }: Change): unknown {
  const places: (readonly (string | number)[])[] = [];
  const walk = (each: unknown, path: readonly (string | number)[]): void => {
    places.push(path);
    if (Array.isArray(each)) each.forEach((item, at) => void walk(item, [...path, at]));
    else if (typeof each === "object" && each !== null) {
      for (const [name, member] of Object.entries(each)) walk(member, [...path, name]);
    }
  };
  walk(value, []);
  const path = places[place % places.length] ?? [];
  const key = path.at(-1);
  if (key === undefined) return kind === "replace" ? other : value;
  const copy = structuredClone(value);
  let holder = copy as Record<string | number, unknown>;
  for (const step of path.slice(0, -1)) holder = holder[step] as Record<string | number, unknown>;
  if (kind === "drop") Array.isArray(holder) ? holder.splice(Number(key), 1) : delete holder[key];
  else if (kind === "replace") holder[key] = other;
  else if (!Array.isArray(holder)) holder[`${key}X`] = other;
  return copy;
}
