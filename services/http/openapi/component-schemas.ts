import { join } from "node:path";
import { projectDir, readJson } from "../../shared/runtime/settings.ts";
import { readApiSchemas, type Schema } from "../api-schemas.ts";
import { EXCHANGE_NAMESPACE } from "../send-answer.ts";

type Json = Readonly<Record<string, unknown>>;

/** Whose title is a sentence. */
const OTHERS: readonly { readonly file: string; readonly name: string }[] = [
  { file: "schemas/act.schema.json", name: "Act" },
  { file: "schemas/evidence.schema.json", name: "Evidence" },
];

/**
 * The schemas of schemas/api, of acts and of evidence as components/schemas of the document: each by its title, what stands
 * in $defs by its own, with references among them. What checks requests is what is told about them.
 */
export function componentSchemas(): Record<string, Json> {
  const sources = [
    ...readApiSchemas().documents.map((schema) => ({ schema, name: schema.title ?? "" })),
    ...OTHERS.map(({ file, name }) => ({ schema: readJson(join(projectDir, file)) as Schema, name })),
  ];
  const named = new Map<string, { readonly name: string; readonly schema: Schema; readonly base: string }>();
  for (const { schema, name } of sources) {
    const base = schema.$id ?? "";
    if (name !== "") named.set(`${base}#`, { name, schema, base });
    for (const [key, part] of Object.entries(schema.$defs ?? {})) {
      named.set(`${base}#/$defs/${key}`, { name: part.title ?? nameOf(name, key), schema: part, base });
    }
  }
  const refer = (ref: string, base: string): string => {
    const { href } = new URL(ref, base);
    const found = named.get(href.includes("#") ? href : `${href}#`);
    if (found === undefined) throw new Error(`schemas: ${ref} in ${base} names nothing`);
    return `#/components/schemas/${found.name}`;
  };
  const components: Record<string, Json> = {};
  for (const { name, schema, base } of named.values()) {
    if (Object.hasOwn(components, name)) throw new Error(`schemas: two schemas are called ${name}`);
    components[name] = { title: name, ...(translated(schema, (ref) => refer(ref, base)) as Json) };
  }
  return Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function nameOf(document: string, key: string): string {
  return /^[A-Z]/.test(key) ? key : `${document}${key.slice(0, 1).toUpperCase()}${key.slice(1)}`;
}

/** Keywords whose value maps names to schemas, and those whose value is one, or a list of them. */
const MAPS = new Set(["properties", "patternProperties"]);
const SCHEMAS = new Set(["items", "additionalProperties", "propertyNames"]);
const CONDITIONS = new Set(["if", "then", "else", "not"]);
const LISTS = new Set(["oneOf", "anyOf", "allOf"]);
const LEFT_OUT = new Set(["$schema", "$id", "$defs", "$comment", "title"]);

/** Readers of the document know no true and false in these places. */
function asObject(schema: unknown): unknown {
  if (schema === true) return {};
  return schema === false ? { not: {} } : schema;
}

function translated(schema: unknown, refer: (ref: string) => string): unknown {
  if (typeof schema !== "object" || schema === null) return schema;
  const found: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    // What begins with x- is for our own use.
    if (LEFT_OUT.has(keyword) || keyword.startsWith("x-")) continue;
    if (keyword === "$ref") found[keyword] = refer(value);
    else if (CONDITIONS.has(keyword)) found[keyword] = translated(asObject(value), refer);
    else if (SCHEMAS.has(keyword)) found[keyword] = translated(value, refer);
    else if (LISTS.has(keyword)) found[keyword] = (value as unknown[]).map((each) => translated(each, refer));
    else if (MAPS.has(keyword)) {
      found[keyword] = Object.fromEntries(
        Object.entries(value as Json).map(([name, each]) => [name, translated(each, refer)]),
      );
    } else found[keyword] = value;
  }
  const { "x-element": element, "x-item": item } = schema as Schema;
  if (element !== undefined) found["xml"] = { name: element, namespace: EXCHANGE_NAMESPACE };
  if (item !== undefined) {
    found["xml"] = { wrapped: true };
    found["items"] = { ...(found["items"] as Json), xml: { name: item } };
  }
  return found;
}
