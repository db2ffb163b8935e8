import type { FastifyRequest } from "fastify";
import type { Action } from "../shared/access/actions.ts";
import type { Actor } from "../shared/access/actor.ts";
import { decide } from "../shared/access/decide.ts";
import { ofAgency } from "../shared/access/resource.ts";

/**
 * What each door of clerks does, in the words of the rules. A door that does not stand here opens for nobody, until somebody has
 * said what it does. "any": it decides by itself for what is asked of it.
 */
const DOES: Readonly<Record<string, Action | "any">> = {
  "POST /api/v1/acts": "any",
  "GET /api/v1/acts/:id": "read",
  "GET /api/v1/tray": "list",
  "GET /api/v1/tray/:intakeId": "read",
  "GET /api/v1/quarantine": "list",
  "GET /api/v1/mailbox-checks": "list",
  "GET /api/v1/lines": "search",
  "GET /api/v1/lines/:book/:year/:number": "read",
  "POST /api/v1/prints": "print",
  "GET /api/v1/prints/:id": "print",
  "GET /api/v1/prints/:id/file": "print",
  "POST /api/v1/outbound/files": "draft",
  "GET /api/v1/outbound": "list",
  "GET /api/v1/outbound/unanswered": "list",
  "GET /api/v1/outbound/:letterId": "read",
  "GET /api/v1/outbound/:letterId/files/:no": "download",
  "GET /api/v1/receipts/:wanted": "read-receipt",
  "GET /api/v1/arrivals/:intakeId/receipts": "read-receipt",
  "GET /api/v1/directory": "read-directory",
};

/** The action of a request's route; undefined where nobody has said it. */
export function actionOf({ method, routeOptions }: FastifyRequest): Action | "any" | undefined {
  return DOES[`${method === "HEAD" ? "GET" : method} ${routeOptions.url ?? ""}`];
}

/** What stands in DOES, for the test that holds it to the routes. */
export const KNOWN_DOORS: ReadonlySet<string> = new Set(Object.keys(DOES));

/** By which rule somebody may do it to ordinary letters of the agency, or of a unit of his there; null: by none. */
export function ruleFor(actor: Actor, action: Action, agencyId: string): string | null {
  const units =
    actor.kind === "person"
      ? actor.appointments.flatMap((one) => (one.agencyId === agencyId ? [one.unit] : []))
      : [];
  for (const unit of new Set([null, ...units])) {
    // Who wrote a letter is known to the registry, which asks for a second pair of eyes itself.
    const { allowed, rule } = decide(actor, action, ofAgency(agencyId, { unit, isSelf: false }), "json");
    if (allowed) return rule;
  }
  return null;
}

/** The agencies for which somebody may do it, each with the rule that says so. */
export function agenciesWhere(actor: Actor, action: Action | "any"): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const agencyId of agenciesOf(actor)) {
    const rule = action === "any" ? "any" : ruleFor(actor, action, agencyId);
    if (rule !== null) found.set(agencyId, rule);
  }
  return found;
}

function agenciesOf(actor: Actor): readonly string[] {
  if (actor.kind === "clerk-token") return actor.agencies;
  if (actor.kind !== "person") return [];
  const appointed = actor.appointments
    .map(({ agencyId }) => agencyId)
    .filter((agencyId) => agencyId !== null);
  return [...new Set([...appointed, ...actor.glass])];
}
