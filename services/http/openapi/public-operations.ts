import { answers, component, type Operation } from "./operation.ts";
import { AFTER_ID, IF_NONE_MATCH, limit } from "./parameters.ts";

const NOT_CHANGED = { description: "Nothing has changed since the answer with this ETag", headers: ["ETag"] };
const REFUSED = { forms: { "application/json": component("TokenRefused") } };

/** How the e-CMS door answers, in the words of its protocol. */
const SOAP = { "text/xml": { schema: { type: "string", description: "SOAP envelope" } } } as const;

export const LISTS = ["urgency", "secrecy", "letter-kinds", "mime-types", "ministries"] as const;

export const PUBLIC_OPERATIONS: readonly Operation[] = [
  {
    method: "post",
    path: "/oauth/token",
    id: "getAccessToken",
    tag: "access",
    th: "ขอโทเค็นสำหรับโปรแกรม",
    en: "Get an access token",
    description:
      "ใช้รหัสโปรแกรมและรหัสลับที่ผู้ดูแลระบบออกให้ ส่งใน Authorization: Basic หรือในแบบฟอร์ม\n\nOAuth 2.0 client credentials (RFC 6749 §4.4): id and secret in Authorization: Basic, or in the form. The administrator registers programs: saraban client add.",
    access: "public",
    parameters: [
      {
        name: "Authorization",
        in: "header",
        description: "Basic ID:SECRET, each encoded like a form field",
        schema: { type: "string" },
      },
    ],
    body: {
      forms: {
        "application/x-www-form-urlencoded": component("TokenAsked", {
          grant_type: "client_credentials",
          scope: "submit receipts",
        }),
      },
    },
    answers: {
      200: {
        ...answers("The token", "TokenAnswer"),
        headers: ["RateLimit", "RateLimit-Policy"],
      },
      400: { description: "The request is wrong", ...REFUSED },
      401: {
        description: "No client in force has this id and secret",
        ...REFUSED,
        headers: ["WWW-Authenticate"],
      },
      429: {
        description: "Too many wrong secrets, or too many requests",
        ...REFUSED,
        headers: ["Retry-After"],
      },
      503: { description: "Not available now", ...REFUSED, headers: ["Retry-After"] },
    },
    hasOwnErrors: true,
  },
  {
    method: "get",
    path: "/api/v1/codes",
    id: "listCodes",
    tag: "reference",
    th: "รหัสอ้างอิงทั้งหมด",
    en: "All code lists",
    access: "public",
    parameters: [IF_NONE_MATCH],
    answers: {
      200: { ...answers("The lists", "CodeLists"), headers: ["ETag", "Cache-Control"] },
      304: NOT_CHANGED,
    },
  },
  {
    method: "get",
    path: "/api/v1/codes/:list",
    id: "getCodeList",
    tag: "reference",
    th: "รหัสอ้างอิงหนึ่งรายการ",
    en: "One code list",
    access: "public",
    parameters: [
      {
        name: "list",
        in: "path",
        description: "Which",
        schema: { enum: LISTS },
        required: true,
        example: "urgency",
      },
      IF_NONE_MATCH,
    ],
    answers: {
      200: { ...answers("The list", "CodeList"), headers: ["ETag", "Cache-Control"] },
      304: NOT_CHANGED,
    },
    problems: ["not-found"],
  },
  {
    method: "get",
    path: "/api/v1/directory",
    id: "listDirectory",
    tag: "reference",
    th: "รายชื่อหน่วยงาน",
    en: "Agencies served here, and the offices they exchange letters with",
    access: { scopes: ["directory"] },
    parameters: [
      {
        name: "q",
        in: "query",
        description:
          "Stands somewhere in the name, or is the organisation's number (5 or 10 digits) or its domain",
        schema: { type: "string", maxLength: 200 },
        example: "กระทรวง",
      },
      limit(50),
      {
        ...AFTER_ID,
        schema: { type: "string", maxLength: 253, pattern: "^[a-z0-9-]+(\\.[a-z0-9-]+)+$" },
      },
      IF_NONE_MATCH,
    ],
    answers: {
      200: { ...answers("A page, by domain", "DirectoryPage"), headers: ["ETag"] },
      304: NOT_CHANGED,
    },
    problems: ["not-understood"],
  },
  {
    method: "get",
    path: "/api/v1/time",
    id: "getTime",
    tag: "reference",
    th: "เวลาของระบบและความเที่ยงตรง",
    en: "This installation's time, and how far it can be trusted",
    access: "public",
    answers: { 200: answers("The time", "Time") },
  },
  {
    method: "get",
    path: "/healthz",
    id: "isAlive",
    tag: "operation",
    th: "ระบบทำงานอยู่หรือไม่",
    en: "Whether the process lives",
    access: "public",
    answers: { 200: answers("It does", "Alive") },
  },
  {
    method: "get",
    path: "/readyz",
    id: "isReady",
    tag: "operation",
    th: "แต่ละส่วนพร้อมทำงานหรือไม่",
    en: "Whether each part can work",
    access: "public",
    answers: {
      200: answers("Letters can be accepted, numbered and acknowledged", "Readiness"),
      503: answers("They cannot", "Readiness"),
    },
    hasOwnErrors: true,
  },
  {
    method: "get",
    path: "/metrics",
    id: "getMetrics",
    tag: "operation",
    th: "ตัวชี้วัด",
    en: "Metrics (Prometheus)",
    access: "public",
    answers: {
      200: { description: "In the text format", forms: { "text/plain": { schema: { type: "string" } } } },
    },
  },
  ...["/openapi.json", "/api/v1/openapi.json"].map(
    (path, index): Operation => ({
      method: "get",
      path,
      id: index === 0 ? "getDocument" : "getDocumentHere",
      tag: "operation",
      th: "เอกสารนี้ (OpenAPI)",
      en: "This document",
      access: "public",
      parameters: [IF_NONE_MATCH],
      answers: {
        200: {
          description: "OpenAPI 3.1",
          forms: { "application/json": { schema: { type: "object" } } },
          headers: ["ETag", "Cache-Control"],
        },
        304: NOT_CHANGED,
      },
    }),
  ),
  ...(
    [
      ["/api/docs", "openDocs", "text/html"],
      ["/api/docs/page.js", "getDocsScript", "text/javascript"],
      ["/api/docs/page.css", "getDocsStyle", "text/css"],
    ] as const
  ).map(
    ([path, id, type]): Operation => ({
      method: "get",
      path,
      id,
      tag: "operation",
      th: "หน้าเอกสารสำหรับอ่านและทดลอง",
      en: "This document as a page to read and try",
      access: "public",
      parameters: [IF_NONE_MATCH],
      answers: {
        200: {
          description: "The page, or a part of it",
          forms: { [type]: {} },
          headers: ["ETag", "Cache-Control"],
        },
        304: NOT_CHANGED,
      },
    }),
  ),
];

