import type { Acting } from "../runtime/database.ts";
import {
  type Actor,
  type Appointment,
  CLASSIFIED_RIGHTS,
  ORDINARY_RIGHTS,
  type Person,
  type Right,
  reaches,
} from "./actor.ts";

/**
 * What the transactions of a request state (row-level security holds them to it): who acts, for which of these agencies he may see
 * ordinary letters, and the units that he is confined to in them. Reckoned from the appointments themselves and not by decide(): what
 * a mistake there lets through, this shows nothing of.
 *
 * @param agencies those that the request is about; for a list of all that somebody may see, all agencies served here
 */
export function actingOf(actor: Actor, agencies: readonly string[]): Acting {
  if (actor.kind !== "person") return { actor: nameOf(actor), agencies: within(actor, agencies) };
  const seen = agencies.filter((agencyId) => readingBy(actor, agencyId).length > 0);
  const units = seen.flatMap((agencyId) => unitsOf(actor, agencyId).map((unit) => `${agencyId}/${unit}`));
  return {
    actor: nameOf(actor),
    agencies: seen,
    ...(units.length === 0 ? {} : { units }),
    secondFactor: actor.secondFactor,
  };
}

/** The same for classified letters: the agencies for which somebody is appointed to any level of them. */
export function actingOnClosed(actor: Actor, agencies: readonly string[]): Acting {
  if (actor.kind === "client") return { actor: nameOf(actor), agencies: within(actor, agencies) };
  if (actor.kind !== "person") return { actor: nameOf(actor), agencies: [] };
  return {
    actor: nameOf(actor),
    // No classified letter belongs to a unit.
    agencies: agencies.filter((agencyId) =>
      held(actor, CLASSIFIED_RIGHTS, agencyId).some(({ unit }) => unit === null),
    ),
    secondFactor: actor.secondFactor,
  };
}

/**
 * The unit that a letter drafted by this person belongs to: null for who works for the whole agency, else the first of his
 * units in the order of the alphabet, as the database has it (function unit_of_person).
 */
export function unitOfDraft(actor: Actor, agencyId: string): string | null {
  if (actor.kind !== "person") return null;
  return unitsOf(actor, agencyId)[0] ?? null;
}

/** Empty: he is not confined to units there. */
function unitsOf(person: Person, agencyId: string): string[] {
  const units = readingBy(person, agencyId).map(({ unit }) => unit);
  if (units.includes(null)) return [];
  // By code point, as the database compares them.
  return [...new Set(units as string[])].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** The appointments by which he sees ordinary letters of the agency. */
function readingBy(person: Person, agencyId: string): Appointment[] {
  const isGlassBroken = person.glass.includes(agencyId);
  return [
    ...held(person, ORDINARY_RIGHTS, agencyId),
    ...(isGlassBroken ? held(person, ["administrator"], agencyId) : []),
  ];
}

function held(person: Person, rights: readonly Right[], agencyId: string): Appointment[] {
  return person.appointments.filter(
    (appointment) => reaches(appointment, agencyId) && rights.includes(appointment.right),
  );
}

function within(actor: Exclude<Actor, Person>, agencies: readonly string[]): string[] {
  switch (actor.kind) {
    case "clerk-token":
      return agencies.filter((agencyId) => actor.agencies.includes(agencyId));
    case "client":
      return agencies.filter((agencyId) => agencyId === actor.agencyId);
    case "operator":
      return [...agencies];
    case "nobody":
      return [];
  }
}

function nameOf(actor: Actor): Acting["actor"] {
  switch (actor.kind) {
    case "person":
    case "clerk-token":
      return `person:${actor.id}`;
    case "client":
      return `client:${actor.id}`;
    case "operator":
      return `person:os/${actor.id}`;
    case "nobody":
      return "client:anybody";
  }
}
