import type { Actor } from "../../shared/access/actor.ts";
import type { PeopleParts } from "./people-parts.ts";
import type { SessionRow } from "./session-store.ts";

/** What a person who has signed in still has to do before anything else opens. */
export type Need = "second-factor" | "password-change" | "second-factor-set-up";

export type PersonActor = Extract<Actor, { readonly kind: "person" }>;

/** Somebody who has signed in. */
export interface SignedIn {
  readonly actor: PersonActor;
  readonly session: SessionRow;
  readonly need: Need | null;
}

/** What a session opens at this moment. */
export function knowSession(
  { now, settings }: Pick<PeopleParts, "now" | "settings">,
  session: SessionRow,
): SignedIn {
  const { personId, name, appointments, glass, secondFactorAt } = session;
  const ageMs =
    secondFactorAt === null ? Number.POSITIVE_INFINITY : now().at.getTime() - secondFactorAt.getTime();
  const secondFactor = ageMs < settings.secondFactorMinutes * 60_000;
  return {
    session,
    need: needOf(session, settings.secondFactorFor),
    actor: { kind: "person", id: personId, name, appointments, secondFactor, glass },
  };
}

/** The second factor first: a one-time password that somebody else has caught must not be changed with it alone. */
function needOf(session: SessionRow, secondFactorFor: "classified" | "everybody"): Need | null {
  if (session.hasSecondFactor && session.secondFactorAt === null) return "second-factor";
  if (session.mustChange) return "password-change";
  return secondFactorFor === "everybody" && session.secondFactorAt === null ? "second-factor-set-up" : null;
}
