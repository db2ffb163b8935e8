import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Problem } from "../problem.ts";
import { SCOPES, type Scope } from "./client.ts";
import { beginCall, clientParts, countWrongSecret } from "./client-access.ts";
import { secretHash, secretMark } from "./client-store.ts";
import { readBasic } from "./read-basic.ts";

const BODY_LIMIT_BYTES = 8 * 1024;

/** Why there is no token (RFC 6749 §5.2). */
type TokenError =
  | "invalid_request"
  | "invalid_client"
  | "unsupported_grant_type"
  | "invalid_scope"
  | "slow_down"
  | "temporarily_unavailable";

interface Refusal {
  readonly status: number;
  readonly error: TokenError;
  readonly description: string;
}

/**
 * POST /oauth/token: access tokens for programs by their id and secret (client credentials, RFC 6749 §4.4), in the field
 * Authorization (Basic) or in the form.
 */
export async function tokenDoor(server: FastifyInstance): Promise<void> {
  await server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      "application/x-www-form-urlencoded",
      { parseAs: "string", bodyLimit: BODY_LIMIT_BYTES },
      (_request, body, done) => done(null, new URLSearchParams(String(body))),
    );
    scope.setErrorHandler<FastifyError | Problem>((error, request, reply) => {
      if (error instanceof Problem) {
        const { status, en } = error.words;
        return refuse(reply, { status, error: "slow_down", description: en });
      }
      const { statusCode = 500 } = error;
      if (statusCode < 500)
        return refuse(reply, invalid(statusCode === 415 ? "send a form" : "the form cannot be read"));
      clientParts(request).log.error({ err: error }, "an access token could not be given");
      reply.header("retry-after", "5");
      const description = "not available now; try again later";
      return refuse(reply, { status: 503, error: "temporarily_unavailable", description });
    });
    scope.post("/oauth/token", async (request, reply) => {
      const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
      const { refused, given } = await giveToken(request, reply, form);
      return refused ? refuse(reply, refused) : answer(reply, 200, given);
    });
  });
}

type Outcome =
  | { readonly refused: Refusal; readonly given?: never }
  | { readonly refused?: never; readonly given: object };

async function giveToken(
  request: FastifyRequest,
  reply: FastifyReply,
  form: URLSearchParams,
): Promise<Outcome> {
  // §3.2: no parameter more than once; one without a value is as if it were not there.
  if (new Set(form.keys()).size < form.size) return no(invalid("a parameter stands there twice"));
  const grantType = form.get("grant_type") ?? "";
  if (grantType === "") return no(invalid("grant_type is needed"));
  if (grantType !== "client_credentials") {
    const description = "grant_type is client_credentials";
    return no({ status: 400, error: "unsupported_grant_type", description });
  }
  const credentials = readCredentials(request, form);
  if ("error" in credentials) return no(credentials);
  const { find, tokens, log } = clientParts(request);
  const client = await find.bySecret(credentials.id, credentials.secret);
  if (client === null) {
    if (countWrongSecret(request) > 0) {
      return no({ status: 429, error: "slow_down", description: "too many wrong secrets from this address" });
    }
    log.warn({ address: request.ip }, "a client's secret that is not in force was refused");
    reply.header("www-authenticate", 'Basic realm="saraban"');
    const description = "no client in force has this id and secret";
    return no({ status: 401, error: "invalid_client", description });
  }
  beginCall(request, client, "token");
  const wanted =
    form
      .get("scope")
      ?.split(" ")
      .filter((one) => one !== "") ?? [];
  const scopes = wanted.length === 0 ? SCOPES.filter((one) => client.scopes.has(one)) : [...new Set(wanted)];
  if (!scopes.every((one): one is Scope => client.scopes.has(one as Scope))) {
    const description = `this client has the scopes ${[...client.scopes].join(" ")}`;
    return no({ status: 400, error: "invalid_scope", description });
  }
  const mark = secretMark(secretHash(credentials.secret));
  const token = await tokens.issue({ clientId: client.id, mark, scopes });
  return {
    given: {
      access_token: token,
      token_type: "Bearer",
      expires_in: tokens.seconds,
      scope: scopes.join(" "),
    },
  };
}

function no(refused: Refusal): Outcome {
  return { refused };
}

function readCredentials(
  request: FastifyRequest,
  form: URLSearchParams,
): { readonly id: string; readonly secret: string } | Refusal {
  const { authorization } = request.headers;
  const id = form.get("client_id") ?? "";
  const secret = form.get("client_secret") ?? "";
  if (authorization === undefined) {
    return id === "" || secret === ""
      ? invalid("say who you are: Authorization: Basic, or client_id and client_secret")
      : { id, secret };
  }
  const basic = readBasic(authorization);
  const decoded = basic && { id: formDecoded(basic.name), secret: formDecoded(basic.password) };
  if (decoded === null) return invalid("Authorization is to be Basic, of client_id and client_secret");
  // §2.3: one way of saying who one is in each request.
  if (secret !== "" || (id !== "" && id !== decoded.id)) return invalid("say once who you are");
  return decoded;
}

/** §2.3.1: id and secret are encoded like fields of a form before they are put together. */
function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text; // no escape of ours stands in it: then it is wrong anyway
  }
}

function invalid(description: string): Refusal {
  return { status: 400, error: "invalid_request", description };
}

function refuse(reply: FastifyReply, { status, error, description }: Refusal): FastifyReply {
  return answer(reply, status, { error, error_description: description });
}

/** §5.1: nothing of it may lie in a cache; Pragma for proxies of HTTP/1.0. */
function answer(reply: FastifyReply, status: number, body: object): FastifyReply {
  return reply
    .code(status)
    .header("cache-control", "no-store")
    .header("pragma", "no-cache")
    .type("application/json; charset=utf-8")
    .send(body);
}
