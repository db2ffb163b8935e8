import type { FastifyInstance } from "fastify";
import type { DoorParts } from "../door-parts.ts";
import { type Parameters, readParameters } from "../read-parameters.ts";
import { namesTag } from "../send-answer.ts";
import { type ListedOffice, listOffices } from "./directory-store.ts";
import { keptText } from "./kept-answer.ts";

const DOMAIN = /^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,10}$/;
const LONGEST_SEARCH = 200;
const LARGEST_PAGE = 100;
const DEFAULT_PAGE = 50;

/** GET /directory: agencies served here and the offices that they exchange letters with, page by page. Behind the tokens. */
export function directoryDoor(api: FastifyInstance, { database }: DoorParts): void {
  const config = { scopes: ["directory"] } as const;
  api.get<{ Querystring: Parameters }>("/directory", { config }, async (request, reply) => {
    const parameters = readParameters(request.query);
    const wanted = parameters.text("q").normalize("NFC").trim();
    const limit = parameters.integer("limit", 1, LARGEST_PAGE, DEFAULT_PAGE);
    const after = parameters.text("after");
    if (wanted.length > LONGEST_SEARCH || wanted.includes("\0")) {
      parameters.fault("q", `has at most ${LONGEST_SEARCH} characters`, `ยาวไม่เกิน ${LONGEST_SEARCH} อักขระ`);
    }
    if (after !== "" && !DOMAIN.test(after)) {
      parameters.fault("after", "is next of an earlier answer", "ต้องเป็นค่า next จากคำตอบก่อนหน้า");
    }
    parameters.done();
    const rows = await listOffices(database, wanted, after, limit + 1);
    const page = rows.slice(0, limit);
    const next = rows.length > limit ? (page.at(-1)?.domain ?? null) : null;
    const { text, tag } = keptText(JSON.stringify({ offices: page.map(showOffice), next }), "");
    reply.header("etag", tag);
    if (namesTag(request.headers["if-none-match"], tag)) return reply.code(304).send();
    return reply.type("application/json; charset=utf-8").send(text);
  });
}

function showOffice({ codeLetters, romanCode, hasNode, agencyId, mailbox, ...office }: ListedOffice) {
  const isServed = agencyId !== null;
  return {
    ...office,
    mailbox,
    ...(codeLetters === null ? {} : { codeLetters }),
    ...(romanCode === null ? {} : { romanCode }),
    agencyId,
    channels: [
      ...(isServed ? ["api"] : []),
      ...(isServed || hasNode ? ["ecms"] : []),
      ...(mailbox === null ? [] : ["mail"]),
    ],
  };
}
