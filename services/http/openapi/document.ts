import { join } from "node:path";
import { projectDir, readJson } from "../../shared/runtime/settings.ts";
import type { SCOPES } from "../clients/client.ts";
import { componentSchemas } from "./component-schemas.ts";
import { type Answer, type Form, type Operation, type Parameter, TAGS } from "./operation.ts";
import { allOperations } from "./operations.ts";
import { problemAnswer, problemsOf } from "./problem-answers.ts";
import { webhookObjects } from "./webhooks.ts";

const SCOPE_WORDS: Readonly<Record<(typeof SCOPES)[number], string>> = {
  submit: "ส่งหนังสือ: hands letters in",
  "read-inbound": "อ่านทะเบียนรับ: reads the inbound book, and gets its letters (the agency's own systems)",
  "read-outbound": "อ่านทะเบียนส่ง: reads the outbound books, and gets the answers (the agency's own systems)",
  "send-outbound": "ส่งหนังสือออก: drafts the agency's letters and has them sent (the agency's own systems)",
  receipts: "รับใบตอบรับ: fetches receipts",
  directory: "อ่านรายชื่อหน่วยงาน: reads the directory of offices",
};

const DESCRIPTION = `ระบบรับ-ส่งหนังสือราชการทางอิเล็กทรอนิกส์: ส่งหนังสือ ติดตามสถานะ รับใบตอบรับที่ลงลายมือชื่อ
และรับหนังสือเข้าด้วยโปรแกรม ข้อความแจ้งข้อผิดพลาดมีทั้งภาษาไทยและอังกฤษ

Exchange of Thai official letters: programs hand letters in, follow them, get signed receipts, and fetch what came in;
clerks work with the books.

- Programs get an access token from \`POST /oauth/token\` (client credentials), or come by mutual TLS. People sign in
  (\`POST /api/v1/session\`); clerks may have a token of their own.
- Whatever is refused is answered with problem details (RFC 9457), with a pointer to what is wrong, in Thai and English.
- Letters have an XML form too: send \`application/xml\` (GovernmentDocument), or ask with \`Accept: application/xml\`.
- GET operations answer HEAD as well. 429 and 503 say in Retry-After when to come again; RateLimit says what is left.
- Other e-saraban systems use e-CMS as it is, at its own address (tag e-CMS).`;

const HEADERS = {
  ETag: "Of this state of the answer; send it in If-None-Match",
  Location: "Where to ask for it",
  "Retry-After": "Seconds to wait",
  RateLimit: 'What is left of this minute: "requests";r=LEFT;t=SECONDS',
  "RateLimit-Policy": '"requests";q=QUOTA;w=60',
  "Preference-Applied": "wait=N, where it was asked for",
  "Content-Disposition": "Name of the file",
  "WWW-Authenticate": "How to say who you are, and which scope is needed",
  "Cache-Control": "How long it may be kept",
  Allow: "Methods that are answered here",
} as const;

/**
 * The OpenAPI 3.1 document of this room, made of the table of operations and of schemas/.
 * @param ecmsPath where the e-CMS door stands
 */
export function openapiDocument(ecmsPath: string): Record<string, unknown> {
  const { version } = readJson(join(projectDir, "package.json")) as { readonly version: string };
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of allOperations(ecmsPath)) {
    const path = documentPath(operation.path);
    paths[path] = { ...paths[path], [operation.method]: operationObject(operation) };
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "e-saraban exchange API (ระบบแลกเปลี่ยนหนังสือราชการ)",
      version,
      description: DESCRIPTION,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/", description: "This installation" }],
    tags: Object.entries(TAGS).map(([name, { th, en }]) => ({ name, description: `${th} (${en})` })),
    paths,
    webhooks: webhookObjects(),
    components: {
      schemas: componentSchemas(),
      headers: Object.fromEntries(
        Object.entries(HEADERS).map(([name, description]) => [
          name,
          { description, schema: { type: "string" } },
        ]),
      ),
      securitySchemes: {
        session: {
          type: "apiKey",
          in: "cookie",
          name: "__Host-saraban",
          description:
            "Of a person who has signed in (POST /api/v1/session); saraban on this machine without TLS. What changes something needs x-csrf-token too",
        },
        clerk: { type: "http", scheme: "bearer", description: "A clerk's token (saraban clerk add)" },
        program: {
          type: "oauth2",
          description: "A program's access token (saraban client add)",
          flows: { clientCredentials: { tokenUrl: "/oauth/token", scopes: SCOPE_WORDS } },
        },
        certificate: {
          type: "mutualTLS",
          description: "A program's certificate; its scopes are those of its row",
        },
        basic: { type: "http", scheme: "basic", description: "A program's id and secret" },
      },
    },
  };
}

/** /api/v1/letters/:id as OpenAPI writes it. */
export function documentPath(path: string): string {
  return path.replaceAll(/:([A-Za-z]+)/g, "{$1}");
}

function operationObject(operation: Operation): object {
  const { id, tag, th, en, description, parameters, body } = operation;
  const responses: Record<string, object> = {};
  for (const [status, answer] of Object.entries(operation.answers)) responses[status] = answerObject(answer);
  for (const [status, codes] of problemsOf(operation)) responses[status] = problemAnswer(status, codes);
  return {
    operationId: id,
    tags: [tag],
    summary: `${th} (${en})`,
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parameters: parameters.filter(isTold).map(parameterObject) }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: body.isOptional !== true, content: formsObject(body.forms) } }),
    responses,
    security: securityOf(operation),
  };
}

/** The specification has Authorization stand among the security schemes alone. */
function isTold({ in: place, name }: Parameter): boolean {
  return place !== "header" || name !== "Authorization";
}

function parameterObject({
  name,
  in: place,
  description,
  schema,
  required = false,
  example,
}: Parameter): object {
  return {
    name,
    in: place,
    description,
    required,
    schema,
    ...(example === undefined ? {} : { example }),
  };
}

function answerObject({ description, forms, headers = [] }: Answer): object {
  return {
    description,
    ...(headers.length === 0
      ? {}
      : {
          headers: Object.fromEntries(
            headers.map((name) => [name, { $ref: `#/components/headers/${name}` }]),
          ),
        }),
    ...(forms === undefined ? {} : { content: formsObject(forms) }),
  };
}

function formsObject(forms: Readonly<Record<string, Form>>): object {
  return Object.fromEntries(
    Object.entries(forms).map(([type, { component, schema, example, encoding }]) => [
      type,
      {
        ...(component === undefined ? {} : { schema: { $ref: `#/components/schemas/${component}` } }),
        ...(schema === undefined ? {} : { schema }),
        ...(example === undefined ? {} : { example }),
        ...(encoding === undefined ? {} : { encoding }),
      },
    ]),
  );
}

function securityOf({ access, tag, id }: Operation): object[] {
  if (tag === "ecms" && id === "callEcms") return [{ certificate: [] }, { basic: [] }];
  if (id === "getAccessToken") return [{ basic: [] }, {}];
  if (access === "public") return [];
  if (access === "people") return [{ session: [] }];
  if (access === "clerks") return [{ session: [] }, { clerk: [] }];
  const { scopes, programsOnly } = access;
  const programs = scopes === "any" ? [{ program: [] }] : scopes.map((scope) => ({ program: [scope] }));
  return [
    ...(programsOnly === true ? [] : [{ session: [] }, { clerk: [] }]),
    ...programs,
    { certificate: [] },
  ];
}
