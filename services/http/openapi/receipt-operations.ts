import { answers, component, type Operation } from "./operation.ts";
import { idInPath } from "./parameters.ts";

const HTML = { "text/html": {} } as const;
const FORM = {
  "multipart/form-data": {
    schema: {
      type: "object",
      properties: {
        file: { type: "string", contentMediaType: "application/octet-stream" },
        text: { type: "string" },
      },
    },
  },
  "application/x-www-form-urlencoded": {
    schema: { type: "object", properties: { text: { type: "string" }, code: { type: "string" } } },
  },
} as const;
const PAGE = { description: "A page for people", forms: HTML } as const;
const CODE_IN_PATH = {
  name: "code",
  in: "path",
  description: "Short code of a receipt, or its evidence id",
  schema: { type: "string", maxLength: 100 },
  required: true,
  example: "0123-4567-89AB-CDEF",
} as const;
const PAGES = {
  tag: "receipts",
  access: "public",
  hasOwnErrors: true,
} as const;
/** The page says itself what is wrong. */
const PAGE_ERRORS = {
  404: { description: "There is no such receipt; a page that says so", forms: HTML },
  429: { description: "Too many checks from this address", forms: HTML, headers: ["Retry-After"] },
  503: { description: "Not available now", forms: HTML, headers: ["Retry-After"] },
} as const;

export const RECEIPT_OPERATIONS: readonly Operation[] = [
  {
    method: "get",
    path: "/api/v1/receipts/:wanted",
    id: "getReceipt",
    tag: "receipts",
    th: "ใบตอบรับ",
    en: "See a receipt, and what has taken its place",
    description:
      "ID: JSON; ID.jws and ID.pdf: the same files as the sender got. A program without read-inbound sees the receipts of what it handed in.",
    access: { scopes: ["receipts"] },
    parameters: [
      {
        name: "wanted",
        in: "path",
        description: "ID, ID.jws or ID.pdf",
        schema: { type: "string", pattern: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\\.jws|\\.pdf)?$" },
        required: true,
      },
    ],
    answers: {
      200: {
        description: "The receipt",
        forms: {
          "application/json": component("Receipt"),
          "application/jose": { schema: { type: "string" } },
          "application/pdf": {},
        },
      },
    },
    problems: ["not-found"],
  },
  {
    method: "get",
    path: "/api/v1/arrivals/:intakeId/receipts",
    id: "getArrivalReceipts",
    tag: "receipts",
    th: "สิ่งที่แจ้งผู้ส่งของเรื่องหนึ่ง",
    en: "See all that a sender was told",
    access: { scopes: ["receipts"] },
    parameters: [idInPath("intakeId", "Of the arrival")],
    answers: { 200: answers("Statements and notices, each try to deliver them", "ArrivalReceipts") },
    problems: ["not-found"],
  },
  {
    method: "post",
    path: "/api/v1/verify",
    id: "verifyReceipt",
    tag: "receipts",
    th: "ตรวจสอบใบตอบรับ",
    en: "Check a receipt",
    description: "Open to everybody, some sixty times a minute.",
    access: "public",
    body: { forms: { "application/json": component("ReceiptCheckAsked", { code: "0123-4567-89AB-CDEF" }) } },
    answers: { 200: answers("What became of the check", "CheckedReceipt") },
    problems: ["not-understood", "too-large", "not-json", "too-many-requests"],
  },
  {
    method: "get",
    path: "/.well-known/jwks.json",
    id: "getReceiptKeys",
    tag: "receipts",
    th: "กุญแจสาธารณะสำหรับตรวจสอบใบตอบรับ",
    en: "Fetch the keys that receipts are checked with",
    access: "public",
    answers: {
      200: {
        description: "JWK Set",
        forms: { "application/jwk-set+json": component("KeySet") },
        headers: ["Cache-Control"],
      },
    },
    problems: ["too-many-requests"],
  },
  {
    ...PAGES,
    method: "get",
    path: "/verify",
    id: "openVerifyPage",
    th: "หน้าตรวจสอบใบตอบรับ",
    en: "The page on which people check receipts",
    parameters: [{ ...CODE_IN_PATH, in: "query", required: false }],
    answers: { 200: PAGE, ...PAGE_ERRORS },
  },
  {
    ...PAGES,
    method: "get",
    path: "/verify/",
    id: "openVerifyFolder",
    th: "หน้าตรวจสอบใบตอบรับ",
    en: "The same page",
    answers: { 200: PAGE, 429: PAGE_ERRORS[429], 503: PAGE_ERRORS[503] },
  },
  {
    ...PAGES,
    method: "get",
    path: "/verify/:code",
    id: "openVerifyResult",
    th: "ผลการตรวจสอบตามรหัส",
    en: "The page with what came of a code (QR codes open it)",
    parameters: [CODE_IN_PATH],
    answers: {
      200: PAGE,
      ...PAGE_ERRORS,
      // What is no address at all is refused before the page is asked.
      404: {
        ...PAGE_ERRORS[404],
        forms: {
          ...HTML,
          "application/problem+json": component("ProblemDetails"),
          "application/problem+xml": component("ProblemDetails"),
        },
      },
    },
  },
  {
    ...PAGES,
    method: "post",
    path: "/verify",
    id: "sendVerifyForm",
    th: "ส่งแบบฟอร์มตรวจสอบ",
    en: "The page's form: a file or a text",
    body: { forms: FORM, isOptional: true },
    answers: {
      200: PAGE,
      ...PAGE_ERRORS,
      400: { description: "The request cannot be understood; a page that says so", forms: HTML },
      413: { description: "Larger than any receipt", forms: HTML },
      415: { description: "Sent by something else than the form", forms: HTML },
    },
  },
];
