import { setTimeout as wait } from "node:timers/promises";
import multipart from "@fastify/multipart";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Words } from "../shared/letter/evidence/evidence-words.ts";
import { LARGEST_UPLOAD, LONGEST_JWS } from "../shared/letter/evidence/find-jws.ts";
import { jwks } from "../shared/letter/evidence/public-key.ts";
import { readOwnKeys } from "../shared/letter/evidence/public-key-store.ts";
import { inTransaction } from "../shared/runtime/database.ts";
import { type CheckedReceipt, checkByCode, checkOctets } from "./check-receipt.ts";
import type { DoorParts } from "./door-parts.ts";
import { type ClientLimit, limitClients } from "./limit-clients.ts";
import { pagePolicy } from "./page-html.ts";
import { Problem, problem } from "./problem.ts";
import { verifyPage } from "./verify-page.ts";

/** A person who tries, mistypes and tries again stays far below it. */
const REQUESTS_A_MINUTE = 60;
/** Longer than any look-up takes: how long an answer took does not tell whether there is such a code. */
const ANSWER_AFTER_MS = 40;
/** Of the form, around a file of the largest size. */
const LARGEST_FORM = LARGEST_UPLOAD + 64 * 1024;
const LONGEST_PASTE = 512 * 1024;
/** Files in memory; whoever comes in greater numbers is asked to come again. */
const MOST_UPLOADS_AT_ONCE = 32;

/**
 * What anybody may ask without a token, so many times a minute: GET /verify (the form), /verify/CODE and /verify?code=CODE
 * (a QR code opens these), POST /verify (a file or a text), all as pages for people; POST /api/v1/verify for programs;
 * GET /.well-known/jwks.json, the keys that our receipts are checked with (RFC 7517).
 */
export async function verifyDoor(
  server: FastifyInstance,
  parts: Pick<DoorParts, "database" | "log">,
): Promise<void> {
  const limit = limitClients(REQUESTS_A_MINUTE);
  await server.register((scope) => pages(scope, parts, limit));
  await server.register((scope) => programs(scope, parts, limit));
}

async function pages(
  scope: FastifyInstance,
  { database, log }: Pick<DoorParts, "database" | "log">,
  limit: ClientLimit,
) {
  const policy = pagePolicy();
  let uploads = 0;
  scope.addHook("onRequest", async (request, reply) => {
    reply
      .type("text/html; charset=utf-8")
      .header("content-security-policy", policy)
      .header("referrer-policy", "no-referrer") // the code stands in the address
      .header("cross-origin-opener-policy", "same-origin")
      .header("x-robots-tag", "noindex");
    takeOne(limit, request, reply);
  });
  scope.setErrorHandler<FastifyError | Problem>((error, request, reply) => {
    const status = error instanceof Problem ? error.words.status : (error.statusCode ?? 500);
    const known = status in FAULTS ? status : status >= 400 && status < 500 ? 400 : 503;
    if (known === 503) {
      log.error({ err: error }, "a check of a receipt failed");
      reply.header("retry-after", 10);
    }
    // fastify takes the type away from what it answers to an error.
    reply.code(known).type("text/html; charset=utf-8");
    return reply.send(verifyPage(rootOf(request), { words: FAULTS[known] as Words }));
  });
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string", bodyLimit: LARGEST_FORM },
    (_request, body, done) => done(null, new URLSearchParams(body.toString())),
  );
  await scope.register(multipart, {
    limits: {
      files: 1,
      fields: 2,
      parts: 3,
      fileSize: LARGEST_UPLOAD,
      fieldSize: LONGEST_PASTE,
      fieldNameSize: 100,
      headerPairs: 20,
    },
  });

  const answer = (
    request: FastifyRequest,
    reply: FastifyReply,
    checked: CheckedReceipt | null,
  ): FastifyReply =>
    reply.code(checked?.state === "not-found" ? 404 : 200).send(verifyPage(rootOf(request), checked));
  const answerCode = async (
    request: FastifyRequest,
    reply: FastifyReply,
    code: string,
  ): Promise<FastifyReply> => {
    const [checked] = await Promise.all([checkByCode(database, code), wait(ANSWER_AFTER_MS)]);
    return answer(request, reply, checked);
  };
  scope.get<{ Querystring: { code?: unknown } }>("/verify", async (request, reply) => {
    const { code } = request.query;
    if (code === undefined || code === "") return answer(request, reply, null);
    return answerCode(request, reply, typeof code === "string" ? code : "");
  });
  scope.get("/verify/", async (request, reply) => answer(request, reply, null));
  scope.get<{ Params: { code: string } }>("/verify/:code", async (request, reply) =>
    answerCode(request, reply, request.params.code),
  );
  scope.post("/verify", { bodyLimit: LARGEST_FORM }, async (request, reply) => {
    if (uploads >= MOST_UPLOADS_AT_ONCE) {
      reply.header("retry-after", 10);
      throw problem("too-many-requests");
    }
    uploads += 1;
    try {
      const given = request.isMultipart() ? await readForm(request) : readPaste(request.body);
      const [checked] = await Promise.all([checkOctets(database, given), wait(ANSWER_AFTER_MS)]);
      return await answer(request, reply, checked);
    } finally {
      uploads -= 1;
    }
  });
}