/** @param path where the door stands (ecms.path) */
export function ecmsOperations(path: string): readonly Operation[] {
  return [
    {
      method: "post",
      path,
      id: "callEcms",
      tag: "ecms",
      th: "โพรโทคอล e-CMS รุ่น 1.0 และ 2.0",
      en: "The e-CMS protocol, versions 1.0 and 2.0",
      description:
        "ระบบสารบรรณเดิมใช้ที่อยู่นี้ได้โดยไม่ต้องแก้ไข ระบบรู้จักโปรแกรมจากใบรับรอง (mTLS) หรือ HTTP Basic หรือจากที่อยู่เครือข่ายหากผู้ดูแลระบบเปิดไว้\n\nSOAP, as e-saraban systems speak it; the operation is the first child of Body. Letters, the notifiers, the queue, deletions, status, code lists, organisation lists and TimeCheckRequest. A refused letter is answered with 200 and an ErrorDetail, as those systems read nothing else. Programs are known by mutual TLS or HTTP Basic (id and secret), or by address where settings allow it.",
      access: "public",
      body: { forms: SOAP },
      answers: {
        200: { description: "The response of the operation, or ErrorDetail", forms: SOAP },
        400: { description: "Not understood: a SOAP fault", forms: SOAP },
        401: { description: "Nobody who may use this door", forms: SOAP, headers: ["WWW-Authenticate"] },
        413: { description: "Larger than 100 MiB", forms: SOAP },
        429: {
          description: "Too many requests in this minute, or too many wrong secrets",
          forms: SOAP,
          headers: ["Retry-After"],
        },
        503: { description: "Nothing can be taken in now", forms: SOAP, headers: ["Retry-After"] },
      },
      hasOwnErrors: true,
    },
    {
      method: "get",
      path,
      id: "openEcms",
      tag: "ecms",
      th: "คำอธิบายของช่องทาง e-CMS",
      en: "Says that this is an e-CMS node",
      access: "public",
      answers: {
        405: {
          description: "Post a SOAP request",
          forms: { "text/plain": { schema: { type: "string" } } },
          headers: ["Allow"],
        },
      },
      hasOwnErrors: true,
    },
  ];
}
