import { newOneTimePassword, ONE_TIME_PASSWORD_HOURS } from "../../shared/access/proofs/one-time-password.ts";
import {
  normalPassword,
  type PasswordFault,
  passwordFaults,
} from "../../shared/access/proofs/password-policy.ts";
import { countTry, forgetFailures } from "./guard-store.ts";
import { type OpenedSession, openSession, type Place } from "./open-session.ts";
import { findCandidate, lastPasswords, setPassword } from "./password-store.ts";
import {
  aboutSubject,
  asDoer,
  type Doer,
  type Note,
  type PeopleParts,
  type PeopleWork,
} from "./people-parts.ts";
import { aboutPerson } from "./person-store.ts";
import { endSessions, type SessionRow } from "./session-store.ts";
import { guardKeys } from "./sign-in.ts";

const FREE_TRIES = 5;

export type PasswordChanged =
  | { readonly opened: OpenedSession }
  | { readonly faults: readonly PasswordFault[] }
  /** The present password is not what was typed, or it was typed wrongly too often. */
  | { readonly wrong: true };

/**
 * A person's own change. It takes the present password, be the session ever so young: who finds a browser open must not be
 * able to take the account over. All other sessions end.
 * @throws HasherBusy
 */
export async function changePassword(
  parts: PeopleParts,
  session: SessionRow,
  asked: { readonly present: string; readonly next: string },
  place: Place,
): Promise<PasswordChanged> {
  const { database, hasher, lists, key } = parts;
  const { personId } = session;
  const doer: Doer = {
    actor: `person:${personId}`,
    name: session.name,
    door: "json",
    address: place.address,
  };
  // Counted with the sign-ins of this person: it is the same password that is guessed at.
  const guard = guardKeys.password(key, personId);
  const tried = await asDoer(parts, doer, (transaction, _note, at) =>
    countTry(transaction, guard, FREE_TRIES, at),
  );
  const { phc = null } = (await findCandidate(database, personId)) ?? {};
  const isRight = await hasher.fits(phc, normalPassword(asked.present) ?? "");
  if (tried.isLocked || phc === null || !isRight) {
    const rule = tried.isLocked ? "locked" : "wrong-password";
    await asDoer(parts, doer, (_transaction, note) =>
      note({ action: "password-change", outcome: "failed", ...aboutSubject(personId), rule }),
    );
    return { wrong: true };
  }
  await asDoer(parts, doer, (transaction) => forgetFailures(transaction, [guard]));
  const faults = await passwordFaults(asked.next, await aboutPerson(database, personId), lists);
  if (faults.length > 0) return { faults };
  const next = normalPassword(asked.next) as string;
  for (const before of await lastPasswords(database, personId)) {
    if (await hasher.fits(before, next)) return { faults: ["used-before"] };
  }
  const hashed = await hasher.hash(next);
  return asDoer(parts, doer, async (transaction, note, at) => {
    await setPassword(transaction, personId, { phc: hashed, setAt: at, mustChange: false, expiresAt: null });
    await endSessions(transaction, personId, "password-changed", at);
    const opened = await openSession(transaction, personId, place, at, {
      expiresAt: session.expiresAt,
      secondFactorAt: session.secondFactorAt,
      before: null,
    });
    await note({ action: "password-change", outcome: "allowed", ...aboutSubject(personId) });
    return { opened };
  });
}

/**
 * A password for the first sign-in, or for who has forgotten his: shown this once, to be changed at the first sign-in, for a
 * day. All sessions of the person end, and what was locked is open.
 */
export async function giveOneTimePassword(
  parts: PeopleWork,
  doer: Doer,
  personId: string,
): Promise<{ readonly password: string; readonly expiresAt: Date }> {
  const password = newOneTimePassword();
  const phc = await parts.hasher.hash(password);
  return asDoer(parts, doer, async (transaction, note, at) => {
    const expiresAt = await setOneTimePassword(transaction, personId, phc, at);
    await forgetFailures(transaction, [guardKeys.password(parts.key, personId)]);
    await endSessions(transaction, personId, "password-changed", at);
    await noteOneTimePassword(note, personId, expiresAt);
    return { password, expiresAt };
  });
}

/** @returns until when it holds */
export async function setOneTimePassword(
  transaction: Parameters<typeof setPassword>[0],
  personId: string,
  phc: string,
  at: Date,
): Promise<Date> {
  const expiresAt = new Date(at.getTime() + ONE_TIME_PASSWORD_HOURS * 3_600_000);
  await setPassword(transaction, personId, { phc, setAt: at, mustChange: true, expiresAt });
  return expiresAt;
}

export function noteOneTimePassword(note: Note, personId: string, expiresAt: Date): Promise<void> {
  const detail = { until: expiresAt.toISOString() };
  return note({ action: "one-time-password", outcome: "allowed", ...aboutSubject(personId), detail });
}
