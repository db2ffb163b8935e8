import type { AccessKey } from "../../shared/access/proofs/access-key.ts";
import { isOldHash } from "../../shared/access/proofs/password-hash.ts";
import { HasherBusy } from "../../shared/access/proofs/password-hasher.ts";
import { normalPassword } from "../../shared/access/proofs/password-policy.ts";
import { inTransaction } from "../../shared/runtime/database.ts";
import { networkOf } from "../limit-clients.ts";
import { countTry, forgetFailures, removeOldFailures, takeBackTry } from "./guard-store.ts";
import { type OpenedSession, openSession, type Place, type SessionBefore } from "./open-session.ts";
import { type Candidate, findCandidate, replaceHash } from "./password-store.ts";
import { aboutSubject, asDoer, type Doer, type PeopleParts } from "./people-parts.ts";
import { endIdleSessions } from "./session-store.ts";

export const PERSON_ID = /^[a-z0-9][a-z0-9._-]{0,62}$/;
/** Asked for in place of what can be nobody's id, so that the same is done. */
const NOBODY = "-";
/** Failures under one id that cost nothing. */
const FREE_TRIES = 5;

/** The names under which failures are counted; hashes, for people type passwords where their name belongs. */
export const guardKeys = {
  password: (key: AccessKey, personId: string) => key.markOf("guard", `person ${personId}`),
  secondFactor: (key: AccessKey, personId: string) => key.markOf("guard", `second factor ${personId}`),
  address: (key: AccessKey, address: string) => key.markOf("guard", `address ${networkOf(address)}`),
};

export interface SignInAsked extends Place {
  readonly id: string;
  readonly password: string;
  readonly before: SessionBefore | null;
}

/**
 * Signs a person in by password. Whatever is wrong (no such person, a wrong password, an expired one, an account that is locked,
 * inactive or without a password) does the same work: counts a try, asks for the person, makes one hash, writes one event.
 * @returns null when it does not; nobody is told why
 * @throws HasherBusy
 */
export async function signIn(parts: PeopleParts, asked: SignInAsked): Promise<OpenedSession | null> {
  const { database, hasher, key, settings } = parts;
  const id = foldId(asked.id);
  const keys = { person: guardKeys.password(key, id), address: guardKeys.address(key, asked.address) };
  const isLocked = await countTries(parts, keys);
  const candidate = await findCandidate(database, PERSON_ID.test(id) ? id : NOBODY);
  const password = normalPassword(asked.password);
  const isRight = await hasher.fits(candidate?.phc ?? null, password ?? "").catch(async (error: unknown) => {
    // Nobody has looked at the password: it was no try.
    if (error instanceof HasherBusy && !isLocked) await takeBackTries(parts, keys);
    throw error;
  });
  const reason =
    candidate === undefined
      ? "unknown"
      : isLocked
        ? "locked"
        : refusal(candidate, isRight && password !== null, parts.now().at);
  if (reason !== null || candidate === undefined || password === null) {
    await noteFailure(parts, asked, candidate, reason ?? "wrong-password");
    return null;
  }
  const { phc } = candidate;
  const rehashed = phc !== null && isOldHash(phc) ? await hasher.hash(password) : null;
  const doer: Doer = { actor: `person:${id}`, name: candidate.name, door: "json", address: asked.address };
  return asDoer(parts, doer, async (transaction, note, at) => {
    await forgetFailures(transaction, [keys.person]);
    await takeBackTry(transaction, keys.address);
    await endIdleSessions(transaction, at, settings.sessionIdleMinutes);
    if (rehashed !== null && phc !== null) await replaceHash(transaction, id, phc, rehashed);
    const opened = await openSession(transaction, id, asked, at, {
      expiresAt: new Date(at.getTime() + settings.sessionHours * 3_600_000),
      secondFactorAt: null,
      before: asked.before,
    });
    await note({
      action: "sign-in",
      outcome: "allowed",
      ...aboutSubject(id),
      detail: { session: opened.id, by: "password" },
    });
    return opened;
  });
}

/** As ids are written: people type them with capitals and spaces. */
export function foldId(typed: string): string {
  return typed.trim().toLowerCase();
}

function refusal({ active, phc, expiresAt }: Candidate, isRight: boolean, at: Date): string | null {
  if (phc === null) return "no-password";
  if (!isRight) return "wrong-password";
  if (!active) return "inactive";
  return expiresAt !== null && expiresAt.getTime() <= at.getTime() ? "expired" : null;
}

/** @returns whether one of the keys is locked; both are counted, whatever the other says */
async function countTries(
  parts: PeopleParts,
  keys: { readonly person: string; readonly address: string },
): Promise<boolean> {
  const { database, now, log, settings } = parts;
  return inTransaction(database, { actor: "worker:access", agencies: [] }, async (transaction) => {
    const { at } = now();
    // Always in this order: two sign-ins never wait for each other.
    const person = await countTry(transaction, keys.person, FREE_TRIES, at);
    const address = await countTry(transaction, keys.address, settings.freeTriesOfAddress, at);
    if (person.locksUntil !== null || address.locksUntil !== null) await removeOldFailures(transaction, at);
    if (address.locksUntil !== null)
      log.warn({ until: address.locksUntil }, "sign-ins from an address are locked");
    return person.isLocked || address.isLocked;
  });
}

async function takeBackTries(
  { database }: PeopleParts,
  keys: { readonly person: string; readonly address: string },
): Promise<void> {
  await inTransaction(database, { actor: "worker:access", agencies: [] }, async (transaction) => {
    await takeBackTry(transaction, keys.person);
    await takeBackTry(transaction, keys.address);
  });
}

async function noteFailure(
  parts: PeopleParts,
  { address }: Place,
  candidate: Candidate | undefined,
  reason: string,
): Promise<void> {
  // Of an id that nobody has nothing is written down: it may be a password that was typed into the wrong field.
  const about = candidate === undefined ? {} : aboutSubject(candidate.id);
  await asDoer(parts, { actor: "nobody", door: "json", address }, (_transaction, note) =>
    note({ action: "sign-in", outcome: "failed", ...about, rule: reason }),
  );
}
