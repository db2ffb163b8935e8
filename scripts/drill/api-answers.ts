import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { type DocumentSchema, openDocumentSchema } from "../../services/http/letters/document-schema.ts";
import { documentPath } from "../../services/http/openapi/document.ts";
import type { Operation } from "../../services/http/openapi/operation.ts";

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly octets: Buffer;
}

interface Content {
  readonly schema?: object;
}

/** What was wrong with an answer: a server's error, or something that the document does not tell. */
export interface AnswerFault {
  readonly kind: "server-error" | "undocumented";
  readonly words: string;
}

/** Says that there is no room for more now; everything else of 5xx is an error. */
const BUSY = new Set(["index-behind", "too-many-waiting", "no-room-now", "temporarily_unavailable"]);

/** Holds answers to the document: status, media type, and the body by its schema. */
export async function openAnswerCheck(document: Record<string, unknown>) {
  const { schemas } = document["components"] as { schemas: object };
  const paths = document["paths"] as Record<
    string,
    Record<string, { responses: Record<string, { content?: Record<string, Content> }> }>
  >;
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true });
  // ajv-formats is CommonJS: its function stands in `default`.
  (addFormats as unknown as { default: (to: Ajv2020) => void }).default(ajv);
  ajv.addVocabulary(["xml", "components"]);
  ajv.addSchema({ $id: "https://saraban.example.go.th/openapi.json", components: { schemas } });
  const checks = new WeakMap<object, ValidateFunction>();
  const checkOf = (schema: object): ValidateFunction => {
    let check = checks.get(schema);
    if (check === undefined) {
      check = ajv.compile(
        JSON.parse(
          JSON.stringify(schema).replaceAll(
            '"#/components',
            '"https://saraban.example.go.th/openapi.json#/components',
          ),
        ) as object,
      );
      checks.set(schema, check);
    }
    return check;
  };
  const xml: DocumentSchema = await openDocumentSchema("exchange.xsd");

  return ({ path, method, id }: Operation, { status, headers, octets }: ApiAnswer): AnswerFault | null => {
    const undocumented = (words: string): AnswerFault => ({
      kind: "undocumented",
      words: `${id} ${status}: ${words}`,
    });
    const type = (headers.get("content-type") ?? "").split(";")[0]?.trim() ?? "";
    const isJson = /^application\/(?:[a-z-]+\+)?json$/.test(type);
    let body: unknown;
    try {
      body = isJson ? JSON.parse(octets.toString("utf8")) : undefined;
    } catch {
      return undocumented("is no JSON");
    }
    if (status >= 500 && !isBusy(id, status, body, octets)) {
      return { kind: "server-error", words: `${id} ${status}: ${octets.subarray(0, 200)}` };
    }
    const response = paths[documentPath(path)]?.[method]?.responses[String(status)];
    if (response === undefined) return undocumented(`no such status; ${octets.subarray(0, 200)}`);
    const needed = NEEDED_FIELD[status];
    if (needed !== undefined && !headers.has(needed) && id !== "isReady")
      return undocumented(`without ${needed}`);
    const told = (body as { status?: unknown } | undefined)?.status;
    if (type === "application/problem+json" && told !== status)
      return undocumented(`says that it is ${told}`);
    const { content } = response;
    if (content === undefined) return octets.length === 0 ? null : undocumented("has a body");
    const form = content[type] ?? content["*/*"];
    if (form === undefined) return undocumented(`no such media type: ${type}`);
    if (isJson && form.schema !== undefined && content[type] !== undefined) {
      const check = checkOf(form.schema);
      if (!check(body)) {
        const [error] = check.errors ?? [];
        return undocumented(`${error?.instancePath} ${error?.message} ${JSON.stringify(error?.params)}`);
      }
    }
    if (type === "application/xml" || type === "application/problem+xml") {
      const [fault] = xml(octets.toString("utf8"));
      if (fault !== undefined) return undocumented(`${fault.pointer} ${fault.en}`);
    }
    return null;
  };
}

/** Fields without which an answer with this status is of little use. */
const NEEDED_FIELD: Readonly<Record<number, string>> = {
  304: "etag",
  401: "www-authenticate",
  405: "allow",
  429: "retry-after",
  503: "retry-after",
};

function isBusy(id: string, status: number, body: unknown, octets: Buffer): boolean {
  if (status !== 503) return false;
  const { code, error } = (body ?? {}) as { code?: unknown; error?: unknown };
  if (id === "isReady") return true;
  return BUSY.has(String(code ?? error)) || (id === "callEcms" && octets.includes("not-available"));
}
