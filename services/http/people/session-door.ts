import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { HasherBusy } from "../../shared/access/proofs/password-hasher.ts";
import type { ClientLimit } from "../limit-clients.ts";
import { problem } from "../problem.ts";
import { isUuid } from "../read-parameters.ts";
import { refuseOtherSites } from "./csrf.ts";
import type { OpenedSession } from "./open-session.ts";
import {
  doerOf,
  needSafeWay,
  peopleParts,
  placeOf,
  readSession,
  SESSION_REALM,
  signedInOf,
} from "./people-access.ts";
import { aboutSubject, asDoer } from "./people-parts.ts";
import { readMembers } from "./read-members.ts";
import { readCookie, writeCookie } from "./session-cookie.ts";
import { endSessions, listSessions } from "./session-store.ts";
import { showSecondFactor } from "./show-second-factor.ts";
import { showSession } from "./show-session.ts";
import { signIn } from "./sign-in.ts";

/** POST /session: who nobody knows yet signs in. Stands outside the doors that a session opens. */
export function signInDoor(api: FastifyInstance, limit: ClientLimit): void {
  api.post("/session", async (request, reply) => {
    const parts = peopleParts(request);
    takeTry(limit, request, reply);
    refuseOtherSites(request, parts.publicUrl);
    const way = needSafeWay(request);
    const members = readMembers(request.body);
    const [id, password] = [members.secret("id"), members.secret("password")];
    members.done();
    const brought = readCookie(request, "session", way);
    const before = brought === null ? null : await readSession(parts, brought);
    const opened = await mayBeBusy(reply, signIn(parts, { id, password, before, ...placeOf(request) }));
    if (opened === null) {
      reply.header("www-authenticate", SESSION_REALM);
      throw problem("wrong-sign-in");
    }
    return answerOpened(request, reply, opened);
  });
}

/** What somebody does with his own sessions. */
export function sessionDoor(api: FastifyInstance, limit: ClientLimit): void {
  api.get("/session", { config: { despite: "anything" } }, async (request) =>
    showSession(peopleParts(request), signedInOf(request)),
  );

  api.delete("/session", { config: { despite: "anything" } }, async (request, reply) => {
    const parts = peopleParts(request);
    const { session } = signedInOf(request);
    await asDoer(parts, doerOf(request), async (transaction, note, at) => {
      await endSessions(transaction, session.personId, "signed-out", at, { only: session.id });
      await note({ action: "sign-out", outcome: "allowed", ...aboutSubject(session.personId) });
    });
    writeCookie(reply, "session", needSafeWay(request), null);
    return reply.code(204).send();
  });

  api.post("/session/second-factor", { config: { despite: "anything" } }, async (request, reply) => {
    takeTry(limit, request, reply);
    const members = readMembers(request.body);
    const code = members.secret("code");
    members.done();
    const opened = await showSecondFactor(
      peopleParts(request),
      signedInOf(request).session,
      code,
      placeOf(request),
    );
    if (opened === null) throw problem("wrong-code");
    return answerOpened(request, reply, opened);
  });

  api.get("/sessions", async (request) => {
    const { database, now, settings } = peopleParts(request);
    const { session } = signedInOf(request);
    const sessions = await listSessions(database, session.personId, now().at, settings.sessionIdleMinutes);
    return { sessions: sessions.map((one) => ({ ...one, isThis: one.id === session.id })) };
  });

  api.delete("/sessions", async (request) => {
    const parts = peopleParts(request);
    const { session } = signedInOf(request);
    const ended = await asDoer(parts, doerOf(request), async (transaction, note, at) => {
      const ids = await endSessions(transaction, session.personId, "revoked", at, { except: session.id });
      const detail = { sessions: ids.length };
      await note({ action: "end-sessions", outcome: "allowed", ...aboutSubject(session.personId), detail });
      return ids.length;
    });
    return { ended };
  });

  api.delete<{ Params: { id: string } }>("/sessions/:id", async (request, reply) => {
    const parts = peopleParts(request);
    const { session } = signedInOf(request);
    const { id } = request.params;
    if (!isUuid(id)) throw problem("not-found");
    const ended = await asDoer(parts, doerOf(request), async (transaction, note, at) => {
      const ids = await endSessions(transaction, session.personId, "revoked", at, { only: id });
      if (ids.length > 0)
        await note({
          action: "end-sessions",
          outcome: "allowed",
          ...aboutSubject(session.personId),
          detail: { session: id },
        });
      return ids.length;
    });
    if (ended === 0) throw problem("not-found");
    if (id === session.id) writeCookie(reply, "session", needSafeWay(request), null);
    return reply.code(204).send();
  });
}

/** Gives the browser the new session's cookie and tells it who it is now. */
export async function answerOpened(
  request: FastifyRequest,
  reply: FastifyReply,
  { token }: OpenedSession,
): Promise<object> {
  const parts = peopleParts(request);
  writeCookie(reply, "session", needSafeWay(request), token);
  const session = await readSession(parts, token);
  if (session === null) throw problem("session-over"); // revoked in this moment
  return showSession(parts, session);
}

/** @throws Problem 429, and Retry-After in the answer */
export function takeTry(limit: ClientLimit, request: FastifyRequest, reply: FastifyReply): void {
  const waitSeconds = limit.take(request.ip);
  if (waitSeconds === 0) return;
  reply.header("retry-after", waitSeconds);
  throw problem("too-many-requests");
}

const BUSY_RETRY_SECONDS = 2;

/** @throws Problem 503 when too many passwords are being checked */
export async function mayBeBusy<Result>(reply: FastifyReply, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof HasherBusy)) throw error;
    reply.header("retry-after", BUSY_RETRY_SECONDS);
    throw problem("sign-in-busy");
  }
}
