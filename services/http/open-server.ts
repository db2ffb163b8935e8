import { type FastifyError, type FastifyInstance, fastify } from "fastify";
import { actDoor } from "./act-door.ts";
import { admitClerks } from "./clerk-access.ts";
import type { DoorParts } from "./door-parts.ts";
import { lineDoor } from "./line-door.ts";
import { mailboxCheckDoor } from "./mailbox-check-door.ts";
import { type OperatorParts, operatorDoor } from "./operator-door.ts";
import { printDoor } from "./print-door.ts";
import { Problem, type ProblemCode, problem, sendProblem } from "./problem.ts";
import { quarantineDoor } from "./quarantine-door.ts";
import { searchDoor } from "./search-door.ts";
import { trayDoor } from "./tray-door.ts";

/** A door of clerks: adds its routes to `api`, which stands behind the clerks' tokens under /api/v1. */
export type ClerkDoor = (api: FastifyInstance, parts: DoorParts) => void;

const CLERK_DOORS: readonly ClerkDoor[] = [
  actDoor,
  trayDoor,
  searchDoor,
  lineDoor,
  printDoor,
  mailboxCheckDoor,
  quarantineDoor,
];

/** What fastify itself refuses before a door is asked. */
const REFUSED_BY_LIBRARY: Readonly<Record<number, ProblemCode>> = { 413: "too-large", 415: "not-json" };

/** The HTTP server with all its doors; it does not listen yet. */
export async function openServer(parts: DoorParts & OperatorParts): Promise<FastifyInstance> {
  // requestTimeout: for receiving a request; an answer may take longer (POST /acts waits for the registry).
  const server = fastify({ bodyLimit: 64 * 1024, requestTimeout: 10_000, forceCloseConnections: true });
  server.addHook("onRequest", async (_request, reply) => {
    // Nothing here may lie in a cache: letters' words, and states that are old a second later.
    reply.header("cache-control", "no-store").header("x-content-type-options", "nosniff");
  });
  server.setErrorHandler<FastifyError | Problem>((error, _request, reply) => {
    if (error instanceof Problem) return sendProblem(reply, error);
    const { statusCode = 500 } = error;
    if (statusCode >= 400 && statusCode < 500) {
      return sendProblem(reply, problem(REFUSED_BY_LIBRARY[statusCode] ?? "not-understood"));
    }
    parts.log.error({ err: error }, "a request failed");
    return sendProblem(reply, problem("not-now"));
  });
  server.setNotFoundHandler((_request, reply) => sendProblem(reply, problem("not-found")));
  operatorDoor(server, parts);
  await server.register(
    async (api) => {
      api.removeContentTypeParser("text/plain"); // fastify's own; what is no JSON is answered 415
      admitClerks(api, { ...parts, nowMs: Date.now });
      for (const door of CLERK_DOORS) door(api, parts);
    },
    { prefix: "/api/v1" },
  );
  return server;
}
