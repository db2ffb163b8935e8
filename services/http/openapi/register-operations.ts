import { actRefusals } from "../act-refusals.ts";
import { ACT, PRINT_ORDER } from "./examples.ts";
import { answers, component, type Operation, type Parameter } from "./operation.ts";
import { AGENCY, AGENCY_PAGE, BOOK, idInPath, prefer } from "./parameters.ts";

const READS_BOOKS = { scopes: ["read-inbound", "read-outbound"] } as const;
const DATE = "In either era, in digits or words: 1/5/2569, 2026-05-01, 1 พ.ค. 69";

function searched(name: string, description: string, schema: Parameter["schema"]): Parameter {
  return { name, in: "query", description, schema };
}

const SEARCH: readonly Parameter[] = [
  {
    ...searched("q", "Has to be found, inside words too; may be repeated, then each has to be found", {
      type: "array",
      maxItems: 5,
      items: { type: "string", maxLength: 200 },
    }),
    example: ["ประชุม"],
  },
  searched("agency", "Id of an agency of yours; may be repeated", {
    type: "array",
    maxItems: 20,
    items: { type: "string", maxLength: 63 },
  }),
  searched("book", "Only this one; a program needs to say it where its scopes leave a choice", {
    enum: ["inbound.ordinary", "outbound.ordinary", "outbound.circular"],
  }),
  searched("number", "Register number", { type: "string", pattern: "^[1-9][0-9]{0,8}$" }),
  searched("year", "Of registration, พ.ศ. or C.E.", { type: "string", pattern: "^(19|20|24|25)[0-9]{2}$" }),
  searched("from", `First day of registration. ${DATE}`, { type: "string", format: "date" }),
  searched("to", "Last day of registration", { type: "string", format: "date" }),
  searched("letterFrom", "First day of the letter's own date", { type: "string", format: "date" }),
  searched("letterTo", "Last day of the letter's own date", { type: "string", format: "date" }),
  searched("urgency", "ชั้นความเร็ว", { enum: ["normal", "urgent", "very-urgent", "most-urgent"] }),
  searched("status", "Of the line", { enum: ["registered", "reserved", "cancelled"] }),
  searched("channel", "How it came", { enum: ["smtp", "imap", "api", "ecms", "paper"] }),
  searched("kind", "ชนิดของหนังสือ", {
    enum: ["external", "internal", "stamped", "order", "public", "evidence"],
  }),
  searched("sort", "By registration", { enum: ["newest", "oldest"], default: "newest" }),
  searched("limit", "Of a page", { type: "integer", minimum: 1, maximum: 100, default: 50 }),
  searched("total", "How far to count; with a cursor none, else capped at 1,000", {
    enum: ["capped", "exact", "none"],
  }),
  searched("cursor", "The value of next in the page before", { type: "string", maxLength: 400 }),
];

