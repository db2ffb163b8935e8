import type { FastifyReply } from "fastify";
import { EXCHANGE_NAMESPACE, wantsXml, xmlText } from "./send-answer.ts";

/** What a caller is told when a request is not carried out; `th` and `en` are words for the person behind it. */
export interface ProblemWords {
  readonly status: number;
  readonly en: string;
  readonly th: string;
}

/** Every problem of this room that is not an act's refusal (act-refusals.ts), by HTTP status. */
export const problems = {
  "not-understood": {
    status: 400,
    en: "The request cannot be understood; see errors",
    th: "คำขอไม่ถูกต้อง โปรดดูรายละเอียดใน errors",
  },
  "no-token": {
    status: 401,
    en: "Say who you are: Authorization: Bearer TOKEN (people: saraban clerk add; programs: POST /oauth/token)",
    th: "โปรดระบุโทเค็นของเจ้าหน้าที่หรือของโปรแกรมใน Authorization: Bearer",
  },
  "wrong-token": {
    status: 401,
    en: "This token is not in force; ask for a new one (people: saraban clerk token; programs: POST /oauth/token)",
    th: "โทเค็นนี้ใช้ไม่ได้ โปรดขอโทเค็นใหม่ (เจ้าหน้าที่: จากผู้ดูแลระบบ โปรแกรม: POST /oauth/token)",
  },
  "right-needed": {
    status: 403,
    en: "Signing letters off takes the right approve; an operator gives it: saraban clerk rights ID --may approve",
    th: "ท่านไม่มีสิทธิลงนามอนุมัติหนังสือ โปรดให้ผู้ดูแลระบบมอบสิทธิ approve (saraban clerk rights)",
  },
  "programs-only": {
    status: 403,
    en: "This is for programs with a token of their own (POST /oauth/token), not for people",
    th: "บริการนี้สำหรับโปรแกรมที่ลงทะเบียนไว้เท่านั้น (POST /oauth/token)",
  },
  "people-only": {
    status: 403,
    en: "This is for clerks; a program has no part in it",
    th: "บริการนี้สำหรับเจ้าหน้าที่เท่านั้น โปรแกรมไม่มีสิทธิใช้",
  },
  "scope-needed": {
    status: 403,
    en: "This program was not given the scope for it; see scopes (saraban client scopes)",
    th: "โปรแกรมนี้ไม่ได้รับสิทธิ (scope) สำหรับการทำงานนี้ โปรดดูที่ scopes",
  },
  // Said before anything is kept, and nothing of the letter is repeated.
  "classified-here": {
    status: 403,
    en: "Classified letters are not taken here; send it through the registrar of secret information. Nothing of it was kept",
    th: "ไม่รับหนังสือที่มีชั้นความลับทางช่องทางนี้ โปรดส่งผ่านนายทะเบียนข้อมูลข่าวสารลับ ระบบไม่ได้เก็บข้อมูลใดไว้",
  },
  misdeclared: {
    status: 422,
    en: "The letter marks itself as graver than it is declared; declare it as it is marked. Nothing of it was kept",
    th: "ข้อความในหนังสือแสดงชั้นความลับสูงกว่าที่ระบุไว้ โปรดระบุชั้นความลับให้ตรงกัน ระบบไม่ได้เก็บข้อมูลใดไว้",
  },
  "other-office": {
    status: 403,
    en: "This program hands in letters of its own office alone; the letter names another one as its sender",
    th: "โปรแกรมนี้ส่งได้เฉพาะหนังสือของหน่วยงานตน แต่หนังสือระบุผู้ส่งเป็นหน่วยงานอื่น",
  },
  // The same words for what does not exist and what belongs to another agency: the answer must not tell one from the other.
  "not-found": {
    status: 404,
    en: "There is no such thing among what you work for",
    th: "ไม่พบรายการนี้ในหน่วยงานที่ท่านรับผิดชอบ",
  },
  "id-in-use": {
    status: 409,
    en: "This id was used for another act; take a new one",
    th: "รหัสนี้ถูกใช้กับการดำเนินการอื่นแล้ว โปรดใช้รหัสใหม่",
  },
  "too-large": { status: 413, en: "The request is too large", th: "คำขอมีขนาดใหญ่เกินกำหนด" },
  "too-many-uploads": {
    status: 429,
    en: "Too many files come in at this moment; send this one again in a minute",
    th: "ขณะนี้มีการส่งแฟ้มเข้ามาพร้อมกันจำนวนมาก โปรดลองใหม่ในอีกหนึ่งนาที",
  },
  "no-space": {
    status: 507,
    en: "There is no room left for this file; tell the operator",
    th: "พื้นที่จัดเก็บแฟ้มเต็ม โปรดแจ้งผู้ดูแลระบบ",
  },
  "not-json": {
    status: 415,
    en: "Send JSON, with content-type: application/json",
    th: "โปรดส่งข้อมูลแบบ JSON (content-type: application/json)",
  },
  "not-a-letter-type": {
    status: 415,
    en: "Send application/json, application/xml (GovernmentDocument) or multipart/form-data, without Content-Encoding",
    th: "โปรดส่งแบบ application/json, application/xml (GovernmentDocument) หรือ multipart/form-data โดยไม่บีบอัด",
  },
  "not-a-letter": {
    status: 422,
    en: "This is no letter that can be taken in; see errors and schemas/api/letter.schema.json. Nothing of it was kept",
    th: "ข้อมูลหนังสือไม่ครบหรือไม่ถูกต้อง โปรดดูรายละเอียดใน errors ระบบไม่ได้เก็บข้อมูลใดไว้",
  },
  "key-in-use": {
    status: 422,
    en: "This Idempotency-Key was used for another request; take a new one",
    th: "Idempotency-Key นี้ถูกใช้กับคำขออื่นแล้ว โปรดใช้ค่าใหม่",
  },
  "not-an-act": {
    status: 422,
    en: "This is no act that the registry knows; see errors and schemas/act.schema.json",
    th: "ข้อมูลการดำเนินการไม่ครบหรือไม่ถูกต้อง โปรดดูรายละเอียดใน errors",
  },
  "not-acceptable-values": {
    status: 422,
    en: "The database's rules do not allow these values",
    th: "ค่าที่ส่งมาขัดกับกติกาของฐานข้อมูล",
  },
  "too-many-wrong-tokens": {
    status: 429,
    en: "Too many wrong tokens from this address; wait a little",
    th: "มีการใช้โทเค็นผิดจากที่อยู่นี้หลายครั้งเกินไป โปรดรอสักครู่",
  },
  "too-many-requests": {
    status: 429,
    en: "Too many requests from this address; wait a little",
    th: "มีคำขอจากที่อยู่นี้มากเกินไป โปรดรอสักครู่",
  },
  "client-over-limit": {
    status: 429,
    en: "This program has sent too many requests in this minute; wait as Retry-After says",
    th: "โปรแกรมนี้ส่งคำขอเกินจำนวนที่กำหนดในหนึ่งนาที โปรดรอตามเวลาใน Retry-After",
  },
  "index-behind": {
    status: 503,
    en: "The search index is being made; try again in a minute",
    th: "ระบบกำลังจัดทำดัชนีค้นหา โปรดลองใหม่ในอีกสักครู่",
  },
  "too-many-waiting": {
    status: 503,
    en: "Too many letters wait at this moment; send it again as Retry-After says. Nothing of it was kept",
    th: "ขณะนี้มีหนังสือรอลงทะเบียนจำนวนมาก โปรดส่งใหม่ตามเวลาใน Retry-After ระบบไม่ได้เก็บข้อมูลใดไว้",
  },
  "no-room-now": {
    status: 503,
    en: "There is no room left to keep letters; send it again later. Nothing of it was kept",
    th: "พื้นที่จัดเก็บหนังสือเต็ม โปรดส่งใหม่ภายหลัง ระบบไม่ได้เก็บข้อมูลใดไว้",
  },
  "not-now": {
    status: 503,
    en: "Not available now; try again later",
    th: "ระบบไม่พร้อมให้บริการในขณะนี้ โปรดลองใหม่ภายหลัง",
  },
} as const satisfies Record<string, ProblemWords>;

