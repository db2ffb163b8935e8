import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from "fastify";
import { actDoor } from "./act-door.ts";
import { admitCallers } from "./clerk-access.ts";
import { admitClients, type ClientParts } from "./clients/client-access.ts";
import { tokenDoor } from "./clients/token-door.ts";
import { type DeniedRequests, decorateDenied, noteReason, watchDenied } from "./denied-requests.ts";
import type { DoorParts } from "./door-parts.ts";
import { ecmsDoor } from "./ecms/ecms-door.ts";
import type { HttpTls } from "./http-certificate.ts";
import { inboxDoor } from "./inbox/inbox-door.ts";
import { lettersDoor } from "./letters/letter-door.ts";
import { lineDoor } from "./line-door.ts";
import { mailboxCheckDoor } from "./mailbox-check-door.ts";
import { directoryDoor } from "./openapi/directory-door.ts";
import { noteRoutes } from "./openapi/known-routes.ts";
import { openapiDoor } from "./openapi/openapi-door.ts";
import { type OperatorParts, operatorDoor } from "./operator-door.ts";
import { outboundDoor } from "./outbound-door.ts";
import type { OpenedPeople } from "./people/open-people.ts";
import { admitPeople } from "./people/people-access.ts";
import { peopleDoors } from "./people/people-doors.ts";
import { takeCookies } from "./people/session-cookie.ts";
import { printDoor } from "./print-door.ts";
import { Problem, type ProblemCode, problem, sendProblem } from "./problem.ts";
import { quarantineDoor } from "./quarantine-door.ts";
import { receiptDoor } from "./receipt-door.ts";
import { openSafetyHeaders, type SafetyHeaders } from "./safety-headers.ts";
import { searchDoor } from "./search-door.ts";
import { trayDoor } from "./tray-door.ts";
import { uploadDoor } from "./upload-door.ts";
import { verifyDoor } from "./verify-door.ts";

/**
 * A door of clerks and programs: adds its routes to `api`, which stands behind their tokens under /api/v1. A route is for
 * clerks alone unless its config names scopes.
 */
export type CallersDoor = (api: FastifyInstance, parts: DoorParts) => void | Promise<void>;

const CALLERS_DOORS: readonly CallersDoor[] = [
  actDoor,
  trayDoor,
  searchDoor,
  lineDoor,
  printDoor,
  mailboxCheckDoor,
  quarantineDoor,
  uploadDoor,
  outboundDoor,
  receiptDoor,
  lettersDoor,
  inboxDoor,
  directoryDoor,
];

/** For receiving a request; an answer may take longer (POST /acts waits for the registry). */
const RECEIVE_WITHIN_MS = 10_000;
/** Files of outbound letters come over slow lines: 50 MB at 90 KB a second. */
const RECEIVE_FILE_WITHIN_MS = 600_000;

declare module "fastify" {
  interface FastifyContextConfig {
    /** Whether a request for this route may take longer to come in than others. */
    readonly mayTakeLong?: boolean;
  }
}

interface TlsPart {
  /** Null: HTTP without TLS. */
  readonly tls: HttpTls | null;
}

interface DeniedPart {
  /** Denied attempts are written to the audit log. */
  readonly denied?: DeniedRequests;
}

interface PressurePart {
  /** False: programs and people are told at once to come again; what is under way goes on. */
  readonly databaseAnswers?: () => boolean;
}

/** What fastify itself refuses before a door is asked. */
const REFUSED_BY_LIBRARY: Readonly<Record<number, ProblemCode>> = { 413: "too-large", 415: "not-json" };

