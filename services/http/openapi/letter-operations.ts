import { LETTER, LETTER_STATUS } from "./examples.ts";
import { answersInBoth, component, type Operation } from "./operation.ts";
import { AFTER_NUMBER, IDEMPOTENCY_KEY, IF_NONE_MATCH, idInPath, limit, prefer } from "./parameters.ts";

const OF_LETTER = { scopes: ["submit", "receipts"], programsOnly: true } as const;
const ID = idInPath("id", "Of the arrival, as POST /api/v1/letters answered");
const NOT_CHANGED = { description: "Nothing has changed since the answer with this ETag", headers: ["ETag"] };

export const LETTER_OPERATIONS: readonly Operation[] = [
  {
    method: "post",
    path: "/api/v1/letters",
    id: "submitLetter",
    tag: "letters",
    th: "ส่งหนังสือถึงหน่วยงาน",
    en: "Hand in a letter",
    description:
      "ตอบเมื่อจัดเก็บหนังสือเรียบร้อยแล้ว JSON ที่มีแฟ้มเป็น base64 ใช้กับหนังสือขนาดเล็ก (รวมไม่เกิน 8 MiB) ถ้าใหญ่กว่านั้นให้ใช้ multipart/form-data (ไม่เกิน 100 MiB) โดยส่วนแรกชื่อ letter แล้วตามด้วยแฟ้มชื่อ main หนึ่งแฟ้ม และ enclosure หากส่งซ้ำจะได้รับผลของฉบับแรก หนังสือที่มีชั้นความลับไม่รับทางนี้\n\nAnswered once the letter is safe on disk. JSON with the files in base64 is for small letters (8 MiB in all); multipart/form-data streams (100 MiB): first the part `letter` (application/json or application/xml), then each file as a part named `main` (once) or `enclosure`. application/xml is the standard's own GovernmentDocument (schemas/xsd/government-document.xsd).\n\nThe same letter again is answered with what became of the first. A letter with a mark of secrecy is refused, and nothing of it is kept. With `Prefer: wait=N` the answer has the register number when it comes in time.",
    access: { scopes: ["submit"], programsOnly: true },
    parameters: [IDEMPOTENCY_KEY, prefer(60, "the register number")],
    body: {
      forms: {
        "application/json": component("Letter", LETTER),
        "application/xml": { schema: { type: "string", description: "GovernmentDocument" } },
        "multipart/form-data": {
          schema: {
            type: "object",
            required: ["letter", "main"],
            properties: {
              letter: { $ref: "#/components/schemas/Letter" },
              main: { type: "string", contentMediaType: "application/octet-stream" },
              enclosure: {
                type: "array",
                items: { type: "string", contentMediaType: "application/octet-stream" },
              },
            },
          },
          encoding: { letter: { contentType: "application/json, application/xml" } },
        },
      },
    },
    answers: {
      200: {
        ...answersInBoth("The same letter stands in the book already", "LetterStatus"),
        headers: ["Location", "Preference-Applied"],
      },
      201: {
        ...answersInBoth("Registered within the time that was asked for", "LetterStatus", LETTER_STATUS),
        headers: ["Location", "Preference-Applied"],
      },
      202: {
        ...answersInBoth("Safe, and on its way to the book: ask at Location", "LetterStatus"),
        headers: ["Location", "Preference-Applied"],
      },
    },
    problems: [
      "not-understood",
      "classified-here",
      "misdeclared",
      "other-office",
      "too-large",
      "not-a-letter-type",
      "not-a-letter",
      "key-in-use",
      "too-many-waiting",
      "no-room-now",
    ],
  },
  {
    method: "get",
    path: "/api/v1/letters",
    id: "listLetters",
    tag: "letters",
    th: "รายการหนังสือที่โปรแกรมนี้ส่ง",
    en: "List what this program has handed in",
    access: OF_LETTER,
    parameters: [limit(50), AFTER_NUMBER, IF_NONE_MATCH],
    answers: {
      200: { ...answersInBoth("A page, newest first", "LetterList"), headers: ["ETag"] },
      304: NOT_CHANGED,
    },
    problems: ["not-understood"],
  },
  {
    method: "get",
    path: "/api/v1/letters/:id",
    id: "getLetterStatus",
    tag: "letters",
    th: "สถานะของหนังสือ",
    en: "See what has become of a letter",
    access: OF_LETTER,
    parameters: [ID, IF_NONE_MATCH],
    answers: {
      200: {
        ...answersInBoth("Its status, register number and receipts", "LetterStatus", LETTER_STATUS),
        headers: ["ETag"],
      },
      304: NOT_CHANGED,
    },
    problems: ["not-found"],
  },
  {
    method: "get",
    path: "/api/v1/letters/:id/receipts",
    id: "listLetterReceipts",
    tag: "letters",
    th: "ใบตอบรับของหนังสือ",
    en: "List a letter's receipts",
    access: OF_LETTER,
    parameters: [ID, IF_NONE_MATCH],
    answers: {
      200: { ...answersInBoth("Signed statements, oldest first", "LetterReceipts"), headers: ["ETag"] },
      304: NOT_CHANGED,
    },
    problems: ["not-found"],
  },
  {
    method: "get",
    path: "/api/v1/letters/:id/receipts/:wanted",
    id: "getLetterReceipt",
    tag: "letters",
    th: "ใบตอบรับหนึ่งฉบับ",
    en: "Fetch a receipt",
    description:
      "EVIDENCE or EVIDENCE.json: the statement; EVIDENCE.jws: the same, signed (application/jose).",
    access: OF_LETTER,
    parameters: [
      ID,
      {
        name: "wanted",
        in: "path",
        description: "EVIDENCE, EVIDENCE.json or EVIDENCE.jws",
        schema: { type: "string", pattern: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\\.json|\\.jws)?$" },
        required: true,
      },
    ],
    answers: {
      200: {
        description: "What was signed never changes",
        forms: {
          "application/json": component("Evidence"),
          "application/jose": { schema: { type: "string" } },
        },
        headers: ["ETag"],
      },
    },
    problems: ["not-found"],
  },
];
