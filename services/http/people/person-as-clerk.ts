import type { FastifyRequest } from "fastify";
import { ORDINARY_RIGHTS } from "../../shared/access/actor.ts";
import { problem } from "../problem.ts";
import { doerOf, peopleParts } from "./people-access.ts";
import { asDoer } from "./people-parts.ts";
import type { PersonActor, SignedIn } from "./signed-in.ts";

/** A signed-in person as the doors of clerks know who asks. */
export interface PersonAsClerk {
  readonly id: string;
  readonly name: string;
  /** For which the person works, and those that break-glass has opened to look at. */
  readonly agencies: readonly string[];
  /** Agencies whose letters the person signs off. */
  readonly approvesFor: readonly string[];
}

/** What break-glass opens: looking at letters, no file, no print, no act; and not the tray, a look into which is an officer's duty done. */
const OVER_GLASS: ReadonlySet<string> = new Set([
  "/api/v1/lines",
  "/api/v1/lines/:book/:year/:number",
  "/api/v1/outbound",
  "/api/v1/outbound/:id",
]);

/**
 * Who has signed in and is appointed to work with ordinary letters comes in like a clerk with a token. Who is appointed for a unit
 * alone does not, as long as these doors state no units (Acting.units). Looking through broken glass is written down each time.
 * @throws Problem 403 when the person is appointed for nothing here
 */
export async function personAsClerk(
  request: FastifyRequest,
  { actor }: Pick<SignedIn, "actor">,
): Promise<PersonAsClerk> {
  const own = ofWholeAgencies(actor, (right) => ORDINARY_RIGHTS.includes(right));
  const glass = mayLookOver(request) ? actor.glass.filter((agencyId) => !own.includes(agencyId)) : [];
  if (own.length === 0 && glass.length === 0) throw problem("not-appointed");
  if (glass.length > 0) await noteGlass(request, actor, glass);
  return {
    id: actor.id,
    name: actor.name,
    agencies: [...own, ...glass],
    approvesFor: ofWholeAgencies(actor, (right) => right === "approver"),
  };
}

function ofWholeAgencies(
  { appointments }: PersonActor,
  is: (right: PersonActor["appointments"][number]["right"]) => boolean,
): string[] {
  const found = appointments.flatMap(({ right, agencyId, unit }) =>
    agencyId !== null && unit === null && is(right) ? [agencyId] : [],
  );
  return [...new Set(found)];
}

function mayLookOver({ method, routeOptions }: FastifyRequest): boolean {
  return (method === "GET" || method === "HEAD") && OVER_GLASS.has(routeOptions.url ?? "");
}

async function noteGlass(
  request: FastifyRequest,
  actor: PersonActor,
  agencies: readonly string[],
): Promise<void> {
  const parts = peopleParts(request);
  const what = { route: request.routeOptions.url ?? "", agencies: agencies.join(" ") };
  parts.log.warn({ person: actor.id, ...what }, "letters are looked at through broken glass");
  await asDoer(parts, doerOf(request), async (_transaction, note) => {
    for (const agencyId of agencies)
      await note({
        action: "read",
        outcome: "allowed",
        agencyId,
        rule: "broken-glass",
        detail: { route: what.route },
      });
  });
}
