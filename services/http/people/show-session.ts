import { csrfToken } from "./csrf.ts";
import type { PeopleParts } from "./people-parts.ts";
import type { SessionRow } from "./session-store.ts";
import { knowSession } from "./signed-in.ts";

/** What a browser, and the page in it, is told about who has signed in. */
export function showSession(
  parts: PeopleParts,
  of: SessionRow | { readonly session: SessionRow },
): Readonly<Record<string, unknown>> {
  const session = "session" in of ? of.session : of;
  const { need, actor } = knowSession(parts, session);
  const { settings, key } = parts;
  return {
    person: { id: actor.id, name: actor.name, email: session.email },
    need,
    appointments: actor.appointments,
    openedByBreakGlass: actor.glass,
    secondFactor: {
      isSetUp: session.hasSecondFactor,
      shownAt: session.secondFactorAt,
      isRecent: actor.secondFactor,
    },
    session: {
      id: session.id,
      madeAt: session.madeAt,
      expiresAt: session.expiresAt,
      idleMinutes: settings.sessionIdleMinutes,
    },
    csrfToken: csrfToken(key, session.id),
  };
}
