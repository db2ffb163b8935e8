import type { FastifyReply, FastifyRequest } from "fastify";
import { namesTag, tagOf } from "../send-answer.ts";

/** A text that is the same for everybody and changes with the installation alone. */
export interface KeptText {
  readonly text: string;
  readonly mediaType: string;
  readonly tag: string;
}

export function keptText(text: string, mediaType: string): KeptText {
  return { text, mediaType, tag: tagOf(text) };
}

const KEPT_SECONDS = 300;

/** Answers with it; with 304 to whoever has it. */
export function sendKept(
  request: FastifyRequest,
  reply: FastifyReply,
  { text, mediaType, tag }: KeptText,
): FastifyReply {
  reply.header("etag", tag).header("cache-control", `public, max-age=${KEPT_SECONDS}`);
  if (namesTag(request.headers["if-none-match"], tag)) return reply.code(304).send();
  return reply.type(mediaType).send(text);
}