export type ProblemCode = keyof typeof problems;

/** What is wrong at one place of a request: a JSON pointer into the body ("/facts/letterDate"), or a parameter. */
export interface Fault {
  readonly pointer?: string;
  readonly parameter?: string;
  readonly en: string;
  readonly th: string;
}

/** Of a text of nothing but spaces and invisible characters. */
export const SAYS_NOTHING = { en: "says nothing", th: "ไม่มีข้อความ" } as const;

/** Thrown by a door; the server answers with it. Holds no letter's words that the caller has not sent himself. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: string;
  readonly words: ProblemWords;
  readonly faults: readonly Fault[];
  /** Further members of the answer (RFC 9457 §3.2). */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    words: ProblemWords,
    faults: readonly Fault[] = [],
    members: Readonly<Record<string, unknown>> = {},
  ) {
    super(words.en);
    this.code = code;
    this.words = words;
    this.faults = faults;
    this.members = members;
  }
}

export function problem(code: ProblemCode, faults: readonly Fault[] = []): Problem {
  return new Problem(code, problems[code], faults);
}

/** After what is most likely a database that starts again. */
const COME_AGAIN_AFTER_SECONDS = 10;

/** More would be no help, and a client could have us write as many as it likes. */
const MOST_FAULTS = 20;

/**
 * Answers with problem details (RFC 9457). The standard has one title in one language (§3.1.3): the Thai words stand
 * beside it as extension members.
 */