/** The HTTP server with all its doors; it does not listen yet. */
export async function openServer(
  parts: DoorParts &
    OperatorParts &
    TlsPart &
    PressurePart &
    DeniedPart & { readonly clients: ClientParts; readonly people: OpenedPeople },
  receiveWithinMs = RECEIVE_WITHIN_MS,
): Promise<FastifyInstance> {
  const safety = await openSafetyHeaders();
  const server = newServer(parts, safety);
  noteRoutes(server);
  await takeCookies(server);
  server.addHook("onRequest", async (request, reply) => {
    if (request.routeOptions.config?.mayTakeLong !== true) receiveSoon(request, receiveWithinMs);
    // Nothing here may lie in a cache: letters' words, and states that are old a second later.
    reply.header("cache-control", "no-store");
    safety.put(request, reply);
    if (parts.databaseAnswers?.() === false && isForCallers(request, parts.ecmsPath)) {
      throw problem("not-now");
    }
  });
  // Who was answered before all of it was in, such as a stranger on a route where files come, has no longer than others.
  server.addHook("onResponse", async (request) => {
    if (!request.raw.complete) receiveSoon(request, receiveWithinMs);
  });
  server.setErrorHandler<FastifyError | Problem>((error, request, reply) => {
    if (error instanceof Problem) {
      noteReason(request, error.code);
      return sendProblem(reply, error);
    }
    const { statusCode = 500 } = error;
    if (statusCode >= 400 && statusCode < 500) {
      return sendProblem(reply, problem(REFUSED_BY_LIBRARY[statusCode] ?? "not-understood"));
    }
    parts.log.error({ err: error }, "a request failed");
    return sendProblem(reply, problem("not-now"));
  });
  server.setNotFoundHandler((_request, reply) => sendProblem(reply, problem("not-found")));
  admitClients(server, parts.clients);
  admitPeople(server, parts.people);
  decorateDenied(server);
  if (parts.denied)
    watchDenied(server, parts.denied, (url) => url === "/oauth/token" || url === parts.ecmsPath);
  operatorDoor(server, parts);
  await verifyDoor(server, parts);
  await tokenDoor(server);
  await openapiDoor(server, parts);
  await ecmsDoor(server, parts);
  await peopleDoors(server, parts.people);
  await server.register(
    async (api) => {
      api.removeContentTypeParser("text/plain"); // fastify's own; what is no JSON is answered 415
      admitCallers(api, parts);
      if (parts.denied) watchDenied(api, parts.denied);
      for (const door of CALLERS_DOORS) await door(api, parts);
    },
    { prefix: "/api/v1" },
  );
  return server;
}

function newServer(
  { proxyNetworks, tls }: Pick<DoorParts, "proxyNetworks"> & TlsPart,
  safety: SafetyHeaders,
): FastifyInstance {
  const options = {
    bodyLimit: 64 * 1024,
    trustProxy: proxyNetworks === "" ? false : proxyNetworks,
    requestTimeout: RECEIVE_FILE_WITHIN_MS,
    forceCloseConnections: true,
    // An address that cannot be read, or has a part that is too long for any id, names nothing here; the library would repeat it.
    frameworkErrors: (_error: unknown, _request: FastifyRequest, reply: FastifyReply) =>
      void sendProblem(
        reply.headers(safety.always).header("cache-control", "no-store"),
        problem("not-found"),
      ),
  };
  const times = { headersTimeout: RECEIVE_WITHIN_MS };
  if (tls === null) return fastify({ ...options, http: times });
  const server = fastify({ ...options, https: { ...tls.options, ...times } });
  tls.follow(server.server);
  return server as unknown as FastifyInstance; // the doors see no difference
}

function isForCallers({ routeOptions }: FastifyRequest, ecmsPath: string): boolean {
  const { url = "", config } = routeOptions;
  return config?.scopes !== undefined || url === "/oauth/token" || url === ecmsPath;
}

/** Cuts off a client that sends its request drop by drop: Node.js has one such time for all routes. */
function receiveSoon({ raw }: FastifyRequest, withinMs: number): void {
  const timer = setTimeout(() => {
    if (!raw.complete) raw.destroy();
  }, withinMs);
  timer.unref();
  raw.once("close", () => clearTimeout(timer));
}
