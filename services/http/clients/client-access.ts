import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Acting, Kysely } from "../../shared/runtime/database.ts";
import type { Log } from "../../shared/runtime/log.ts";
import type { NetworkSet } from "../../shared/runtime/networks.ts";
import { Problem, problem, problems } from "../problem.ts";
import { isUuid } from "../read-parameters.ts";
import { whenClosed } from "../when-closed.ts";
import { countWrongTokens, type WrongTokens } from "../wrong-tokens.ts";
import type { AccessTokens } from "./access-tokens.ts";
import type { Client, Scope } from "./client.ts";
import type { CallDoor, ClientCalls } from "./client-calls.ts";
import { certificateOf } from "./client-certificate.ts";
import { type ClientLimit, limitHeaders } from "./client-limit.ts";
import { findClientByCertificate } from "./client-store.ts";
import type { FindClient } from "./find-client.ts";

export type { Client, Scope } from "./client.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /**
     * Of a route under /api/v1: programs come in with any one of these scopes. Without it the door is for people alone.
     * "any": every program, whatever its scopes.
     */
    readonly scopes?: readonly Scope[] | "any";
    /** Of a route under /api/v1: what programs alone have, such as an inbox; people stay outside. */
    readonly programsOnly?: boolean;
  }
}

/** What knowing programs takes; one for the whole server. */
export interface ClientParts {
  readonly database: Kysely<Tables>;
  readonly log: Log;
  readonly tokens: AccessTokens;
  readonly find: FindClient;
  readonly calls: ClientCalls;
  readonly limit: ClientLimit;
  /** Proxies whose field Client-Cert is believed; null: none. */
  readonly certificateProxies: NetworkSet | null;
  /** Whether e-CMS clients may be known by where they come from (ecms.byAddress). */
  readonly byAddress: boolean;
}

/** A request's answer, and what is written down of it when a program is behind it. */
interface Call {
  readonly reply: FastifyReply;
  client: Client | null;
  operation: string;
  subjectId: string | null;
}

const PARTS = "clientParts";
const WRONG = "wrongSecrets";
const CALL = "clientCall";
const LONGEST_OPERATION = 200;
const LONGEST_ADDRESS = 100;
/** Of no answer: as proxies write it down. */
const WENT_AWAY = 499;

/** Makes programs known to all doors of a server, wherever they stand. Once for a server, before any door. */
export function admitClients(server: FastifyInstance, parts: ClientParts): void {
  server.decorate(PARTS, parts);
  server.decorate(WRONG, countWrongTokens(Date.now));
  server.decorateRequest(CALL, null);
  server.addHook("onRequest", async (request, reply) => {
    request.setDecorator<Call>(CALL, { reply, client: null, operation: "", subjectId: null });
  });
}

/** The parts that admitClients was given. */
export function clientParts(request: FastifyRequest): ClientParts {
  return request.server.getDecorator<ClientParts>(PARTS);
}

/**
 * Counts a secret or token that is not in force, by the address it comes from. @returns seconds that the address has to
 * wait, which the answer then says (Retry-After); 0 while it has not tried too often
 */
export function countWrongSecret(request: FastifyRequest): number {
  const waitSeconds = request.server.getDecorator<WrongTokens>(WRONG).count(request.ip);
  if (waitSeconds > 0) request.getDecorator<Call>(CALL).reply.header("retry-after", waitSeconds);
  return waitSeconds;
}

/** The client of an access token, with the scopes that token and row have in common; null when it is not in force. */
export async function findByToken(request: FastifyRequest, token: string): Promise<Client | null> {
  const { tokens, find } = clientParts(request);
  const grant = await tokens.read(token);
  if (grant === null) return null;
  const client = await find.ofToken(grant.clientId, grant.mark);
  return client && { ...client, scopes: new Set(grant.scopes.filter((scope) => client.scopes.has(scope))) };
}

/** The client of the certificate under which a request came; null when it came under none that is registered. */
export async function findByCertificate(request: FastifyRequest): Promise<Client | null> {
  const { certificateProxies, database } = clientParts(request);
  const sha256 = certificateOf(request, certificateProxies);
  return sha256 === null ? null : findClientByCertificate(database, sha256);
}

/**
 * Who calls is known now: the call is counted, and written down when it is answered or given up.
 * @throws Problem 429 when the client has used up its minute; the answer has Retry-After and RateLimit then
 */
export function beginCall(request: FastifyRequest, client: Client, door: CallDoor): void {
  const call = request.getDecorator<Call>(CALL);
  const { calls, limit } = clientParts(request);
  const { reply } = call;
  call.client = client;
  if (call.operation === "") call.operation = `${request.method} ${request.routeOptions.url ?? ""}`;
  const calledAt = new Date();
  // Of a client that has gone away nobody knows it any more.
  const remoteAddress = request.ip.slice(0, LONGEST_ADDRESS);
  whenClosed(reply, () =>
    calls.add({
      clientId: client.id,
      agencyId: client.agencyId,
      door,
      operation: call.operation.slice(0, LONGEST_OPERATION).toWellFormed(),
      status: reply.raw.writableFinished ? reply.raw.statusCode : WENT_AWAY,
      remoteAddress,
      subjectId: call.subjectId,
      tookMs: Math.round(reply.elapsedTime),
      calledAt,
    }),
  );
  const quota = limit.take(client.id);
  if (quota === null) return;
  reply.headers(limitHeaders(quota));
  if (!quota.isOver) return;
  reply.header("retry-after", quota.seconds);
  throw problem("client-over-limit");
}

/** For the record of calls: what was asked (the name of an e-CMS operation), and the letter that it was about. */
export function noteCall(
  request: FastifyRequest,
  { operation, subjectId }: { readonly operation?: string; readonly subjectId?: string },
): void {
  const call = request.getDecorator<Call>(CALL);
  if (operation !== undefined) call.operation = operation.replaceAll("\0", "");
  if (subjectId !== undefined && isUuid(subjectId)) call.subjectId = subjectId;
}

/**
 * The program whose request it is.
 * @throws Problem 403 when a person asks; a route that only programs come to says so by programsOnly
 */
export function clientOf(request: FastifyRequest): Client {
  const client = knownClient(request);
  if (client === null) throw problem("programs-only");
  return client;
}

/** The program whose request it is; null when it is a person's. */
export function knownClient(request: FastifyRequest): Client | null {
  return request.getDecorator<Call>(CALL).client;
}

/** @throws Problem 403 when the program has none of these scopes; the answer says which it takes (RFC 6750 §3.1) */
export function needScope(request: FastifyRequest, ...scopes: readonly Scope[]): void {
  const client = clientOf(request);
  if (scopes.some((scope) => client.scopes.has(scope))) return;
  const { reply } = request.getDecorator<Call>(CALL);
  reply.header(
    "www-authenticate",
    `Bearer realm="saraban", error="insufficient_scope", scope="${scopes.join(" ")}"`,
  );
  throw new Problem("scope-needed", problems["scope-needed"], [], { scopes });
}

/** What every transaction of a program's request states; row-level security holds it to its agency. */
export function actingForClient({ id, agencyId }: Pick<Client, "id" | "agencyId">): Acting {
  return { actor: `client:${id}`, agencies: [agencyId] };
}
