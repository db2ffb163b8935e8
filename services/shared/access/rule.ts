import type { Action } from "./actions.ts";
import type { Actor, Right } from "./actor.ts";
import type { Condition } from "./conditions.ts";

/** One way to be allowed something. What no rule allows is denied. */
export interface Rule {
  /** As it stands in the audit log. */
  readonly name: string;
  /** Holders of one of these rights by an appointment in force; or all askers of one of these kinds. */
  readonly who: { readonly rights: readonly Right[] } | { readonly kinds: readonly Actor["kind"][] };
  readonly actions: readonly Action[];
  /** All have to hold; looked at in this order, the first that does not is told. */
  readonly conditions: readonly Condition[];
  readonly clause: string;
}
