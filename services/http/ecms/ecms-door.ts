import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { errorDetailOf } from "../../shared/ecms/faults.ts";
import { SOAP_MEDIA_TYPE } from "../../shared/ecms/write-soap.ts";
import { type Client, noteCall } from "../clients/client-access.ts";
import { identifyEcmsClient } from "../clients/ecms-client.ts";
import type { DoorParts } from "../door-parts.ts";
import { hearOut } from "../letters/read-body.ts";
import { countRunning } from "./count-running.ts";
import type { EcmsAnswer } from "./ecms-answer.ts";
import { ecmsCall } from "./ecms-call.ts";
import { sendFault, sendThrown } from "./send-fault.ts";
import { takeRequest } from "./take-request.ts";

/** Of one request, in base64 and all: attachments of some 75 MB. */
const LARGEST_REQUEST_BYTES = 100 * 1024 * 1024;
/** Each holds a connection and some 300 KB of memory; those that come in greater numbers are asked to come again. */
const MOST_AT_ONCE = 128;
const MOST_OF_A_CLIENT = 64;
/** A client that neither sends nor reads for so long has hung up. */
const IDLE_MS = 120_000;
/** Of strangers' requests, so that they can read the answer: nobody reads before all of a small request is sent. */
const HEARD_OUT = { bytes: 256 * 1024, ms: 2_000 };

/** What an operator who looks with a browser is told. */
const NOTE = "This is an e-CMS node: POST a SOAP request (text/xml). There is no WSDL.\n";

/**
 * POST /ecms-ws01/service2 (ecms.path): the SOAP protocol of e-saraban systems, for clients of either dialect as they are. The
 * operation is the first child of Body; neither SOAPAction nor Content-Type is asked for.
 */
export async function ecmsDoor(server: FastifyInstance, parts: DoorParts): Promise<void> {
  const running = countRunning(MOST_AT_ONCE, MOST_OF_A_CLIENT);
  await server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
    const typesGiven = new WeakMap<FastifyRequest, string>();
    scope.addHook("onRequest", async (request) => {
      // The library turns away what is no media type before any parser is asked; old clients send such, too.
      typesGiven.set(request, request.headers["content-type"] ?? "");
      request.headers["content-type"] = "text/xml";
    });
    scope.setErrorHandler((error, _request, reply) => sendThrown(reply, error, parts.log));
    scope.get(parts.ecmsPath, (_request, reply) =>
      reply.code(405).header("allow", "POST").type("text/plain; charset=utf-8").send(NOTE),
    );
    scope.post(
      parts.ecmsPath,
      { bodyLimit: LARGEST_REQUEST_BYTES, config: { mayTakeLong: true } },
      async (request, reply) => {
        const source = request.body instanceof Readable ? request.body : request.raw;
        const client = await identifyEcmsClient(request);
        if (client === null) {
          await hearStranger(source);
          reply.header("www-authenticate", 'Basic realm="saraban", charset="UTF-8"');
          return sendFault(reply, 401, "not-allowed");
        }
        if (Number(request.headers["content-length"] ?? 0) > LARGEST_REQUEST_BYTES)
          return sendFault(reply, 413, "too-large");
        const leave = running.enter(client.id);
        if (leave === null) return sendFault(reply, 503, "not-available");
        reply.raw.once("close", leave);
        reply.raw.setTimeout(IDLE_MS, () => request.raw.destroy());
        return answerTo(parts, client, request, reply, source, typesGiven.get(request) ?? "");
      },
    );
  });
}

async function answerTo(
  parts: DoorParts,
  client: Client,
  request: FastifyRequest,
  reply: FastifyReply,
  source: Readable,
  typeGiven: string,
): Promise<FastifyReply> {
  const call = await ecmsCall(parts, client, request, typeGiven);
  const length = request.headers["content-length"];
  const size = {
    limitBytes: LARGEST_REQUEST_BYTES,
    lengthBytes: length === undefined ? null : Number(length),
  };
  const taken = await takeRequest(call, source, size).catch(async (error: unknown) => {
    // No room, or no database: who has not sent everything yet would see a broken connection, and no answer.
    await hearOut(source, LARGEST_REQUEST_BYTES);
    throw error;
  });
  if ("fault" in taken) {
    noteCall(request, { operation: `SOAP ${errorDetailOf(taken.fault).code}` });
    return sendFault(reply, taken.fault === "not-available" ? 503 : 400, taken.fault);
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
      // The client sees an answer without its end, and asks again.
      parts.log.error({ err: error }, "an e-CMS answer broke off");
      throw error;
    } finally {
      await close?.();
    }
  };
  return Readable.from(pieces(), { objectMode: true, highWaterMark: 1 });
}

async function hearStranger(source: Readable): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, HEARD_OUT.ms);
  const listen = async (): Promise<void> => {
    let sizeBytes = 0;
    for await (const chunk of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > HEARD_OUT.bytes) return;
    }
  };
  await Promise.race([listen().catch(() => {}), late]);
  clearTimeout(timer);
}