/** The file of the form, or when none was chosen its text. @throws Problem 413, 400 */
async function readForm(request: FastifyRequest): Promise<Uint8Array> {
  // A form without a length could go on before its first part for as long as the connection lives.
  const length = Number(request.headers["content-length"] ?? Number.NaN);
  if (!(length <= LARGEST_FORM)) throw problem("too-large");
  let octets: Uint8Array = new Uint8Array();
  try {
    for await (const part of request.parts()) {
      if (part.type === "file") {
        const file = await part.toBuffer();
        if (file.length > 0) octets = file;
      } else if (part.fieldname === "text" && octets.length === 0) {
        if (part.valueTruncated) throw problem("too-large");
        octets = Buffer.from(String(part.value));
      }
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw problem((error as FastifyError).statusCode === 413 ? "too-large" : "not-understood");
  }
  return octets;
}

function readPaste(body: unknown): Uint8Array {
  if (!(body instanceof URLSearchParams)) throw problem("not-understood");
  return Buffer.from(body.get("text") ?? body.get("code") ?? "");
}

async function programs(
  scope: FastifyInstance,
  { database }: Pick<DoorParts, "database">,
  limit: ClientLimit,
) {
  scope.addHook("onRequest", async (request, reply) => takeOne(limit, request, reply));
  scope.post("/api/v1/verify", { bodyLimit: 2 * LONGEST_JWS }, async (request) => {
    const { jws, code, ...more } = (request.body ?? {}) as Readonly<Record<string, unknown>>;
    const one = jws === undefined ? code : jws;
    if (
      typeof one !== "string" ||
      (jws !== undefined && code !== undefined) ||
      Object.keys(more).length > 0
    ) {
      throw problem("not-understood", [
        { pointer: "", en: "is {jws} or {code}, as text", th: "ต้องมี jws หรือ code อย่างใดอย่างหนึ่ง เป็นข้อความ" },
      ]);
    }
    const check = jws === undefined ? checkByCode(database, one) : checkOctets(database, Buffer.from(one));
    const [checked] = await Promise.all([check, wait(ANSWER_AFTER_MS)]);
    return checked;
  });
  scope.get("/.well-known/jwks.json", async (_request, reply) => {
    const acting = { actor: "client:anybody", agencies: [] } as const;
    const keys = await inTransaction(database, acting, readOwnKeys);
    return reply
      .type("application/jwk-set+json; charset=utf-8")
      .header("cache-control", "public, max-age=300")
      .send(jwks(keys));
  });
}

function takeOne(limit: ClientLimit, request: FastifyRequest, reply: FastifyReply): void {
  const waitSeconds = limit.take(request.ip);
  if (waitSeconds === 0) return;
  reply.header("retry-after", waitSeconds);
  throw problem("too-many-requests");
}

/** From /verify/ and /verify/CODE the folder is one step up. */
function rootOf({ routeOptions }: FastifyRequest): string {
  return routeOptions.url === "/verify" ? "" : "../";
}

const FAULTS: Readonly<Record<number, Words>> = {
  400: { th: "อ่านคำขอไม่ได้ โปรดลองใหม่", en: "The request cannot be understood; try again" },
  413: { th: "ไฟล์ใหญ่เกิน 1 MB จึงไม่ใช่ใบตอบรับ", en: "The file is larger than 1 MB, and so no receipt" },
  415: { th: "โปรดส่งด้วยแบบฟอร์มด้านล่าง", en: "Send it by the form below" },
  429: {
    th: "มีการตรวจสอบจากที่อยู่นี้มากเกินไป โปรดรอสักครู่แล้วลองใหม่",
    en: "Too many checks from this address; wait a little and try again",
  },
  503: { th: "ระบบไม่พร้อมให้บริการในขณะนี้ โปรดลองใหม่ภายหลัง", en: "Not available now; try again later" },
};
