import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { sessionTokenHash } from "../../shared/access/proofs/session-token.ts";
import { type ProblemCode, problem } from "../problem.ts";
import { CSRF_FIELD, isSafe, needCsrfToken, refuseOtherSites } from "./csrf.ts";
import type { Place } from "./open-session.ts";
import type { Doer, PeopleParts } from "./people-parts.ts";
import { readCookie, type Way, wayOf, writeCookie } from "./session-cookie.ts";
import { findSession, type SessionRow, touchSession } from "./session-store.ts";
import { knowSession, type Need, type SignedIn } from "./signed-in.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Of a route for people who have signed in: open in spite of what they still have to do. */
    readonly despite?: readonly Need[] | "anything";
    /** The token against requests of other sites stands in the body (csrf_token), not in a header. */
    readonly csrfInForm?: boolean;
  }
}

const PARTS = "peopleParts";
const SIGNED_IN = "signedIn";
/** A session that is used says so once in so long: not each request is worth a row. */
const TOUCH_AFTER_MS = 60_000;
export const SESSION_REALM = 'Session realm="saraban"';

/** Makes people known to all doors of a server. Once for a server, before any door. */
export function admitPeople(server: FastifyInstance, parts: PeopleParts): void {
  server.decorate(PARTS, parts);
  server.decorateRequest(SIGNED_IN, null);
  server.addHook("preHandler", async (request) => {
    if (request.routeOptions.config?.csrfInForm !== true) return;
    const signedIn = request.getDecorator<SignedIn | null>(SIGNED_IN);
    if (signedIn !== null && !isSafe(request))
      needCsrfToken(parts.key, signedIn.session.id, formField(request.body, CSRF_FIELD));
  });
}

export function peopleParts(request: FastifyRequest): PeopleParts {
  return request.server.getDecorator<PeopleParts>(PARTS);
}

/**
 * Who has signed in, by the session's cookie; null when the request brings none.
 * @throws Problem 401 when the session is over, 403 when another site sends the request, or something is still to be done
 */
export async function findSignedIn(request: FastifyRequest, reply: FastifyReply): Promise<SignedIn | null> {
  const parts = peopleParts(request);
  const { key, publicUrl } = parts;
  const way = wayOf(request, publicUrl);
  const token = readCookie(request, "session", way);
  if (token === null) return null;
  const session = await readSession(parts, token);
  if (session === null) {
    writeCookie(reply, "session", way, null);
    reply.header("www-authenticate", SESSION_REALM);
    throw problem("session-over");
  }
  const { config } = request.routeOptions;
  if (!isSafe(request)) {
    refuseOtherSites(request, publicUrl);
    if (config?.csrfInForm !== true) needCsrfToken(key, session.id, request.headers["x-csrf-token"]);
  }
  const signedIn = knowSession(parts, session);
  if (
    signedIn.need !== null &&
    config?.despite !== "anything" &&
    config?.despite?.includes(signedIn.need) !== true
  )
    throw problem(NEEDED[signedIn.need]);
  request.setDecorator<SignedIn>(SIGNED_IN, signedIn);
  return signedIn;
}

/** The session of a token at this moment, marked as used; null when it is over, or was none. */
export async function readSession(parts: PeopleParts, token: string): Promise<SessionRow | null> {
  const { database, settings, now } = parts;
  const hash = sessionTokenHash(token);
  if (hash === null) return null;
  const { at } = now();
  const session = (await findSession(database, hash, at, settings.sessionIdleMinutes)) ?? null;
  if (session !== null && at.getTime() - session.seenAt.getTime() > TOUCH_AFTER_MS)
    await touchSession(database, session.id, at);
  return session;
}

const NEEDED: Readonly<Record<Need, ProblemCode>> = {
  "second-factor": "second-factor-needed",
  "password-change": "password-change-needed",
  "second-factor-set-up": "second-factor-set-up-needed",
};

/** Who has signed in; only behind a door that lets nobody else in. */
export function signedInOf(request: FastifyRequest): SignedIn {
  const signedIn = request.getDecorator<SignedIn | null>(SIGNED_IN);
  if (signedIn === null) throw problem("not-signed-in");
  return signedIn;
}

/**
 * For what is worth showing the second factor once more (step-up): it was shown some minutes ago at most. Who has
 * none goes on by password, unless `always`, as for classified letters.
 * @throws Problem 403
 */
export function needRecentSecondFactor(request: FastifyRequest, always = false): void {
  const { actor, session } = signedInOf(request);
  if (actor.secondFactor) return;
  if (session.hasSecondFactor) throw problem("second-factor-needed");
  if (always) throw problem("second-factor-set-up-needed");
}

export function placeOf(request: FastifyRequest): Place {
  return { address: request.ip, userAgent: request.headers["user-agent"] ?? "" };
}

export function doerOf(request: FastifyRequest): Doer {
  const { id, name } = signedInOf(request).actor;
  return { actor: `person:${id}`, name, door: "json", address: request.ip };
}

/** @throws Problem 403 where what is typed could be read along the way */
export function needSafeWay(request: FastifyRequest): Exclude<Way, "open"> {
  const way = wayOf(request, peopleParts(request).publicUrl);
  if (way === "open") throw problem("tls-needed");
  return way;
}

function formField(body: unknown, name: string): unknown {
  if (body instanceof URLSearchParams) return body.get(name);
  if (typeof body !== "object" || body === null) return undefined;
  return (body as Readonly<Record<string, unknown>>)[name];
}
