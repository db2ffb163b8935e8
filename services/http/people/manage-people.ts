import { newOneTimePassword } from "../../shared/access/proofs/one-time-password.ts";
import { newId } from "../../shared/runtime/ids.ts";
import { noteOneTimePassword, setOneTimePassword } from "./change-password.ts";
import { forgetFailures } from "./guard-store.ts";
import { aboutSubject, asDoer, type Doer, type PeopleWork } from "./people-parts.ts";
import {
  endAppointment,
  type FoundAppointment,
  insertAppointment,
  insertPerson,
  type NewAppointment,
  type NewPerson,
  type PersonChange,
  updatePerson,
} from "./person-store.ts";
import { endSessions, type WhichSessions } from "./session-store.ts";
import { guardKeys } from "./sign-in.ts";
import { removeTotp } from "./totp-store.ts";

/** What an administrator does, in person or on the command line; each of these is one transaction with its event. */

/** As much as most of it takes. */
type Work = Pick<PeopleWork, "database" | "now">;

export const LONGEST_NAME = 200;
export const LONGEST_EMAIL = 254;

export type AddedPerson =
  | { readonly inUse: "id" | "subject" }
  | { readonly inUse: null; readonly password: string | null; readonly expiresAt: Date | null };

/** A new person, with a password for the first sign-in unless the OpenID provider knows the person. */
export async function addPerson(
  parts: Work & Pick<PeopleWork, "hasher">,
  doer: Doer,
  person: NewPerson,
): Promise<AddedPerson> {
  const password = person.oidc === null ? newOneTimePassword() : null;
  const phc = password === null ? null : await parts.hasher.hash(password);
  return asDoer(parts, doer, async (transaction, note, at): Promise<AddedPerson> => {
    if (!(await insertPerson(transaction, person, at, doer.actor))) return { inUse: "id" };
    await note({ action: "add-person", outcome: "allowed", ...aboutSubject(person.id) });
    if (phc === null) return { inUse: null, password: null, expiresAt: null };
    const expiresAt = await setOneTimePassword(transaction, person.id, phc, at);
    await noteOneTimePassword(note, person.id, expiresAt);
    return { inUse: null, password, expiresAt };
  }).catch((error: unknown): AddedPerson => {
    // Of the subject, or the trigger one_name: a clerk's token has this id.
    if (isTaken(error)) return { inUse: isOfSubject(error) ? "subject" : "id" };
    throw error;
  });
}

/** SQLSTATE unique_violation. */
function isTaken(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === "23505";
}

function isOfSubject(error: unknown): boolean {
  return String((error as { readonly constraint?: unknown }).constraint).includes("oidc");
}

/** @returns false when somebody else is bound to this subject of the OpenID provider */
export async function changePerson(
  parts: Work,
  doer: Doer,
  id: string,
  change: PersonChange,
): Promise<boolean> {
  const { active, ...others } = change;
  return asDoer(parts, doer, async (transaction, note, at) => {
    await updatePerson(transaction, id, change);
    if (active === false) await endSessions(transaction, id, "person-ended", at);
    const members = Object.keys(others);
    if (members.length > 0)
      await note({
        action: "change-person",
        outcome: "allowed",
        ...aboutSubject(id),
        detail: { members: members.join(" ") },
      });
    if (active !== undefined)
      await note({
        action: active ? "enable-person" : "disable-person",
        outcome: "allowed",
        ...aboutSubject(id),
      });
    return true;
  }).catch((error: unknown) => {
    if (isTaken(error)) return false;
    throw error;
  });
}

/** @returns the appointment's id */
export function appoint(
  parts: Work,
  doer: Doer,
  appointment: Omit<NewAppointment, "id" | "fromAt"> & { readonly fromAt: Date | null },
): Promise<string> {
  return asDoer(parts, doer, async (transaction, note, at) => {
    const id = newId();
    const { personId, right, agencyId, unit, level, orderNumber, orderDate } = appointment;
    await insertAppointment(
      transaction,
      { ...appointment, id, fromAt: appointment.fromAt ?? at },
      at,
      doer.actor,
    );
    await note({
      action: "appoint",
      outcome: "allowed",
      agencyId,
      ...aboutSubject(personId),
      detail: {
        appointment: id,
        right,
        orderNumber,
        orderDate,
        ...(level === null ? {} : { level }),
        ...(unit === null ? {} : { unit }),
      },
    });
    return id;
  });
}

/** @returns false when it has ended before */
export function endAnAppointment(
  parts: Work,
  doer: Doer,
  id: string,
  { personId, agencyId, right }: FoundAppointment,
  reason: string,
): Promise<boolean> {
  return asDoer(parts, doer, async (transaction, note, at) => {
    if (!(await endAppointment(transaction, id, at, doer.actor, reason))) return false;
    const detail = { appointment: id, right };
    await note({
      action: "end-appointment",
      outcome: "allowed",
      agencyId,
      ...aboutSubject(personId),
      detail,
    });
    return true;
  });
}

/** What was locked by failed tries is open again. @returns whether anything was counted */
export function unlockPerson(parts: PeopleWork, doer: Doer, id: string): Promise<boolean> {
  const keys = [guardKeys.password(parts.key, id), guardKeys.secondFactor(parts.key, id)];
  return asDoer(parts, doer, async (transaction, note) => {
    const forgotten = await forgetFailures(transaction, keys);
    await note({ action: "unlock-person", outcome: "allowed", ...aboutSubject(id) });
    return forgotten > 0;
  });
}

/** @returns whether anything was counted under this address */
export function unlockAddress(parts: PeopleWork, doer: Doer, address: string): Promise<boolean> {
  return asDoer(parts, doer, async (transaction, note) => {
    const forgotten = await forgetFailures(transaction, [guardKeys.address(parts.key, address)]);
    await note({ action: "unlock-address", outcome: "allowed", subject: { kind: "address", id: address } });
    return forgotten > 0;
  });
}

/** @returns how many ended */
export function endPersonSessions(
  parts: Work,
  doer: Doer,
  id: string,
  which: WhichSessions = {},
): Promise<number> {
  return asDoer(parts, doer, async (transaction, note, at) => {
    const ended = await endSessions(transaction, id, "revoked", at, which);
    const detail = { sessions: ended.length };
    await note({ action: "end-sessions", outcome: "allowed", ...aboutSubject(id), detail });
    return ended.length;
  });
}

/**
 * The authenticator is gone (a lost telephone without recovery codes): the person signs in by password and sets up another
 * one. All sessions end. On the server alone: who could do it over the network could become anybody.
 * @returns false when there was none
 */
export function resetTotp(parts: PeopleWork, doer: Doer, id: string): Promise<boolean> {
  return asDoer(parts, doer, async (transaction, note, at) => {
    if (!(await removeTotp(transaction, id))) return false;
    await forgetFailures(transaction, [guardKeys.secondFactor(parts.key, id)]);
    await endSessions(transaction, id, "revoked", at);
    await note({ action: "totp-reset", outcome: "allowed", ...aboutSubject(id) });
    return true;
  });
}
