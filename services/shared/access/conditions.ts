import type { Action } from "./actions.ts";
import { type Actor, type Appointment, type Door, LEVELS, type Level, reaches } from "./actor.ts";
import { CLASSIFIED_DOORS } from "./doors.ts";
import type { Resource } from "./resource.ts";

/** What is asked of one rule: may this actor, by this appointment, do that to it? */
export interface Question {
  readonly actor: Actor;
  /** The person's appointment that the rule is looked at with; null where a rule needs none. */
  readonly appointment: Appointment | null;
  readonly action: Action;
  readonly resource: Resource;
  readonly door: Door | undefined;
}

/** Something that a rule asks besides the right. Its name stands behind the rule's in a denial. */
export interface Condition {
  readonly name: string;
  readonly holds: (question: Question) => boolean;
}

/** Of these a person who is appointed for a unit sees its part: actingOf narrows what they show. */
const NARROWED: ReadonlySet<Action> = new Set<Action>(["list", "search", "count"]);

export const ordinary: Condition = {
  name: "ordinary letters only",
  holds: ({ resource }) => resource.secrecy === "normal",
};

export const classified: Condition = {
  name: "classified letters only",
  holds: ({ resource }) => resource.secrecy === "confidential" || resource.secrecy === "secret",
};

/** Annex 6 §1.2.4.3: the part that is assigned to him. */
export const inAgency: Condition = {
  name: "of another agency",
  holds: ({ actor, appointment, resource: { agencyId } }) => {
    switch (actor.kind) {
      case "person":
        return appointment !== null && reaches(appointment, agencyId);
      case "clerk-token":
        return agencyId !== null && actor.agencies.includes(agencyId);
      case "client":
        return actor.agencyId === agencyId;
      case "operator":
        return true;
      case "nobody":
        return false;
    }
  },
};

export const inUnit: Condition = {
  name: "of another unit",
  holds: ({ appointment, action, resource: { unit, secrecy } }) =>
    appointment !== null &&
    (appointment.unit === null ||
      appointment.unit === unit ||
      (unit === null && secrecy === "normal" && NARROWED.has(action))),
};

/** Annex 6 §2.2.9: the persons appointed for that level. */
export const forTheLevel: Condition = {
  name: "above the level of the appointment",
  holds: ({ appointment, resource }) =>
    appointment !== null && appointment.level !== null && isWithin(resource.secrecy, appointment.level),
};

export const secondFactor: Condition = {
  name: "second factor needed",
  holds: ({ actor }) => actor.kind === "person" && actor.secondFactor,
};

/** Who makes somebody a classified registrar opens as much as the registrar does. */
export const secondFactorForClassified: Condition = {
  name: "second factor needed",
  holds: ({ actor, resource }) =>
    resource.secrecy === "normal" || (actor.kind === "person" && actor.secondFactor),
};

export const named: Condition = {
  name: "not named for this letter",
  holds: ({ resource }) => resource.isNamed,
};

export const classifiedDoor: Condition = {
  name: "not by this door",
  holds: ({ actor, door }) => door !== undefined && CLASSIFIED_DOORS[actor.kind].includes(door),
};

export const notHimself: Condition = {
  name: "not for oneself",
  holds: ({ resource }) => resource.isSelf === false,
};

export const himself: Condition = {
  name: "for oneself only",
  holds: ({ resource }) => resource.isSelf === true,
};

/** Two pairs of eyes, unless the agency wants one (outbound.fourEyes). */
export const notTheAuthor: Condition = {
  name: "who drafted it does not sign it off",
  holds: ({ resource }) => resource.isSelf === false || resource.fourEyes === false,
};

/** A program is no second person. */
export const oneSignatureIsEnough: Condition = {
  name: "another person signs it off",
  holds: ({ resource }) => resource.fourEyes === false,
};

export const tokenMayApprove: Condition = {
  name: "the token may not sign off",
  holds: ({ actor }) => actor.kind === "clerk-token" && actor.mayApprove,
};

export const glassIsOpen: Condition = {
  name: "the glass is not broken",
  holds: ({ actor, resource: { agencyId } }) =>
    actor.kind === "person" && agencyId !== null && actor.glass.includes(agencyId),
};

export const own: Condition = {
  name: "neither handed in by this program nor addressed to it",
  holds: ({ resource }) => resource.isOwn,
};

/** Of what is classified a program has its own part alone, up to its level, by the doors for it. */
export const withinItsLevel: Condition = {
  name: "above the program's level",
  holds: (question) =>
    question.resource.secrecy === "normal" ||
    (question.actor.kind === "client" &&
      classifiedDoor.holds(question) &&
      isWithin(question.resource.secrecy, question.actor.level)),
};

/** One of these scopes. */
export function scope(...scopes: readonly string[]): Condition {
  return {
    name: `scope ${scopes.join(" or ")} needed`,
    holds: ({ actor }) => actor.kind === "client" && scopes.some((each) => actor.scopes.includes(each)),
  };
}

/** The scope of the book; who asks for both books needs both. */
export const scopeOfTheBook: Condition = {
  name: "scope of the book needed",
  holds: ({ actor, resource: { direction } }) =>
    actor.kind === "client" &&
    (direction === null ? ["inbound", "outbound"] : [direction]).every((each) =>
      actor.scopes.includes(`read-${each}`),
    ),
};

export const outbound: Condition = {
  name: "outbound letters only",
  holds: ({ resource }) => resource.direction === "outbound",
};

export const inbound: Condition = {
  name: "inbound letters only",
  holds: ({ resource }) => resource.direction === "inbound",
};

export function isWithin(level: Level, limit: Level): boolean {
  return LEVELS.indexOf(level) <= LEVELS.indexOf(limit);
}
