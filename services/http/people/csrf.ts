import { timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { AccessKey } from "../../shared/access/proofs/access-key.ts";
import { problem } from "../problem.ts";

/** Field of a form, where a page sends one; else the header x-csrf-token. */
export const CSRF_FIELD = "csrf_token";

/** Changes nothing by what they are (RFC 9110 §9.2.1). */
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

export function isSafe({ method }: FastifyRequest): boolean {
  return SAFE.has(method);
}

/** The token that a page of a session has to send along: bound to the session, so that one of another session is none. */
export function csrfToken(key: AccessKey, sessionId: string): string {
  return key.markOf("csrf", sessionId);
}

/**
 * A request that a browser sends for another site is refused (Fetch metadata; where a browser does not send it, Origin). A
 * program that sends neither is no browser, and has no cookie that somebody else could use.
 * @throws Problem 403
 */
export function refuseOtherSites(request: FastifyRequest, publicUrl: string): void {
  const { origin, "sec-fetch-site": site } = request.headers;
  if (site !== undefined && site !== "same-origin" && site !== "none") throw problem("other-site");
  if (origin === undefined) return;
  const own = [
    `${request.protocol}://${request.host}`,
    ...(publicUrl === "" ? [] : [new URL(publicUrl).origin]),
  ];
  if (!own.includes(origin)) throw problem("other-site");
}

/** @throws Problem 403 when it is not the token of the session */
export function needCsrfToken(key: AccessKey, sessionId: string, given: unknown): void {
  const wanted = Buffer.from(csrfToken(key, sessionId));
  const shown = Buffer.from(typeof given === "string" ? given : "");
  if (shown.length !== wanted.length || !timingSafeEqual(shown, wanted)) throw problem("csrf-token-needed");
}