export const REGISTER_OPERATIONS: readonly Operation[] = [
  {
    method: "get",
    path: "/api/v1/lines",
    id: "searchLines",
    tag: "register",
    th: "ค้นทะเบียนหนังสือ",
    en: "Search the books",
    access: READS_BOOKS,
    parameters: SEARCH,
    answers: { 200: answers("A page of the lines that match", "SearchAnswer") },
    problems: ["not-understood", "index-behind"],
  },
  {
    method: "get",
    path: "/api/v1/lines/:book/:year/:number",
    id: "getLine",
    tag: "register",
    th: "รายการในทะเบียน",
    en: "See a line, its events and its thread",
    access: READS_BOOKS,
    parameters: [
      BOOK,
      {
        name: "year",
        in: "path",
        description: "C.E.",
        schema: { type: "integer", minimum: 1000, maximum: 2999 },
        required: true,
        example: 2026,
      },
      {
        name: "number",
        in: "path",
        description: "เลขทะเบียน",
        schema: { type: "integer", minimum: 1, maximum: 999_999_999 },
        required: true,
        example: 1,
      },
    ],
    answers: { 200: answers("The line", "LineAnswer") },
    problems: ["not-found"],
  },
  {
    method: "post",
    path: "/api/v1/acts",
    id: "doAct",
    tag: "register",
    th: "สั่งดำเนินการ (ลงทะเบียน แก้ไข ส่งหนังสือ ฯลฯ)",
    en: "Have the registry do something",
    description:
      "ผู้สั่งกำหนด id เอง คำสั่งเดิมที่ส่งซ้ำจะดำเนินการครั้งเดียว โปรแกรมสั่งได้เฉพาะเรื่องหนังสือส่งของหน่วยงาน เรื่องอื่นเป็นของเจ้าหน้าที่\n\nThe id is the asker's: the same act sent twice is done once. Programs (scope send-outbound) may draft, check, approve, send, resend, recall and withdraw letters of their agency, as its rules allow; everything else is for clerks.",
    access: { scopes: ["send-outbound"] },
    parameters: [prefer(30, "the registry")],
    body: { forms: { "application/json": component("Act", ACT) } },
    answers: {
      201: { ...answers("Done", "ActAnswer"), headers: ["Location", "Preference-Applied"] },
      202: {
        ...answers("Written down; the registry has not carried it out yet", "ActAnswer"),
        headers: ["Location", "Preference-Applied"],
      },
    },
    problems: [
      "not-understood",
      "right-needed",
      "people-only",
      "not-found",
      "id-in-use",
      "too-large",
      "not-json",
      "not-an-act",
      "not-acceptable-values",
    ],
    refusals: Object.keys(actRefusals),
  },
  {
    method: "get",
    path: "/api/v1/acts/:id",
    id: "getAct",
    tag: "register",
    th: "ผลของการดำเนินการ",
    en: "See what came of an act",
    access: { scopes: ["send-outbound"] },
    parameters: [idInPath("id", "Of the act")],
    answers: { 200: answers("The act", "ActAnswer") },
    problems: ["not-found"],
  },
  {
    method: "get",
    path: "/api/v1/tray",
    id: "readTray",
    tag: "register",
    th: "รายการรอลงทะเบียน",
    en: "Look into the tray",
    description:
      "The first page counts as the officer's look into the mailbox (Annex 7); so HEAD is not answered here.",
    access: "clerks",
    parameters: AGENCY_PAGE,
    answers: { 200: answers("A page, the most urgent first", "TrayPage") },
    problems: ["not-understood", "not-found"],
  },
  {
    method: "get",
    path: "/api/v1/tray/:intakeId",
    id: "readTrayLetter",
    tag: "register",
    th: "เรื่องที่รอลงทะเบียน",
    en: "See one letter of the tray",
    access: "clerks",
    parameters: [idInPath("intakeId", "Of the arrival")],
    answers: { 200: answers("All that is known of it", "TrayLetterInFull") },
    problems: ["not-found"],
  },
  {
    method: "get",
    path: "/api/v1/quarantine",
    id: "readQuarantine",
    tag: "register",
    th: "เรื่องที่ไม่รับและกักไว้",
    en: "See what was refused, and until when it is kept",
    access: "clerks",
    parameters: AGENCY_PAGE,
    answers: { 200: answers("A page, newest first", "QuarantinePage") },
    problems: ["not-understood", "not-found"],
  },
  {
    method: "get",
    path: "/api/v1/mailbox-checks",
    id: "readMailboxChecks",
    tag: "register",
    th: "การเปิดตรวจกล่องในแต่ละครึ่งวันทำการ",
    en: "See whether the tray was looked into each half working day",
    access: "clerks",
    parameters: [
      AGENCY,
      searched("from", "First day, C.E.; 30 days ago by default", { type: "string", format: "date" }),
      searched("to", "Last day, C.E., at most 400 days in all; today by default", {
        type: "string",
        format: "date",
      }),
    ],
    answers: { 200: answers("Each half day", "MailboxChecks") },
    problems: ["not-understood", "not-found"],
  },
  {
    method: "post",
    path: "/api/v1/prints",
    id: "orderPrint",
    tag: "register",
    th: "สั่งพิมพ์ทะเบียนหรือตรารับ",
    en: "Order a print of a register, or a receive stamp",
    access: "clerks",
    body: { forms: { "application/json": component("PrintOrder", PRINT_ORDER) } },
    answers: { 202: { ...answers("Ordered: ask at Location", "PrintOrdered"), headers: ["Location"] } },
    problems: ["not-understood", "not-found", "too-large", "not-json"],
  },
  {
    method: "get",
    path: "/api/v1/prints/:id",
    id: "getPrint",
    tag: "register",
    th: "สถานะของงานพิมพ์",
    en: "See how far a print is",
    access: "clerks",
    parameters: [idInPath("id", "Of the print")],
    answers: { 200: answers("The print", "PrintState") },
    problems: ["not-found"],
  },
  {
    method: "get",
    path: "/api/v1/prints/:id/file",
    id: "getPrintFile",
    tag: "register",
    th: "แฟ้มงานพิมพ์",
    en: "Fetch a print",
    access: "clerks",
    parameters: [idInPath("id", "Of the print")],
    answers: {
      200: {
        description: "The file",
        forms: Object.fromEntries(
          [
            "application/pdf",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "text/csv",
            "image/svg+xml",
            "image/png",
          ].map((type) => [type, {}]),
        ),
        headers: ["Content-Disposition"],
      },
    },
    problems: ["not-found"],
  },
];
