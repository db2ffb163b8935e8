import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { inTransaction } from "../../shared/runtime/database.ts";
import { StoreError } from "../../shared/runtime/store-errors.ts";
import { waitOf } from "../act-door.ts";
import { actingForClient, clientOf, noteCall } from "../clients/client-access.ts";
import type { DoorParts } from "../door-parts.ts";
import { Problem, problem } from "../problem.ts";
import { isUuid, type Parameters, readParameters } from "../read-parameters.ts";
import { openAnswer } from "../send-answer.ts";
import { whenClosed } from "../when-closed.ts";
import { LONGEST_MEDIA_TYPE } from "./accept-program-letter.ts";
import { hearOut } from "./read-body.ts";
import { LARGEST_LETTER_BYTES, openSubmissions } from "./read-submission.ts";
import { showReceipt, showReceived, showStatus } from "./show-status.ts";
import { listStatuses, readStatus, readStatusReceipt, type StatusRow } from "./status-store.ts";
import { submitLetter } from "./submit-letter.ts";

const LONGEST_WAIT_SECONDS = 60;
const LARGEST_PAGE = 100;
/** Each holds a connection and a file; programs that come in greater numbers come again. */
const MOST_AT_ONCE = 512;
/** One whose requests get stuck leaves room for the others. */
const MOST_OF_ONE_CLIENT = 256;
const MEDIA_TYPE = /^\s{0,9}(?:application\/json|application\/xml|multipart\/form-data)\s{0,9}(?:;|$)/i;
const WANTED = /^([0-9a-fA-F-]{36})(?:\.(json|jws))?$/;

/**
 * Letters that programs hand in. POST /letters takes one in and answers 201 with its register number when it comes within
 * `Prefer: wait=N`, 200 when the same letter stands in the book already, else 202 with the address of its status;
 * GET /letters (all that the client handed in), /letters/ID, /letters/ID/receipts, /letters/ID/receipts/EVIDENCE(.json, .jws).
 * Stands behind the tokens under /api/v1.
 */
