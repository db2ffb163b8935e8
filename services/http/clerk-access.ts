import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { actingOf } from "../shared/access/acting.ts";
import type { Action } from "../shared/access/actions.ts";
import type { Actor as AccessActor } from "../shared/access/actor.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Acting, Kysely } from "../shared/runtime/database.ts";
import type { Log } from "../shared/runtime/log.ts";
import { ruleFor } from "./clerk-actions.ts";
import { type Clerk, findClerk } from "./clerk-store.ts";
import {
  actingForClient,
  beginCall,
  type Client,
  countWrongSecret,
  findByCertificate,
  findByToken,
  knownClient,
  needScope,
} from "./clients/client-access.ts";
import { findSignedIn } from "./people/people-access.ts";
import { agenciesOfPerson } from "./people/person-as-clerk.ts";
import type { PersonActor } from "./people/signed-in.ts";
import { problem } from "./problem.ts";

/** The header alone (RFC 6750 §2.1): a token in a query string would stand in logs and histories (§5.3). */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;
const REALM = 'Bearer realm="saraban"';

/** Somebody who works here, by a token or signed in. */
export interface KnownClerk {
  readonly id: string;
  /** ชื่อ-สกุล */
  readonly name: string;
  /** For which he may do what the door does. */
  readonly agencies: readonly string[];
  readonly acting: Acting;
  /** Null: he comes with a token. */
  readonly person: PersonActor | null;
  /** Whether the rules allow him to do this, too, for one of them. */
  may(action: Action, agencyId: string): boolean;
}

/**
 * Lets nobody through to the doors of `api` but clerks, each by the token of his row in table clerk (RFC 6750), people who
 * have signed in and are appointed to work with ordinary letters (clerk-actions.ts), and to those that name scopes for them also programs, by an access token (POST /oauth/token) or the certificate of the
 * connection. Asked before the body is read. Which agencies a caller works for stands in his row, and is read again for
 * each request: who is removed is out at once. Stands behind admitClients.
 */
export function admitCallers(
  api: FastifyInstance,
  parts: { readonly database: Kysely<Tables>; readonly log: Log },
): void {
  api.decorateRequest("clerk", null);
  api.addHook("onRequest", async (request, reply) => {
    const header = request.headers.authorization;
    const token = header === undefined ? undefined : BEARER.exec(header)?.[1];
    if (token === undefined) {
      // A header that says who asks counts alone: a cookie comes along with whatever a browser sends.
      const signedIn = header === undefined ? await findSignedIn(request, reply) : null;
      if (signedIn !== null) return letPersonIn(request, signedIn.actor);
      const client = header === undefined ? await findByCertificate(request) : null;
      if (client !== null) return letClientIn(request, client);
      // RFC 6750 §3.1: who brings no token of this kind is told the scheme and no error.
      reply.header("www-authenticate", REALM);
      throw problem("no-token");
    }
    const clerk = await findClerk(parts.database, token);
    if (clerk !== undefined) return letTokenIn(request, clerk);
    const client = await findByToken(request, token);
    if (client !== null) return letClientIn(request, client);
    refuseToken(request, reply, parts.log);
  });
}

async function letPersonIn(request: FastifyRequest, actor: PersonActor): Promise<void> {
  if (request.routeOptions.config.programsOnly === true) throw problem("programs-only");
  // As findSignedIn has written down who it is: what is denied is recorded under that name.
  letClerkIn(request, actor, await agenciesOfPerson(request, actor));
}

function letTokenIn(request: FastifyRequest, { id, name, agencies, rights }: Clerk): void {
  if (request.routeOptions.config.programsOnly === true) throw problem("programs-only");
  letClerkIn(
    request,
    { kind: "clerk-token", id, name, agencies, mayApprove: rights.includes("approve") },
    agencies,
  );
}

function letClerkIn(
  request: FastifyRequest,
  actor: Extract<AccessActor, { readonly kind: "person" | "clerk-token" }>,
  agencies: readonly string[],
): void {
  request.setDecorator<KnownClerk>("clerk", {
    id: actor.id,
    name: actor.name,
    agencies,
    acting: actingOf(actor, agencies),
    person: actor.kind === "person" ? actor : null,
    may: (action, agencyId) => ruleFor(actor, action, agencyId) !== null,
  });
}

/** Closed unless the route names scopes: a new door of clerks is not open to programs by being forgotten. */
function letClientIn(request: FastifyRequest, client: Client): void {
  beginCall(request, client, "api");
  const { scopes } = request.routeOptions.config;
  if (scopes === undefined) throw problem("people-only");
  if (scopes !== "any") needScope(request, ...scopes);
}

function refuseToken(request: FastifyRequest, reply: FastifyReply, log: Log): never {
  if (countWrongSecret(request) > 0) throw problem("too-many-wrong-tokens");
  log.warn({ address: request.ip }, "a token that is not in force was refused");
  reply.header("www-authenticate", `${REALM}, error="invalid_token"`);
  throw problem("wrong-token");
}

/** The clerk whose request it is; only behind admitCallers, on a route without scopes for programs. */
export function clerkOf(request: FastifyRequest): KnownClerk {
  return request.getDecorator<KnownClerk>("clerk");
}

/** Who asks, be it a person or a program. */
export interface Actor {
  readonly id: string;
  readonly name: string;
  readonly agencies: readonly string[];
  /** Who works here; null for a program. */
  readonly clerk: KnownClerk | null;
  /** The program, with its scopes; null for a clerk, who may all that no right is needed for. */
  readonly client: Client | null;
  readonly acting: Acting;
}

/** Who asks, on a route that is open to clerks and programs. */
export function actorOf(request: FastifyRequest): Actor {
  const client = knownClient(request);
  if (client === null) {
    const clerk = clerkOf(request);
    const { id, name, agencies, acting } = clerk;
    return { id, name, agencies, clerk, client, acting };
  }
  const { id, name, agencyId } = client;
  return { id, name, agencies: [agencyId], clerk: null, client, acting: actingForClient(client) };
}

/** Whether somebody may see books of this direction. */
export function mayRead({ client }: Actor, direction: "inbound" | "outbound"): boolean {
  return client === null || client.scopes.has(`read-${direction}`);
}

/** What every transaction of a request states; row-level security holds it to that. */
export function actingFor({ acting }: KnownClerk): Acting {
  return acting;
}

/** @throws Problem 404 when the caller does not work for the agency, be there one or not */
export function ownAgency({ agencies }: Pick<Actor, "agencies">, agencyId: string): string {
  if (!agencies.includes(agencyId)) throw problem("not-found");
  return agencyId;
}