export function sendProblem(reply: FastifyReply, { code, words, faults, members }: Problem): FastifyReply {
  const body = {
    type: `https://saraban.example.go.th/problems/${code}`,
    title: words.en,
    titleThai: words.th,
    status: words.status,
    code,
    ...(faults.length > 0 ? { errors: faults.slice(0, MOST_FAULTS).map(faultMember) } : {}),
    ...members,
  };
  reply.code(words.status);
  // A door that knows better how long has said so.
  if (words.status === 503 && !reply.hasHeader("retry-after"))
    reply.header("retry-after", COME_AGAIN_AFTER_SECONDS);
  if (wantsXml(reply.request))
    return reply.type("application/problem+xml; charset=utf-8").send(problemXml(body));
  return reply.type("application/problem+json; charset=utf-8").send(body);
}

type ProblemBody = Readonly<Record<"type" | "title" | "titleThai" | "code", string>> & {
  readonly status: number;
  readonly errors?: readonly Readonly<Record<string, string>>[];
};

/** As schemas/xsd/exchange.xsd has it; further members have no form in XML. */
function problemXml({ type, title, titleThai, status, code, errors }: ProblemBody): string {
  const elements = (members: Readonly<Record<string, string | number>>): string =>
    Object.entries(members)
      .map(([name, value]) => `<${name}>${xmlText(String(value))}</${name}>`)
      .join("");
  const faults = errors?.map((error) => `<error>${elements(error)}</error>`).join("");
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<problem xmlns="${EXCHANGE_NAMESPACE}">` +
    elements({ type, title, titleThai, status, code }) +
    `${faults === undefined ? "" : `<errors>${faults}</errors>`}</problem>`
  );
}

function faultMember({ pointer, parameter, en, th }: Fault) {
  return {
    ...(pointer === undefined ? {} : { pointer: `#${pointer}` }),
    ...(parameter === undefined ? {} : { parameter }),
    detail: en,
    detailThai: th,
  };
}