export function lettersDoor(api: FastifyInstance, parts: DoorParts): void {
  const { database, outcomes } = parts;
  const submissions = openSubmissions(parts);
  const sendStatus = openAnswer("letterStatus");
  const sendList = openAnswer("letterList");
  const sendReceipts = openAnswer("letterReceipts");
  const reading = { scopes: ["submit", "receipts"], programsOnly: true } as const;
  let running = 0;
  const runningOf = new Map<string, number>();
  const count = (clientId: string, one: 1 | -1): number => {
    running += one;
    const own = (runningOf.get(clientId) ?? 0) + one;
    if (own === 0) runningOf.delete(clientId);
    else runningOf.set(clientId, own);
    return own;
  };

  const findStatus = async (request: FastifyRequest, id: string): Promise<StatusRow> => {
    const client = clientOf(request);
    const row = isUuid(id)
      ? await inTransaction(database, actingForClient(client), (transaction) =>
          readStatus(transaction, client.id, id),
        )
      : null;
    if (row === null) throw problem("not-found");
    noteCall(request, { subjectId: row.id });
    return row;
  };

  const answerTo = async (
    request: FastifyRequest,
    reply: FastifyReply,
    id: string,
  ): Promise<FastifyReply> => {
    const client = clientOf(request);
    const seconds = waitOf(request.headers["prefer"], LONGEST_WAIT_SECONDS);
    reply.header("location", `/api/v1/letters/${id}`);
    if (seconds === null || seconds === 0) {
      return sendStatus(request, reply.code(202), showReceived(id, client.agencyId));
    }
    reply.header("preference-applied", `wait=${seconds}`);
    const gone = new AbortController();
    whenClosed(reply, () => gone.abort());
    await outcomes.wait({ intakeId: id, agencyId: client.agencyId }, seconds * 1_000, gone.signal);
    const status = showStatus(await findStatus(request, id));
    const code = status.register === undefined ? 202 : status.status === "registered" ? 201 : 200;
    return sendStatus(request, reply.code(code), status);
  };

  api.register(async (scope) => {
    // The body is the letter, and is stored as it came: nobody else reads it.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, _payload, done) => done(null));
    scope.addHook("onRequest", async ({ headers }) => {
      // What is no media type the library would turn away in words for other doors.
      const { "content-type": type = "" } = headers;
      // What of it would not be kept may be the boundary.
      if (!MEDIA_TYPE.test(type) || type.length > LONGEST_MEDIA_TYPE) throw problem("not-a-letter-type");
    });
    scope.post(
      "/letters",
      {
        bodyLimit: LARGEST_LETTER_BYTES,
        config: { mayTakeLong: true, scopes: ["submit"], programsOnly: true },
      },
      async (request, reply) => {
        let id: string;
        const client = clientOf(request);
        const own = count(client.id, 1);
        try {
          const isFull = running > MOST_AT_ONCE || own > MOST_OF_ONE_CLIENT;
          if (isFull || !parts.queueRoom()) throw problem("too-many-waiting");
          id = await submitLetter(parts, submissions, client, request);
        } catch (error) {
          const refused = refusalOf(error, request, parts);
          await hearOut(request.raw, LARGEST_LETTER_BYTES);
          if (!request.raw.readableEnded) reply.header("connection", "close");
          throw refused;
        } finally {
          count(client.id, -1);
        }
        noteCall(request, { subjectId: id });
        return answerTo(request, reply, id);
      },
    );
  });

  api.get<{ Querystring: Parameters }>("/letters", { config: reading }, async (request, reply) => {
    const client = clientOf(request);
    const parameters = readParameters(request.query);
    const limit = parameters.integer("limit", 1, LARGEST_PAGE, 50);
    const before = parameters.integer("after", 1, 999_999_999, 0);
    parameters.done();
    const rows = await inTransaction(database, actingForClient(client), (transaction) =>
      listStatuses(transaction, client.id, before === 0 ? null : before, limit + 1),
    );
    const page = rows.slice(0, limit);
    const next = rows.length > limit ? String(page.at(-1)?.arrivalSeq) : null;
    return sendList(request, reply, { letters: page.map(showStatus), next });
  });

  api.get<{ Params: { id: string } }>("/letters/:id", { config: reading }, async (request, reply) =>
    sendStatus(request, reply, showStatus(await findStatus(request, request.params.id))),
  );

  api.get<{ Params: { id: string } }>(
    "/letters/:id/receipts",
    { config: reading },
    async (request, reply) => {
      const { id, receipts } = await findStatus(request, request.params.id);
      return sendReceipts(request, reply, {
        id,
        receipts: receipts.map((receipt) => showReceipt(id, receipt)),
      });
    },
  );

  api.get<{ Params: { id: string; wanted: string } }>(
    "/letters/:id/receipts/:wanted",
    { config: reading },
    async (request, reply) => {
      const client = clientOf(request);
      const { id } = request.params;
      const [, evidenceId = "", format = "json"] = WANTED.exec(request.params.wanted) ?? [];
      const receipt =
        isUuid(id) && isUuid(evidenceId)
          ? await inTransaction(database, actingForClient(client), (transaction) =>
              readStatusReceipt(transaction, client.id, id, evidenceId),
            )
          : null;
      if (receipt === null) throw problem("not-found");
      // What was signed never changes.
      reply.header("etag", `"${evidenceId.toLowerCase()}.${format}"`);
      if (format === "jws") return reply.type("application/jose").send(receipt.jws);
      return reply.send(receipt.evidence);
    },
  );
}

/** A fault of ours leaves the letter with the client, who comes again. */
function refusalOf(error: unknown, { raw }: FastifyRequest, { log }: DoorParts): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof StoreError && error.fault === "too-large") return problem("too-large");
  if (error instanceof StoreError && error.fault === "no-space") return problem("no-room-now");
  // A client that went away hears no answer, and is no fault of ours.
  if (!raw.destroyed || raw.complete) log.warn({ err: error }, "a letter of a program could not be taken in");
  return problem("not-now");
}
