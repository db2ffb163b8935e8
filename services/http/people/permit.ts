import type { FastifyRequest } from "fastify";
import type { Action } from "../../shared/access/actions.ts";
import type { Level } from "../../shared/access/actor.ts";
import { inAgency, secondFactor } from "../../shared/access/conditions.ts";
import { type Decision, decide } from "../../shared/access/decide.ts";
import { ofAgency } from "../../shared/access/resource.ts";
import { problem } from "../problem.ts";
import { doerOf, needRecentSecondFactor, peopleParts, signedInOf } from "./people-access.ts";
import { aboutSubject, asDoer } from "./people-parts.ts";
import type { PersonRow } from "./person-store.ts";
import type { PersonActor } from "./signed-in.ts";

/** What is done with people, their rights and what break-glass opens. */
export type PeopleAction = Extract<
  Action,
  | "list-people"
  | "manage-people"
  | "appoint"
  | "end-appointment"
  | "manage-sessions"
  | "break-glass-ask"
  | "break-glass-agree"
  | "break-glass-end"
>;

/** Whom or what something is done to. */
export interface Whom {
  readonly personId?: string;
  /**
   * The agencies that it touches; null among them: the whole installation. None: nobody's yet, such as a person without an
   * appointment; then whoever may do it somewhere may do it.
   */
  readonly agencies: readonly (string | null)[];
  /** Of an appointment: the level that it is for. */
  readonly secrecy?: Level;
}

/**
 * Lets a request go on when the rules allow it for all agencies that it touches. What they deny is written down; of another
 * agency's people not even their existence is told.
 * @throws Problem 403, 404
 */
export async function permit(request: FastifyRequest, action: PeopleAction, whom: Whom): Promise<void> {
  const { actor } = signedInOf(request);
  const denied = denialOf(actor, action, whom);
  if (denied !== null) {
    const about = whom.personId === undefined ? {} : aboutSubject(whom.personId);
    await asDoer(peopleParts(request), doerOf(request), (_transaction, note) =>
      note({ action, outcome: "denied", ...about, rule: denied }),
    );
    if (denied.endsWith(inAgency.name)) throw problem("not-found");
    if (denied.endsWith(secondFactor.name)) needRecentSecondFactor(request, true);
    throw problem("not-appointed");
  }
  // Reading is no change: it takes no second factor shown a moment ago.
  if (action !== "list-people") needRecentSecondFactor(request);
}

/** The rule by which it is denied; null when it is allowed. */
function denialOf(
  actor: PersonActor,
  action: PeopleAction,
  { personId, agencies, secrecy }: Whom,
): string | null {
  const ask = (agencyId: string | null): Decision =>
    decide(
      actor,
      action,
      ofAgency(agencyId, { secrecy: secrecy ?? "normal", isSelf: personId === actor.id }),
      "json",
    );
  if (agencies.length > 0) return agencies.map(ask).find(({ allowed }) => !allowed)?.rule ?? null;
  const own = actor.appointments.map(({ agencyId }) => ask(agencyId));
  return own.some(({ allowed }) => allowed) ? null : (own[0]?.rule ?? "no-right");
}

/** The agencies for which somebody may do it; null: for all. */
export function agenciesFor(actor: PersonActor, action: PeopleAction): readonly string[] | null {
  const may = (agencyId: string | null): boolean =>
    decide(actor, action, ofAgency(agencyId, { isSelf: false }), "json").allowed;
  if (may(null)) return null;
  return [...new Set(actor.appointments.map(({ agencyId }) => agencyId))].filter(
    (agencyId) => agencyId !== null && may(agencyId),
  ) as string[];
}

/** The agencies of a person: those that somebody who does something to the person has to administer, all of them. */
export function agenciesOf(
  { appointments }: Pick<PersonRow, "appointments">,
  at: Date,
): readonly (string | null)[] {
  // One that will be in force one day counts too.
  const lasting = appointments.filter(
    ({ endedAt, untilAt }) => endedAt === null && (untilAt === null || Date.parse(untilAt) > at.getTime()),
  );
  return [...new Set(lasting.map(({ agencyId }) => agencyId))];
}
