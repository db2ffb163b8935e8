import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { xmlCharacters } from "../shared/ecms/wire-text.ts";
import { type ApiSchemas, readApiSchemas, type Schema } from "./api-schemas.ts";

/** Namespace of the XML forms (schemas/xsd/exchange.xsd). */
export const EXCHANGE_NAMESPACE = "urn:e-saraban-mail:exchange:1";

/** Answers with a document of schemas/api, in JSON or, where the caller would rather have it, in its XML form. */
export type SendAnswer = (request: FastifyRequest, reply: FastifyReply, document: object) => FastifyReply;

/**
 * @param element x-element of the document's schema: letterStatus
 * @throws Error when no schema has it
 */
export function openAnswer(element: string, schemas: ApiSchemas = readApiSchemas()): SendAnswer {
  const schema = schemas.documents.find((each) => each["x-element"] === element);
  if (schema === undefined) throw new Error(`schemas/api: nothing there is called ${element}`);
  return (request, reply, document) => {
    reply.header("vary", "accept");
    const inXml = wantsXml(request);
    const text = inXml
      ? `<?xml version="1.0" encoding="UTF-8"?>\n${elementOf(element, document, schema, schema, schemas, ` xmlns="${EXCHANGE_NAMESPACE}"`)}`
      : JSON.stringify(document);
    if (request.method === "GET" || request.method === "HEAD") {
      const tag = tagOf(text);
      reply.header("etag", tag);
      if (namesTag(request.headers["if-none-match"], tag)) return reply.code(304).send();
    }
    return reply.type(`application/${inXml ? "xml" : "json"}; charset=utf-8`).send(text);
  };
}

/** The ETag of a text: equal for equal texts. */
export function tagOf(text: string): string {
  return `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
}

/** If-None-Match (RFC 9110 §13.1.2): compared without regard to W/. */
export function namesTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((each) => each.trim() === "*" || each.trim().replace(/^W\//, "") === tag);
}

/** Whether a caller would rather have XML (RFC 9110 §12.5.1); one that does not say gets what it has sent. */
export function wantsXml({ headers }: Pick<FastifyRequest, "headers">): boolean {
  const { accept = "*/*" } = headers;
  const xml = Math.max(qualityOf(accept, "application/xml"), qualityOf(accept, "text/xml"));
  const json = qualityOf(accept, "application/json");
  if (xml !== json) return xml > json;
  return /^application\/xml\b/i.test(headers["content-type"] ?? "");
}

const WEIGHT = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i;
/** More ranges say nothing more. */
const MOST_RANGES = 20;

/** Weight of a media type by the range that names it most closely; 0 where none does. */
function qualityOf(accept: string, type: string): number {
  let closest = -1;
  let quality = 0;
  for (const range of accept.slice(0, 1_000).split(",").slice(0, MOST_RANGES)) {
    const [name = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const close = name === type ? 2 : name === `${type.split("/")[0]}/*` ? 1 : name === "*/*" ? 0 : -1;
    if (close <= closest) continue;
    closest = close;
    const weight = parameters.map((parameter) => WEIGHT.exec(parameter)?.[1]).find((found) => found);
    quality = weight === undefined ? 1 : Number(weight);
  }
  return quality;
}

/** In the order of the schema, as the sequence in the XSD is; what is null or not there has no element. */
function elementOf(
  name: string,
  value: unknown,
  schema: Schema,
  document: Schema,
  schemas: ApiSchemas,
  attributes = "",
): string {
  if (schema.$ref !== undefined) {
    const found = schemas.resolve(schema.$ref, document);
    return elementOf(name, value, found.schema, found.document, schemas, attributes);
  }
  const choice = (schema.oneOf ?? schema.anyOf)?.find(({ type }) => type !== "null");
  if (choice !== undefined && schema.properties === undefined) {
    return elementOf(name, value, choice, document, schemas, attributes);
  }
  return `<${name}${attributes}>${contentOf(value, schema, document, schemas)}</${name}>`;
}

function contentOf(value: unknown, schema: Schema, document: Schema, schemas: ApiSchemas): string {
  if (Array.isArray(value)) {
    const item = schema["x-item"] ?? "item";
    return value.map((each) => elementOf(item, each, schema.items ?? {}, document, schemas)).join("");
  }
  if (schema.properties !== undefined && typeof value === "object" && value !== null) {
    return Object.entries(schema.properties)
      .map(([name, property]) => {
        const member = (value as Record<string, unknown>)[name];
        return member === undefined || member === null || property["x-json-only"] === true
          ? ""
          : elementOf(name, member, property, document, schemas);
      })
      .join("");
  }
  return xmlText(value instanceof Date ? value.toISOString() : String(value));
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;" };

export function xmlText(text: string): string {
  return xmlCharacters(text).replace(/[&<>\r]/g, (character) => ENTITIES[character] ?? "");
}
