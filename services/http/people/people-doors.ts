import type { FastifyInstance } from "fastify";
import { limitClients } from "../limit-clients.ts";
import { problem } from "../problem.ts";
import { appointmentDoor } from "./appointment-door.ts";
import { glassDoor } from "./glass-door.ts";
import { meDoor } from "./me-door.ts";
import { oidcDoor } from "./oidc-door.ts";
import type { OpenedPeople } from "./open-people.ts";
import { findSignedIn, SESSION_REALM } from "./people-access.ts";
import { peopleDoor } from "./people-door.ts";
import { sessionDoor, signInDoor, takeTry } from "./session-door.ts";

/** Of one client network on the doors of people: a person who works through a list stays far below it. */
const REQUESTS_A_MINUTE = 1_200;

/**
 * The doors under /api/v1 that a person comes in by, and those that the session then opens. A clerk's token and a program have
 * no part in them. Once for a server, behind admitPeople.
 */
export async function peopleDoors(server: FastifyInstance, { settings, oidc }: OpenedPeople): Promise<void> {
  const tries = limitClients(settings.signInsPerMinute);
  const requests = limitClients(REQUESTS_A_MINUTE);
  await server.register(
    async (api) => {
      api.removeContentTypeParser("text/plain"); // fastify's own; what is no JSON is answered 415
      signInDoor(api, tries);
      oidcDoor(api, oidc, tries);
    },
    { prefix: "/api/v1" },
  );
  await server.register(
    async (api) => {
      api.removeContentTypeParser("text/plain");
      api.addHook("onRequest", async (request, reply) => {
        takeTry(requests, request, reply);
        if ((await findSignedIn(request, reply)) !== null) return;
        reply.header("www-authenticate", SESSION_REALM);
        throw problem("not-signed-in");
      });
      sessionDoor(api, tries);
      meDoor(api, tries);
      peopleDoor(api);
      appointmentDoor(api);
      glassDoor(api);
    },
    { prefix: "/api/v1" },
  );
}
