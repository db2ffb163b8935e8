import type { FastifyRequest } from "fastify";
import { actionOf, agenciesWhere } from "../clerk-actions.ts";
import { problem } from "../problem.ts";
import { doerOf, peopleParts } from "./people-access.ts";
import { asDoer, type Deed } from "./people-parts.ts";
import type { PersonActor } from "./signed-in.ts";

/** Of RULES: what an administrator sees while the glass is broken. */
const GLASS_RULE = "broken-glass";

/**
 * The agencies for which a signed-in person may do what this door of clerks does. Who may do it for none is told so, and it is
 * written down; so is each look through broken glass.
 * @throws Problem 403
 */
export async function agenciesOfPerson(
  request: FastifyRequest,
  actor: PersonActor,
): Promise<readonly string[]> {
  const action = actionOf(request);
  const agencies = action === undefined ? new Map<string, string>() : agenciesWhere(actor, action);
  if (agencies.size === 0 && action !== "read-directory") {
    await noteDenied(request, action ?? "unknown", null);
    throw problem("not-appointed");
  }
  const glass = [...agencies].filter(([, rule]) => rule === GLASS_RULE).map(([agencyId]) => agencyId);
  if (glass.length > 0) await noteGlass(request, actor, action ?? "", glass);
  return [...agencies.keys()];
}

/** Somebody may not do this for an agency that he works for otherwise. */
export async function noteDenied(
  request: FastifyRequest,
  action: string,
  agencyId: string | null,
): Promise<void> {
  await noteAll(request, [{ action, outcome: "denied", agencyId, rule: "no-right" }]);
}

async function noteGlass(
  request: FastifyRequest,
  actor: PersonActor,
  action: string,
  agencies: readonly string[],
): Promise<void> {
  const route = request.routeOptions.url ?? "";
  peopleParts(request).log.warn(
    { person: actor.id, route, agencies },
    "letters are looked at through broken glass",
  );
  const detail = { route };
  await noteAll(
    request,
    agencies.map((agencyId) => ({ action, outcome: "allowed", agencyId, rule: GLASS_RULE, detail })),
  );
}

async function noteAll(request: FastifyRequest, deeds: readonly Deed[]): Promise<void> {
  await asDoer(peopleParts(request), doerOf(request), async (_transaction, note) => {
    for (const deed of deeds) await note(deed);
  });
}
