import type { FastifyReply } from "fastify";
import { type EcmsFault, errorDetailOf } from "../../shared/ecms/faults.ts";
import { SOAP_MEDIA_TYPE, soapFault } from "../../shared/ecms/write-soap.ts";
import type { Log } from "../../shared/runtime/log.ts";
import { StoreError } from "../../shared/runtime/store-errors.ts";
import { Problem } from "../problem.ts";

const AGAIN_AFTER_SECONDS = 30;

/** Answers that a request was not understood (400), or cannot be taken in: now (503), of this size (413), of this caller (401). */
export function sendFault(
  reply: FastifyReply,
  status: 400 | 401 | 413 | 503,
  fault: EcmsFault,
): FastifyReply {
  const isOurs = status === 503;
  if (isOurs) reply.header("retry-after", AGAIN_AFTER_SECONDS);
  // What is left of the request is not waited for.
  if (status === 413) reply.header("connection", "close");
  return reply
    .code(status)
    .type(SOAP_MEDIA_TYPE)
    .send(soapFault(isOurs ? "Server" : "Client", errorDetailOf(fault)));
}

/** Answers for what was thrown: of a client that went away nothing is logged. */
export function sendThrown(reply: FastifyReply, error: unknown, log: Log): FastifyReply {
  if (error instanceof Problem) {
    const { status, th, en } = error.words;
    if (status === 503) return sendFault(reply, 503, "not-available");
    const { code } = errorDetailOf("not-available");
    const text = soapFault("Client", { code, description: `${th} (${en})` });
    return reply.code(status).type(SOAP_MEDIA_TYPE).send(text);
  }
  const { statusCode } = error as { readonly statusCode?: number };
  if (statusCode === 413 || (error instanceof StoreError && error.fault === "too-large"))
    return sendFault(reply, 413, "too-large");
  if (statusCode !== undefined && statusCode < 500) return sendFault(reply, 400, "not-soap");
  if (!reply.request.raw.readableAborted) log.error({ err: error }, "an e-CMS request failed");
  return sendFault(reply, 503, "not-available");
}
