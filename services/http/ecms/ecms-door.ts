import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type EcmsFault, errorDetailOf } from "../../shared/ecms/faults.ts";
import { SOAP_MEDIA_TYPE, soapFault } from "../../shared/ecms/write-soap.ts";
import { StoreError } from "../../shared/runtime/store-errors.ts";
import { noteCall } from "../clients/client-access.ts";
import { identifyEcmsClient } from "../clients/ecms-client.ts";
import type { DoorParts } from "../door-parts.ts";
import { Problem } from "../problem.ts";
import type { EcmsAnswer } from "./ecms-answer.ts";
import { ecmsCall } from "./ecms-call.ts";
import { takeRequest } from "./take-request.ts";

/** Of one request, in base64 and all: attachments of some 75 MB. */
const LARGEST_REQUEST_BYTES = 100 * 1024 * 1024;
/** Each holds a connection and some 300 KB of memory; clients that come in greater numbers are asked to come again. */
const MOST_AT_ONCE = 64;
const AGAIN_AFTER_SECONDS = 30;

/** What an operator who looks with a browser is told. */
const NOTE = "This is an e-CMS node: POST a SOAP request (text/xml). There is no WSDL.\n";

/**
 * POST /ecms-ws01/service2: the SOAP protocol of e-saraban systems, for clients of either dialect as they are. The operation is the
 * first child of Body; no SOAPAction, no Content-Type is asked for.
 */
export async function ecmsDoor(server: FastifyInstance, parts: DoorParts): Promise<void> {
  let running = 0;
  await server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
    const typesGiven = new WeakMap<FastifyRequest, string>();
    scope.addHook("onRequest", async (request) => {
      // The library turns away what is no media type before any parser is asked; old clients send such, too.
      typesGiven.set(request, request.headers["content-type"] ?? "");
      request.headers["content-type"] = "text/xml";
    });
    scope.setErrorHandler((error, _request, reply) => sendFault(parts, reply, error));
    scope.get(parts.ecmsPath, (_request, reply) =>
      reply.code(405).header("allow", "POST").type("text/plain; charset=utf-8").send(NOTE),
    );
    scope.post(
      parts.ecmsPath,
      { bodyLimit: LARGEST_REQUEST_BYTES, config: { mayTakeLong: true } },
      async (request, reply) => {
        if (running >= MOST_AT_ONCE) return sendFault(parts, reply, new Busy());
        running += 1;
        reply.raw.once("close", () => {
          running -= 1;
        });
        return answerTo(parts, request, reply, typesGiven.get(request) ?? "");
      },
    );
  });
}

/** Nothing can be taken in at this moment. */
export class Busy extends Error {}

async function answerTo(
  parts: DoorParts,
  request: FastifyRequest,
  reply: FastifyReply,
  typeGiven: string,
): Promise<FastifyReply> {
  const source = request.body instanceof Readable ? request.body : request.raw;
  const client = await identifyEcmsClient(request);
  if (client === null) {
    await hearOut(source, request);
    reply.header("www-authenticate", 'Basic realm="saraban", charset="UTF-8"');
    return sendFaultOf(reply, 401, "Client", "not-allowed");
  }
  const call = await ecmsCall(parts, client, request, typeGiven);
  const taken = await takeRequest(call, source, LARGEST_REQUEST_BYTES);
  if ("fault" in taken) {
    noteCall(request, { operation: `SOAP ${errorDetailOf(taken.fault).code}` });
    return sendFaultOf(
      reply,
      taken.fault === "not-available" ? 503 : 400,
      taken.fault === "not-available" ? "Server" : "Client",
      taken.fault,
    );
  }
  const { operation, subjectId } = taken;
  noteCall(request, { operation, ...(subjectId ? { subjectId } : {}) });
  return reply.type(SOAP_MEDIA_TYPE).send(bodyOf(parts, taken));
}

/** Large answers are streamed no faster than the client reads; whatever becomes of it, the octets behind it are let go of. */
function bodyOf(parts: DoorParts, { body, close }: EcmsAnswer): string | Readable {
  if (typeof body === "string") return body;
  const pieces = async function* (): AsyncGenerator<string> {
    try {
      yield* body;
    } catch (error) {
      parts.log.error({ err: error }, "an e-CMS answer broke off");
      throw error;
    } finally {
      await close?.();
    }
  };
  return Readable.from(pieces(), { objectMode: true, highWaterMark: 1 });
}

/** A request of nobody is small, or is cut off: whoever is turned away reads the answer only after he has sent everything. */
async function hearOut(source: Readable, request: FastifyRequest): Promise<void> {
  const MOST_BYTES = 1024 * 1024;
  if (Number(request.headers["content-length"] ?? 0) > MOST_BYTES) return;
  let sizeBytes = 0;
  for await (const chunk of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > MOST_BYTES) return;
  }
}

function sendFault(parts: DoorParts, reply: FastifyReply, error: unknown): FastifyReply {
  if (error instanceof Problem) {
    const { status, th, en } = error.words;
    const { code } = errorDetailOf("not-available");
    return reply
      .code(status)
      .type(SOAP_MEDIA_TYPE)
      .send(soapFault("Client", { code, description: `${th} (${en})` }));
  }
  if (error instanceof StoreError && error.fault === "too-large") {
    reply.header("connection", "close");
    return sendFaultOf(reply, 413, "Client", "too-large");
  }
  const { statusCode } = error as { statusCode?: number };
  if (statusCode === 413) return sendFaultOf(reply.header("connection", "close"), 413, "Client", "too-large");
  if (statusCode !== undefined && statusCode < 500) return sendFaultOf(reply, 400, "Client", "not-soap");
  if (!(error instanceof Busy)) parts.log.error({ err: error }, "an e-CMS request failed");
  return sendFaultOf(reply, 503, "Server", "not-available");
}

function sendFaultOf(
  reply: FastifyReply,
  status: number,
  who: "Client" | "Server",
  fault: EcmsFault,
): FastifyReply {
  if (status === 503) reply.header("retry-after", AGAIN_AFTER_SECONDS);
  return reply
    .code(status)
    .type(SOAP_MEDIA_TYPE)
    .send(soapFault(who, errorDetailOf(fault)));
}
