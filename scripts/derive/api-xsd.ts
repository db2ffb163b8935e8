import type { ApiSchemas, Schema } from "../../services/http/api-schemas.ts";

export const EXCHANGE_NAMESPACE = "urn:e-saraban-mail:exchange:1";

/**
 * XML Schema of the answers that have an XML form (x-element): the same members in the order of the JSON Schema, one element
 * each, in one namespace; what is null is left out, and each item of an array has the name x-item.
 */
export function apiXsd(schemas: ApiSchemas): string {
  const types = new Map<string, string>();

  /** @returns the attributes or the content of an xs:element for a value */
  const typed = (schema: Schema, document: Schema, path: string): { type?: string; inner?: string } => {
    if (schema.$ref !== undefined) {
      const found = schemas.resolve(schema.$ref, document);
      return typed(found.schema, found.document, path);
    }
    const choice = (schema.oneOf ?? schema.anyOf)?.find(({ type }) => type !== "null");
    if (choice !== undefined && schema.properties === undefined) return typed(choice, document, path);
    if (schema.enum !== undefined) {
      const values = schema.enum.filter((value) => value !== null);
      return {
        inner: restricted(
          "xs:string",
          values.map((value) => `<xs:enumeration value="${escaped(String(value))}"/>`),
        ),
      };
    }
    const type = [schema.type ?? "string"].flat().find((name) => name !== "null");
    if (type === "array") {
      const name = schema["x-item"] ?? "item";
      const item = element(name, schema.items ?? {}, document, `${path}/${name}`, [
        'minOccurs="0"',
        'maxOccurs="unbounded"',
      ]);
      return { inner: `<xs:complexType><xs:sequence>${item}</xs:sequence></xs:complexType>` };
    }
    if (type === "object") {
      if (schema.properties === undefined) throw new Error(`schemas/api: ${path} has no form in XML`);
      const { title } = schema;
      if (title === undefined) return { inner: complexType(schema, document, path, "") };
      if (!types.has(title)) {
        types.set(title, "");
        types.set(title, complexType(schema, document, path, ` name="${title}"`));
      }
      return { type: title };
    }
    return simple(type ?? "string", schema);
  };

  const element = (
    name: string,
    schema: Schema,
    document: Schema,
    path: string,
    occurs: readonly string[],
  ): string => {
    const { type, inner } = typed(schema, document, path);
    const attributes = [`name="${name}"`, ...(type === undefined ? [] : [`type="${type}"`]), ...occurs].join(
      " ",
    );
    const note = schema.description === undefined ? "" : documentation(schema.description);
    const content = `${note}${inner ?? ""}`;
    return content === ""
      ? `<xs:element ${attributes}/>`
      : `<xs:element ${attributes}>${content}</xs:element>`;
  };

  const complexType = (schema: Schema, document: Schema, path: string, name: string): string => {
    const inXml = Object.entries(schema.properties ?? {}).filter(([, value]) => !value["x-json-only"]);
    const members = inXml.map(([property, value]) => {
      const needed = schema.required?.includes(property) === true && !isNullable(value);
      return element(property, value, document, `${path}/${property}`, needed ? [] : ['minOccurs="0"']);
    });
    return `<xs:complexType${name}><xs:sequence>${members.join("")}</xs:sequence></xs:complexType>`;
  };

  const roots = schemas.documents.flatMap((document) => {
    const name = document["x-element"];
    return name === undefined ? [] : [element(name, document, document, name, [])];
  });
  const head =
    '<?xml version="1.0" encoding="UTF-8"?>\n<!-- Written by npm run generate from schemas/api. -->\n' +
    '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" ' +
    `xmlns="${EXCHANGE_NAMESPACE}" targetNamespace="${EXCHANGE_NAMESPACE}" elementFormDefault="qualified">`;
  return indented(`${head}${roots.join("")}${[...types.values()].join("")}</xs:schema>`);
}

const FORMATS: Readonly<Record<string, string>> = {
  date: "xs:date",
  "date-time": "xs:dateTime",
  uri: "xs:anyURI",
};

function simple(
  type: string,
  { format = "", minimum, maxLength }: Schema,
): { type?: string; inner?: string } {
  if (type === "boolean") return { type: "xs:boolean" };
  if (type === "number") return { type: "xs:decimal" };
  if (type === "integer") {
    return minimum === undefined
      ? { type: "xs:integer" }
      : { inner: restricted("xs:integer", [`<xs:minInclusive value="${minimum}"/>`]) };
  }
  const base = FORMATS[format];
  if (base !== undefined) return { type: base };
  if (format === "uuid")
    return {
      inner: restricted("xs:string", ['<xs:pattern value="[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"/>']),
    };
  return maxLength === undefined
    ? { type: "xs:string" }
    : { inner: restricted("xs:string", [`<xs:maxLength value="${maxLength}"/>`]) };
}

function restricted(base: string, facets: readonly string[]): string {
  return `<xs:simpleType><xs:restriction base="${base}">${facets.join("")}</xs:restriction></xs:simpleType>`;
}

function isNullable({ type, oneOf, anyOf }: Schema): boolean {
  return [type].flat().includes("null") || (oneOf ?? anyOf ?? []).some((choice) => choice.type === "null");
}

function documentation(text: string): string {
  return `<xs:annotation><xs:documentation>${escaped(text)}</xs:documentation></xs:annotation>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

/** One element a line, for people who read it. */
function indented(xml: string): string {
  let depth = 0;
  return `${xml
    .replaceAll(/>(?=<)/g, ">\n")
    .split("\n")
    .map((line) => {
      if (line.startsWith("</")) depth -= 1;
      const text = "  ".repeat(depth) + line;
      const opens = /^<xs:[^>]*[^/]>$/.test(line) && !line.includes("</");
      if (opens) depth += 1;
      return text;
    })
    .join("\n")}\n`;
}
