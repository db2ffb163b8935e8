import type { ApiSchemas, Schema } from "../../services/http/api-schemas.ts";

/**
 * TypeScript types of schemas/api: an interface for each object that has a title. What the schemas check, the compiler knows;
 * changed in one place, the other does not compile.
 */
export function apiTypes(schemas: ApiSchemas): string {
  const interfaces = new Map<string, string>();

  const typeOf = (schema: Schema, document: Schema): string => {
    if (schema.$ref !== undefined) {
      const found = schemas.resolve(schema.$ref, document);
      return typeOf(found.schema, found.document);
    }
    if (schema.const !== undefined) return JSON.stringify(schema.const);
    if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
    const choices = schema.oneOf ?? schema.anyOf;
    if (choices !== undefined && schema.properties === undefined) {
      return choices.map((choice) => typeOf(choice, document)).join(" | ");
    }
    if (schema.allOf !== undefined && schema.properties === undefined) {
      return schema.allOf.map((part) => typeOf(part, document)).join(" & ");
    }
    const types = [schema.type ?? (schema.properties === undefined ? "any" : "object")].flat();
    return types.map((type) => typeNamed(type, schema, document)).join(" | ");
  };

  const typeNamed = (type: string, schema: Schema, document: Schema): string => {
    switch (type) {
      case "string":
      case "boolean":
      case "null":
        return type;
      case "integer":
      case "number":
        return "number";
      case "array": {
        const item = typeOf(schema.items ?? {}, document);
        return /[|&]/.test(item) ? `readonly (${item})[]` : `readonly ${item}[]`;
      }
      case "object":
        return objectType(schema, document);
      default:
        return "unknown";
    }
  };

  const objectType = (schema: Schema, document: Schema): string => {
    if (schema.properties === undefined) return "Readonly<Record<string, unknown>>";
    const members = Object.entries(schema.properties).map(([name, property]) => {
      const optional = schema.required?.includes(name) === true ? "" : "?";
      return `${documented(property)}  readonly ${JSON.stringify(name)}${optional}: ${typeOf(property, document)};\n`;
    });
    const { title } = schema;
    if (title === undefined) return `{\n${members.join("")}}`;
    const text = `${documented(schema, "")}export interface ${title} {\n${members.join("")}}\n`;
    const known = interfaces.get(title);
    if (known !== undefined && known !== text)
      throw new Error(`schemas/api: two different objects are called ${title}`);
    interfaces.set(title, text);
    return title;
  };

  for (const document of schemas.documents) {
    const type = typeOf(document, document);
    const { title } = document;
    if (title !== undefined && !interfaces.has(title)) {
      interfaces.set(title, `${documented(document, "")}export type ${title} = ${type};\n`);
    }
  }
  const head =
    "/**\n * Written by npm run generate from schemas/api: what programs send to the exchange API, and what they are answered.\n */\n\n";
  return head + [...interfaces.values()].join("\n");
}

function documented({ description }: Schema, indent = "  "): string {
  return description === undefined ? "" : `${indent}/** ${description.replaceAll("*/", "* /")} */\n`;
}
