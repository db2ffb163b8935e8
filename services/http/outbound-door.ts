import type { FastifyInstance, FastifyRequest } from "fastify";
import { OUTBOUND_STATES, type OutboundState } from "../shared/letter/outbound.ts";
import { readUploaded } from "../shared/letter/uploaded-files.ts";
import { inTransaction } from "../shared/runtime/database.ts";
import { pageOf, readPageAsked, readPageParameters } from "./agency-page.ts";
import { actorOf } from "./clerk-access.ts";
import type { DoorParts } from "./door-parts.ts";
import { asFile } from "./file-headers.ts";
import { listOutbound, readOutboundFiles, readUploadedContent } from "./outbound-store.ts";
import { problem } from "./problem.ts";
import { isUuid, type ParameterReader, type Parameters } from "./read-parameters.ts";
import { outboundMember, readOutboundAnswer, readUnanswered } from "./show-outbound.ts";

/**
 * Outbound letters: GET /outbound?agency=A lists them, the newest first; GET /outbound/ID is one in full, with what became of
 * it at each recipient; GET /outbound/ID/files/NO its files; GET /outbound/unanswered who has not answered. What is done with
 * them are acts (POST /acts).
 */
export function outboundDoor(api: FastifyInstance, { database, now, uploads, log }: DoorParts): void {
  const open = { config: { scopes: ["read-outbound"] as const } };
  api.get<{ Querystring: Parameters }>("/outbound", open, async (request) => {
    const caller = actorOf(request);
    const { agencyId, limit, after, more } = readPageParameters(caller, request.query, stateAsked);
    const rows = await inTransaction(database, caller.acting, (transaction) =>
      listOutbound(transaction, agencyId, more, after, limit + 1),
    );
    const { page, next } = pageOf(rows, limit, ({ letterId }) => letterId);
    return { agencyId, letters: page.map(outboundMember), next };
  });

  api.get<{ Querystring: Parameters }>("/outbound/unanswered", open, async (request) => {
    const caller = actorOf(request);
    const { agencyId, limit, after } = readPageAsked(caller, request.query);
    const rows = await inTransaction(database, caller.acting, (transaction) =>
      readUnanswered(transaction, agencyId, after, limit + 1, now().at),
    );
    const { page, next } = pageOf(rows, limit, ({ recipientId }) => recipientId);
    return { agencyId, recipients: page, next };
  });

  api.get<{ Params: { letterId: string } }>("/outbound/:letterId", open, async (request) => {
    const letterId = letterAsked(request);
    const answer = await inTransaction(database, actorOf(request).acting, (transaction) =>
      readOutboundAnswer(transaction, letterId),
    );
    if (!answer) throw problem("not-found");
    return answer;
  });

  api.get<{ Params: { letterId: string; no: string } }>(
    "/outbound/:letterId/files/:no",
    open,
    async (request, reply) => {
      const letterId = letterAsked(request);
      const { no } = request.params;
      if (!/^[1-9]\d{0,3}$/.test(no)) throw problem("not-found");
      const found = await inTransaction(database, actorOf(request).acting, async (transaction) => {
        const file = (await readOutboundFiles(transaction, letterId)).find((one) => one.no === Number(no));
        return file && { ...file, content: await readUploadedContent(transaction, file.fileId) };
      });
      if (!found) throw problem("not-found");
      const octets = readUploaded(uploads, found);
      octets.once("error", (err) =>
        log.error({ err, file: found.fileId }, "a file of a letter was not read"),
      );
      return asFile(reply, found).send(octets);
    },
  );
}

function stateAsked(parameters: ParameterReader): OutboundState | null {
  const asked = parameters.text("state");
  const state = OUTBOUND_STATES.find((known) => known === asked);
  if (asked !== "" && state === undefined) {
    const allowed = OUTBOUND_STATES.join(", ");
    parameters.fault("state", `is one of ${allowed}`, `ต้องเป็นค่าใดค่าหนึ่งใน ${allowed}`);
  }
  return state ?? null;
}

function letterAsked(request: FastifyRequest): string {
  const { letterId } = request.params as { letterId: string };
  if (!isUuid(letterId)) throw problem("not-found");
  return letterId;
}
