import type { FastifyInstance, FastifyRequest } from "fastify";
import { OUTBOUND_STATES, type OutboundState } from "../shared/letter/outbound.ts";
import { readUploaded } from "../shared/letter/uploaded-files.ts";
import { inTransaction } from "../shared/runtime/database.ts";
import { pageOf, readPageAsked, readPageParameters } from "./agency-page.ts";
import { actingFor, clerkOf } from "./clerk-access.ts";
import type { DoorParts } from "./door-parts.ts";
import { listOutbound, readOutboundFiles, readUploadedContent } from "./outbound-store.ts";
import { problem } from "./problem.ts";
import { isUuid, type ParameterReader, type Parameters } from "./read-parameters.ts";
import { outboundMember, readOutboundAnswer, readUnanswered } from "./show-outbound.ts";

/** What a browser may be told that a file is; anything else is octets, whatever its uploader said. */
const TOLD_TYPES =
  /^(?:application\/(?:pdf|zip|vnd\.[a-z0-9.-]{1,80})|image\/(?:png|jpeg|tiff)|text\/plain)$/;

/**
 * Outbound letters: GET /outbound?agency=A lists them, the newest first; GET /outbound/ID is one in full, with what became of
 * it at each recipient; GET /outbound/ID/files/NO its files; GET /outbound/unanswered who has not answered. What is done with
 * them are acts (POST /acts).
 */
export function outboundDoor(api: FastifyInstance, { database, now, uploads, log }: DoorParts): void {
  api.get<{ Querystring: Parameters }>("/outbound", async (request) => {
    const clerk = clerkOf(request);
    const { agencyId, limit, after, more } = readPageParameters(clerk, request.query, stateAsked);
    const rows = await inTransaction(database, actingFor(clerk), (transaction) =>
      listOutbound(transaction, agencyId, more, after, limit + 1),
    );
    const { page, next } = pageOf(rows, limit, ({ letterId }) => letterId);
    return { agencyId, letters: page.map(outboundMember), next };
  });

  api.get<{ Querystring: Parameters }>("/outbound/unanswered", async (request) => {
    const clerk = clerkOf(request);
    const { agencyId, limit, after } = readPageAsked(clerk, request.query);
    const rows = await inTransaction(database, actingFor(clerk), (transaction) =>
      readUnanswered(transaction, agencyId, after, limit + 1, now().at),
    );
    const { page, next } = pageOf(rows, limit, ({ recipientId }) => recipientId);
    return { agencyId, recipients: page, next };
  });

  api.get<{ Params: { letterId: string } }>("/outbound/:letterId", async (request) => {
    const letterId = letterAsked(request);
    const answer = await inTransaction(database, actingFor(clerkOf(request)), (transaction) =>
      readOutboundAnswer(transaction, letterId),
    );
    if (!answer) throw problem("not-found");
    return answer;
  });

  api.get<{ Params: { letterId: string; no: string } }>(
    "/outbound/:letterId/files/:no",
    async (request, reply) => {
      const letterId = letterAsked(request);
      const { no } = request.params;
      if (!/^[1-9]\d{0,3}$/.test(no)) throw problem("not-found");
      const found = await inTransaction(database, actingFor(clerkOf(request)), async (transaction) => {
        const file = (await readOutboundFiles(transaction, letterId)).find((one) => one.no === Number(no));
        return file && { ...file, content: await readUploadedContent(transaction, file.fileId) };
      });
      if (!found) throw problem("not-found");
      const octets = readUploaded(uploads, found);
      octets.once("error", (err) =>
        log.error({ err, file: found.fileId }, "a file of a letter was not read"),
      );
      return reply
        .type(TOLD_TYPES.test(found.mediaType) ? found.mediaType : "application/octet-stream")
        .header("content-length", found.sizeBytes)
        .header("content-disposition", attachmentNamed(found.name))
        .header("content-security-policy", "sandbox; default-src 'none'")
        .send(octets);
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

/** RFC 6266: the name for old clients in ASCII, and as it is. */
function attachmentNamed(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9 ._()-]/g, "_");
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
