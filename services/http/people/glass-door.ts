import type { FastifyInstance, FastifyRequest } from "fastify";
import { problem } from "../problem.ts";
import { isUuid } from "../read-parameters.ts";
import {
  agreeToBreakGlass,
  askBreakGlass,
  endBreakGlass,
  LONGEST_MINUTES,
  SHORTEST_REASON,
  USUAL_MINUTES,
} from "./break-glass.ts";
import { findGlass, type GlassRow, listGlass } from "./glass-store.ts";
import { doerOf, peopleParts, signedInOf } from "./people-access.ts";
import { agenciesFor, type PeopleAction, permit } from "./permit.ts";
import { servedAgencies } from "./person-store.ts";
import { readMembers } from "./read-members.ts";

const LONGEST_REASON = 1_000;
const SHOWN = 100;

type WithId = { Params: { id: string } };

/**
 * Break-glass: the administrator reads no letters. When it must be, he asks with a reason, a second person agrees, it ends by
 * itself, and everybody hears of it: log, audit log, /readyz, /metrics.
 */
export function glassDoor(api: FastifyInstance): void {
  api.get("/break-glass", async (request) => {
    const agencies = agenciesFor(signedInOf(request).actor, "break-glass-end");
    if (agencies?.length === 0) throw problem("not-appointed");
    const rows = await listGlass(peopleParts(request).database, agencies, SHOWN);
    return { breakGlass: rows };
  });

  api.post("/break-glass", async (request, reply) => {
    const members = readMembers(request.body);
    const agencyId = members.text("agencyId", 63);
    const reason = members.text("reason", LONGEST_REASON);
    if (reason !== "" && reason.length < SHORTEST_REASON)
      members.fault(
        "reason",
        `has at least ${SHORTEST_REASON} characters`,
        `ต้องมีอย่างน้อย ${SHORTEST_REASON} ตัวอักษร`,
      );
    members.done();
    await permit(request, "break-glass-ask", { agencies: [agencyId] });
    const parts = peopleParts(request);
    if (!(await servedAgencies(parts.database)).includes(agencyId)) throw problem("not-found");
    const personId = signedInOf(request).actor.id;
    const id = await askBreakGlass(parts, doerOf(request), { personId, agencyId, reason });
    return reply.code(201).send(await glassOf(request, id));
  });

  api.post<WithId>("/break-glass/:id/agree", async (request) => {
    const members = readMembers(request.body ?? {});
    const minutes = members.integer("minutes", 1, LONGEST_MINUTES, USUAL_MINUTES);
    members.done();
    const glass = await found(request, "break-glass-agree");
    const personId = signedInOf(request).actor.id;
    const until = await agreeToBreakGlass(peopleParts(request), doerOf(request), glass, personId, minutes);
    if (until === null) throw problem("has-ended");
    return glassOf(request, glass.id);
  });

  api.post<WithId>("/break-glass/:id/end", async (request) => {
    const glass = await found(request, "break-glass-end");
    if (!(await endBreakGlass(peopleParts(request), doerOf(request), glass))) throw problem("has-ended");
    return glassOf(request, glass.id);
  });
}

async function found(request: FastifyRequest<WithId>, action: PeopleAction): Promise<GlassRow> {
  const { id } = request.params;
  const glass = isUuid(id) ? await findGlass(peopleParts(request).database, id) : undefined;
  await permit(request, action, {
    ...(glass === undefined ? {} : { personId: glass.askedBy }),
    agencies: glass === undefined ? [] : [glass.agencyId],
  });
  if (glass === undefined) throw problem("not-found");
  return glass;
}

async function glassOf(request: FastifyRequest, id: string): Promise<GlassRow> {
  const glass = await findGlass(peopleParts(request).database, id);
  if (glass === undefined) throw problem("not-found");
  return glass;
}
