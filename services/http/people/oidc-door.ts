import { createHash } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ClientLimit } from "../limit-clients.ts";
import { html, pagePolicy, wholePage } from "../page-html.ts";
import { problem } from "../problem.ts";
import type { OidcClient, OidcIdentity } from "./oidc-client.ts";
import { type BoundPerson, bindByEmail, findBound, insertLogin, takeLogin } from "./oidc-store.ts";
import { type OpenedSession, openSession } from "./open-session.ts";
import { needSafeWay, peopleParts, placeOf, readSession, SESSION_REALM } from "./people-access.ts";
import { aboutSubject, asDoer } from "./people-parts.ts";
import { readCookie, writeCookie } from "./session-cookie.ts";
import { takeTry } from "./session-door.ts";
import { endIdleSessions } from "./session-store.ts";

const LONGEST_RETURN = 500;

/**
 * Sign-in by an OpenID provider (authorization code with PKCE): GET /oidc/start sends the browser there, GET /oidc/return is where
 * it comes back. Nobody gets an account by it: only who was bound to this subject, or to this verified mail address, comes in.
 */
export function oidcDoor(api: FastifyInstance, client: OidcClient | null, limit: ClientLimit): void {
  api.get<{ Querystring: Readonly<Record<string, unknown>> }>("/oidc/start", async (request, reply) => {
    if (client === null) throw problem("not-found");
    takeTry(limit, request, reply);
    const parts = peopleParts(request);
    const way = needSafeWay(request);
    const { url, state, nonce, codeVerifier } = await client.begin(redirectUri(request, parts.publicUrl));
    const returnTo = ownPath(request.query["returnTo"]);
    await insertLogin(parts.database, hashOf(state), { codeVerifier, nonce, returnTo }, parts.now().at);
    // Bound to this browser: an answer that somebody else has got for himself signs nobody in here.
    writeCookie(reply, "login", way, state);
    return reply.redirect(url.href, 302);
  });

  api.get<{ Querystring: Readonly<Record<string, unknown>> }>("/oidc/return", async (request, reply) => {
    if (client === null) throw problem("not-found");
    takeTry(limit, request, reply);
    const parts = peopleParts(request);
    const way = needSafeWay(request);
    const state = readCookie(request, "login", way);
    writeCookie(reply, "login", way, null);
    const login =
      state !== null && request.query["state"] === state
        ? await takeLogin(parts.database, hashOf(state), parts.now().at)
        : undefined;
    if (state === null || login === undefined) return refuse(request, reply, "no-login-under-way");
    const currentUrl = new URL(redirectUri(request, parts.publicUrl));
    currentUrl.search = request.url.slice(request.url.indexOf("?"));
    const identity = await client.finish(currentUrl, { state, ...login });
    if (identity === null) return refuse(request, reply, "refused-by-the-provider");
    const opened = await signInBy(request, identity);
    if (opened === null) return refuse(request, reply, "nobody-is-bound");
    writeCookie(reply, "session", way, opened.token);
    // Not a redirect: what a browser asks for because of one still counts as begun by the provider's site, and carries no strict cookie.
    return reply
      .header("refresh", `0;url=${login.returnTo}`)
      .header("content-security-policy", pagePolicy())
      .type("text/html; charset=utf-8")
      .send(
        wholePage(
          "เข้าสู่ระบบแล้ว",
          html`<p><a href="${login.returnTo}">ดำเนินการต่อ <span lang="en">Go on</span></a></p>`,
        ),
      );
  });
}

async function signInBy(request: FastifyRequest, identity: OidcIdentity): Promise<OpenedSession | null> {
  const parts = peopleParts(request);
  const { settings } = parts;
  const brought = readCookie(request, "session", needSafeWay(request));
  const before = brought === null ? null : await readSession(parts, brought);
  const found = await findOrBind(request, identity);
  if (found?.active !== true) return null;
  const { id, name } = found;
  const doer = { actor: `person:${id}`, name, door: "json", address: request.ip } as const;
  return asDoer(parts, doer, async (transaction, note, at) => {
    await endIdleSessions(transaction, at, settings.sessionIdleMinutes);
    const opened = await openSession(transaction, id, placeOf(request), at, {
      expiresAt: new Date(at.getTime() + settings.sessionHours * 3_600_000),
      secondFactorAt: identity.hasSecondFactor ? at : null,
      before,
    });
    const detail = { session: opened.id, by: "oidc", secondFactor: identity.hasSecondFactor };
    await note({ action: "sign-in", outcome: "allowed", ...aboutSubject(id), detail });
    return opened;
  });
}

async function findOrBind(
  request: FastifyRequest,
  { issuer, subject, email }: OidcIdentity,
): Promise<BoundPerson | undefined> {
  const parts = peopleParts(request);
  const bound = await findBound(parts.database, issuer, subject);
  if (bound !== undefined || email === null || !parts.settings.oidc.bindByEmail) return bound;
  const doer = { actor: "nobody", door: "json", address: request.ip } as const;
  return asDoer(parts, doer, async (transaction, note) => {
    const found = await bindByEmail(transaction, issuer, subject, email);
    if (found !== undefined)
      await note({
        action: "bind-person",
        outcome: "allowed",
        ...aboutSubject(found.id),
        rule: "verified-email",
      });
    return found;
  });
}

async function refuse(request: FastifyRequest, reply: FastifyReply, rule: string): Promise<never> {
  const doer = { actor: "nobody", door: "json", address: request.ip } as const;
  await asDoer(peopleParts(request), doer, (_transaction, note) =>
    note({ action: "sign-in", outcome: "failed", rule, detail: { by: "oidc" } }),
  );
  reply.header("www-authenticate", SESSION_REALM);
  throw problem("wrong-oidc-sign-in");
}

/** Where the provider sends the browser back to; it knows the address and refuses any other. */
function redirectUri(request: FastifyRequest, publicUrl: string): string {
  const root = publicUrl === "" ? `${request.protocol}://${request.host}` : publicUrl.replace(/\/$/, "");
  return `${root}/api/v1/oidc/return`;
}

/** An address of this server alone: nobody can send a person who has just signed in to a page of his own. */
function ownPath(asked: unknown): string {
  if (typeof asked !== "string" || asked.length > LONGEST_RETURN) return "/";
  // As a browser reads it: "//host" and "/\host" are other hosts; a line feed would end the header.
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(asked) && !/[;,"'\\<>]/.test(asked) ? asked : "/";
}

function hashOf(state: string): string {
  return createHash("sha256").update(state).digest("hex");
}
