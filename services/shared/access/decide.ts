import type { Action } from "./actions.ts";
import type { Actor, Appointment, Door } from "./actor.ts";
import type { Question } from "./conditions.ts";
import { DOORS_OF } from "./doors.ts";
import type { Resource } from "./resource.ts";
import type { Rule } from "./rule.ts";
import { RULES } from "./rules.ts";

export interface Decision {
  readonly allowed: boolean;
  /** The rule that allows; or why none does, for the audit log: never shown to who was denied. */
  readonly rule: string;
}

/**
 * The one decision: may this actor do that to this, by this door? Pure; what no rule allows is denied. The table that a lawyer
 * reads is schemas/access/rights.md, and matrix.test.ts holds the two together. Row-level security (schemas/database/0012, 0013) asks
 * again, by itself, who may see.
 *
 * @param door has to be said for whatever is classified; for the rest it is checked when it is
 */
export function decide(actor: Actor, action: Action, resource: Resource, door?: Door): Decision {
  if (resource.secrecy === "top-secret") return denied("top-secret-never");
  if (door !== undefined && !DOORS_OF[actor.kind].includes(door)) return denied("not-by-this-door");
  let nearest: { readonly rule: Rule; readonly held: number } | undefined;
  for (const rule of RULES_FOR.get(action) ?? NONE) {
    for (const appointment of appointmentsUnder(rule, actor)) {
      const held = countHeld(rule, { actor, appointment, action, resource, door });
      if (held === rule.conditions.length) return { allowed: true, rule: rule.name };
      if (nearest === undefined || held > nearest.held) nearest = { rule, held };
    }
  }
  if (nearest === undefined) return denied("no-right");
  return denied(`${nearest.rule.name}: ${nearest.rule.conditions[nearest.held]?.name}`);
}

const NO_APPOINTMENT: readonly null[] = [null];

/** By which of his appointments the rule may be looked at; empty: the rule is not for him. */
function appointmentsUnder({ who }: Rule, actor: Actor): readonly (Appointment | null)[] {
  if ("kinds" in who) return who.kinds.includes(actor.kind) ? NO_APPOINTMENT : [];
  if (actor.kind !== "person") return [];
  return actor.appointments.filter(({ right }) => who.rights.includes(right));
}

/** How many conditions hold until the first that does not. */
function countHeld({ conditions }: Rule, question: Question): number {
  const failing = conditions.findIndex(({ holds }) => !holds(question));
  return failing < 0 ? conditions.length : failing;
}

const NONE: readonly Rule[] = [];
const RULES_FOR = new Map<Action, Rule[]>();
for (const rule of RULES) {
  for (const action of rule.actions) RULES_FOR.set(action, [...(RULES_FOR.get(action) ?? []), rule]);
}

function denied(rule: string): Decision {
  return { allowed: false, rule };
}
