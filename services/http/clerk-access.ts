import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Tables } from "../shared/letter/tables.ts";
import type { Acting, Kysely } from "../shared/runtime/database.ts";
import type { Log } from "../shared/runtime/log.ts";
import { type Clerk, findClerk } from "./clerk-store.ts";
import { problem } from "./problem.ts";
import { countWrongTokens } from "./wrong-tokens.ts";

/** The header alone (RFC 6750 §2.1): a token in a query string would stand in logs and histories (§5.3). */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;
const REALM = 'Bearer realm="saraban"';

/**
 * Lets nobody through to the doors of `api` but clerks, each by the token of his row in table clerk (RFC 6750). Asked
 * before the body is read. Which agencies a clerk works for stands in that row, and is read again for each request: who
 * is removed is out at once.
 */
export function admitClerks(
  api: FastifyInstance,
  parts: { readonly database: Kysely<Tables>; readonly nowMs: () => number; readonly log: Log },
): void {
  const wrongTokens = countWrongTokens(parts.nowMs);
  api.decorateRequest("clerk", null);
  api.addHook("onRequest", async (request, reply) => {
    const header = request.headers.authorization;
    const token = header === undefined ? undefined : BEARER.exec(header)?.[1];
    if (token === undefined) {
      // RFC 6750 §3.1: who brings no token of this kind is told the scheme and no error.
      reply.header("www-authenticate", REALM);
      throw problem("no-token");
    }
    const clerk = await findClerk(parts.database, token);
    if (clerk !== undefined) return request.setDecorator("clerk", clerk);
    const waitSeconds = wrongTokens.count(request.ip);
    if (waitSeconds > 0) {
      reply.header("retry-after", waitSeconds);
      throw problem("too-many-wrong-tokens");
    }
    parts.log.warn({ address: request.ip }, "a token that is not in force was refused");
    reply.header("www-authenticate", `${REALM}, error="invalid_token"`);
    throw problem("wrong-token");
  });
}

/** The clerk whose request it is; only behind admitClerks. */
export function clerkOf(request: FastifyRequest): Clerk {
  return request.getDecorator<Clerk>("clerk");
}

/** What every transaction of a request states; row-level security holds it to that. */
export function actingFor({ id, agencies }: Clerk): Acting {
  return { actor: `person:${id}`, agencies };
}

/** @throws Problem 404 when the clerk does not work for the agency, be there one or not */
export function ownAgency(clerk: Clerk, agencyId: string): string {
  if (!clerk.agencies.includes(agencyId)) throw problem("not-found");
  return agencyId;
}
