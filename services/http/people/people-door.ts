import type { FastifyInstance, FastifyRequest } from "fastify";
import { problem } from "../problem.ts";
import { isUuid, type Parameters, readParameters } from "../read-parameters.ts";
import { giveOneTimePassword } from "./change-password.ts";
import { lockedUntil } from "./guard-store.ts";
import { addPerson, changePerson, endPersonSessions, unlockPerson } from "./manage-people.ts";
import { doerOf, peopleParts, signedInOf } from "./people-access.ts";
import { agenciesFor, agenciesOf, type PeopleAction, permit, type Whom } from "./permit.ts";
import { findPerson, listPeople, type PersonRow } from "./person-store.ts";
import { readNewPerson, readPersonChange } from "./read-person.ts";
import { mayBeBusy } from "./session-door.ts";
import { listSessions } from "./session-store.ts";
import { guardKeys, PERSON_ID } from "./sign-in.ts";

const LARGEST_PAGE = 100;
const DEFAULT_PAGE = 50;

type OfPerson = { Params: { id: string } };

/** People as an administrator writes them down: accounts, first passwords, sessions. */
export function peopleDoor(api: FastifyInstance): void {
  api.get<{ Querystring: Parameters }>("/people", async (request) => {
    await permit(request, "list-people", { agencies: [] });
    const parameters = readParameters(request.query);
    const limit = parameters.integer("limit", 1, LARGEST_PAGE, DEFAULT_PAGE);
    const after = parameters.text("after");
    if (after !== "" && !PERSON_ID.test(after))
      parameters.fault("after", "is the id of a person", "ต้องเป็นรหัสบุคคล");
    parameters.done();
    const { database } = peopleParts(request);
    const agencies = agenciesFor(signedInOf(request).actor, "list-people");
    const rows = await listPeople(database, agencies, after, limit + 1);
    const people = rows.slice(0, limit);
    return { people: people.map(showPerson), next: rows.length > limit ? (people.at(-1)?.id ?? null) : null };
  });

  api.post("/people", async (request, reply) => {
    await permit(request, "manage-people", { agencies: [] });
    const person = readNewPerson(request.body);
    const added = await mayBeBusy(reply, addPerson(peopleParts(request), doerOf(request), person));
    if (added.inUse !== null) throw problem(added.inUse === "id" ? "person-id-in-use" : "subject-in-use");
    const { password, expiresAt } = added;
    const row = await personOf(request, person.id);
    reply.code(201).header("location", `/api/v1/people/${person.id}`);
    return { person: showPerson(row), oneTimePassword: password, expiresAt };
  });

  api.get<OfPerson>("/people/:id", async (request) => {
    const row = await person(request, "list-people");
    const { database, key, now } = peopleParts(request);
    const until = await lockedUntil(database, guardKeys.password(key, row.id), now().at);
    return { ...showPerson(row), lockedUntil: until };
  });

  api.patch<OfPerson>("/people/:id", async (request) => {
    const change = readPersonChange(request.body);
    const row = await person(request, "manage-people");
    if (change.active === false) refuseSelf(request, row);
    if (!(await changePerson(peopleParts(request), doerOf(request), row.id, change)))
      throw problem("subject-in-use");
    return showPerson(await personOf(request, row.id));
  });

  api.post<OfPerson>("/people/:id/one-time-password", async (request, reply) => {
    const row = await person(request, "manage-people");
    refuseSelf(request, row);
    const work = giveOneTimePassword(peopleParts(request), doerOf(request), row.id);
    const { password, expiresAt } = await mayBeBusy(reply, work);
    return { oneTimePassword: password, expiresAt };
  });

  api.post<OfPerson>("/people/:id/unlock", async (request) => {
    const row = await person(request, "manage-people");
    return { unlocked: await unlockPerson(peopleParts(request), doerOf(request), row.id) };
  });

  api.get<OfPerson>("/people/:id/sessions", async (request) => {
    const row = await person(request, "manage-sessions");
    const { database, now, settings } = peopleParts(request);
    const own = signedInOf(request).session.id;
    const sessions = await listSessions(database, row.id, now().at, settings.sessionIdleMinutes);
    return { sessions: sessions.map((one) => ({ ...one, isThis: one.id === own })) };
  });

  api.delete<OfPerson & { Querystring: Parameters }>("/people/:id/sessions", async (request) => {
    const parameters = readParameters(request.query);
    const only = parameters.text("session");
    if (only !== "" && !isUuid(only)) parameters.fault("session", "is a UUID", "ต้องเป็น UUID");
    parameters.done();
    const row = await person(request, "manage-sessions");
    const which = only === "" ? {} : { only };
    return { ended: await endPersonSessions(peopleParts(request), doerOf(request), row.id, which) };
  });
}

/** Nobody locks himself out, or gets around his own password. @throws Problem 403 */
function refuseSelf(request: FastifyRequest, { id }: PersonRow): void {
  if (id === signedInOf(request).actor.id) throw problem("not-to-oneself");
}

/** As it is there at this moment. */
async function personOf(request: FastifyRequest, id: string): Promise<PersonRow> {
  const found = await findPerson(peopleParts(request).database, id);
  if (found === undefined) throw problem("not-found");
  return found;
}

/** As an administrator sees it. */
function showPerson({ oidcIssuer, oidcSubject, ...row }: PersonRow) {
  return { ...row, oidc: oidcIssuer === null ? null : { issuer: oidcIssuer, subject: oidcSubject } };
}

/**
 * The person that the request is about, if the rules allow it.
 * @param of what besides the person it is about; the agencies where they are not the person's
 * @throws Problem 403, 404
 */
export async function person(
  request: FastifyRequest<OfPerson>,
  action: PeopleAction,
  of: Partial<Omit<Whom, "personId">> = {},
): Promise<PersonRow> {
  const { id } = request.params;
  const parts = peopleParts(request);
  const found = PERSON_ID.test(id) ? await findPerson(parts.database, id) : undefined;
  // Who may not do it is told the same, be there such a person or not.
  await permit(request, action, {
    personId: id,
    agencies: found === undefined ? [] : agenciesOf(found, parts.now().at),
    ...of,
  });
  if (found === undefined) throw problem("not-found");
  return found;
}
