import type { FastifyInstance } from "fastify";
import { problem } from "../problem.ts";
import { isUuid } from "../read-parameters.ts";
import { appoint, endAnAppointment } from "./manage-people.ts";
import { doerOf, peopleParts } from "./people-access.ts";
import { person } from "./people-door.ts";
import { permit } from "./permit.ts";
import { findAppointment, servedAgencies } from "./person-store.ts";
import { readMembers } from "./read-members.ts";
import { readNewAppointment } from "./read-person.ts";

const LONGEST_REASON = 500;

type WithId = { Params: { id: string } };

/** What people are appointed for, by which order; an appointment is ended, never changed. */
export function appointmentDoor(api: FastifyInstance): void {
  api.post<WithId>("/people/:id/appointments", async (request, reply) => {
    const asked = readNewAppointment(request.body, request.params.id);
    const parts = peopleParts(request);
    // Whoever administers an agency appoints whom he likes for it, be the person known from another one.
    const row = await person(request, "appoint", {
      agencies: [asked.agencyId],
      secrecy: asked.level ?? "normal",
    });
    if (asked.agencyId !== null && !(await servedAgencies(parts.database)).includes(asked.agencyId))
      throw problem("not-found");
    const id = await appoint(parts, doerOf(request), { ...asked, personId: row.id });
    return reply.code(201).send({ id });
  });

  api.post<WithId>("/appointments/:id/end", async (request) => {
    const { id } = request.params;
    const members = readMembers(request.body);
    const reason = members.text("reason", LONGEST_REASON);
    members.done();
    const parts = peopleParts(request);
    const found = isUuid(id) ? await findAppointment(parts.database, id) : undefined;
    await permit(request, "end-appointment", {
      ...(found === undefined ? {} : { personId: found.personId }),
      agencies: found === undefined ? [] : [found.agencyId],
    });
    if (found === undefined) throw problem("not-found");
    if (!(await endAnAppointment(parts, doerOf(request), id, found, reason))) throw problem("has-ended");
    return { id };
  });
}
