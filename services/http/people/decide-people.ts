import type { Actor, Appointment, Level, Right } from "../../shared/access/actor.ts";

/** What is done with people, their rights and what break-glass opens; the names are those of shared/access/actions.ts. */
export type PeopleAction =
  | "list-people"
  | "manage-people"
  | "appoint"
  | "end-appointment"
  | "manage-sessions"
  | "break-glass-ask"
  | "break-glass-agree"
  | "break-glass-end";

/** What it is done to. */
export interface PeopleResource {
  /** Null: it concerns the whole installation. */
  readonly agencyId: string | null;
  /** Of an appointment: the level that it is for. */
  readonly secrecy: Level;
  /** It is about the asker himself. */
  readonly isSelf: boolean;
}

export interface Decision {
  readonly allowed: boolean;
  /** The rule that allows; or why none does, for the audit log. */
  readonly rule: string;
}

interface Rule {
  readonly rights: readonly Right[];
  readonly notHimself?: boolean;
}

const RULES: Readonly<Record<PeopleAction, Rule>> = {
  "list-people": { rights: ["administrator", "registry-head", "auditor"] },
  "manage-people": { rights: ["administrator"] },
  appoint: { rights: ["administrator"], notHimself: true },
  "end-appointment": { rights: ["administrator"] },
  "manage-sessions": { rights: ["administrator"] },
  "break-glass-ask": { rights: ["administrator"] },
  "break-glass-agree": { rights: ["administrator", "registry-head"], notHimself: true },
  "break-glass-end": { rights: ["administrator", "registry-head"] },
};

/**
 * Stands in for decide() of shared/access, whose form, names and rules for people it has, until that is in this branch. Then
 * this file goes, and permit.ts asks decide().
 */
export function decidePeople(actor: Actor, action: PeopleAction, resource: PeopleResource): Decision {
  const { rights, notHimself = false } = RULES[action];
  const held: readonly Appointment[] = actor.kind === "person" ? actor.appointments : [];
  const offices = held.filter(({ right, unit }) => rights.includes(right) && unit === null);
  if (offices.length === 0) return { allowed: false, rule: "no-right" };
  const inAgency = offices.find(({ agencyId }) => agencyId === null || agencyId === resource.agencyId);
  if (inAgency === undefined) return { allowed: false, rule: `${action}: ${OTHER_AGENCY}` };
  if (notHimself && resource.isSelf) return { allowed: false, rule: `${action}: not for oneself` };
  if (resource.secrecy !== "normal" && !(actor.kind === "person" && actor.secondFactor))
    return { allowed: false, rule: `${action}: ${SECOND_FACTOR}` };
  return { allowed: true, rule: inAgency.right };
}

/** Behind the rule's name, where the agency is why it is denied. */
export const OTHER_AGENCY = "of another agency";
export const SECOND_FACTOR = "second factor needed";
