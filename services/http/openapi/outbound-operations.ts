import { A_FILE, answers, type Operation } from "./operation.ts";
import { AGENCY, AGENCY_PAGE, idInPath, numberInPath } from "./parameters.ts";

const READS = { scopes: ["read-outbound"] } as const;
const LETTER = idInPath("letterId", "Of the outbound letter");

export const OUTBOUND_OPERATIONS: readonly Operation[] = [
  {
    method: "post",
    path: "/api/v1/outbound/files",
    id: "uploadOutboundFile",
    tag: "outbound",
    th: "ส่งแฟ้มสำหรับหนังสือส่งออก",
    en: "Upload a file for an outbound letter",
    description:
      "The body is the file, as it is, of any media type, 50 MiB at most; a draft (POST /api/v1/acts) names its id.",
    access: { scopes: ["send-outbound"] },
    parameters: [
      AGENCY,
      {
        name: "name",
        in: "query",
        description: "Of the file",
        schema: { type: "string", maxLength: 255 },
        required: true,
        example: "letter.pdf",
      },
    ],
    body: { forms: { "*/*": {} } },
    answers: { 201: answers("Its id, and the SHA-256 of what has come in", "Upload") },
    problems: ["not-understood", "not-found", "too-large", "not-json", "too-many-uploads", "no-space"],
  },
  {
    method: "get",
    path: "/api/v1/outbound",
    id: "listOutbound",
    tag: "outbound",
    th: "รายการหนังสือส่งออก",
    en: "List outbound letters",
    access: READS,
    parameters: [
      ...AGENCY_PAGE,
      {
        name: "state",
        in: "query",
        description: "Only those in it",
        schema: { enum: ["draft", "checked", "approved", "sent", "withdrawn"] },
      },
    ],
    answers: { 200: answers("A page, newest first", "OutboundPage") },
    problems: ["not-understood", "not-found"],
  },
  {
    method: "get",
    path: "/api/v1/outbound/unanswered",
    id: "listUnanswered",
    tag: "outbound",
    th: "ผู้รับที่ยังไม่ตอบรับ",
    en: "See who has not answered",
    access: READS,
    parameters: AGENCY_PAGE,
    answers: { 200: answers("A page, who waits longest first", "UnansweredPage") },
    problems: ["not-understood", "not-found"],
  },
  {
    method: "get",
    path: "/api/v1/outbound/:letterId",
    id: "getOutbound",
    tag: "outbound",
    th: "หนังสือส่งออกหนึ่งฉบับ",
    en: "See a letter, and what became of it at each recipient",
    access: READS,
    parameters: [LETTER],
    answers: { 200: answers("The letter", "OutboundAnswer") },
    problems: ["not-found"],
  },
  {
    method: "get",
    path: "/api/v1/outbound/:letterId/files/:no",
    id: "getOutboundFile",
    tag: "outbound",
    th: "แฟ้มของหนังสือส่งออก",
    en: "Fetch a file of an outbound letter",
    access: READS,
    parameters: [LETTER, numberInPath("no", "1 is the letter itself", 1)],
    answers: {
      200: A_FILE,
    },
    problems: ["not-found"],
  },
];
