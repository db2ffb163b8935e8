import { recoveryCodeHash } from "../../shared/access/proofs/recovery-codes.ts";
import { totpStep } from "../../shared/access/proofs/totp.ts";
import { countTry, forgetFailures } from "./guard-store.ts";
import { type OpenedSession, openSession, type Place } from "./open-session.ts";
import { aboutSubject, asDoer, type Doer, type PeopleParts } from "./people-parts.ts";
import type { SessionRow } from "./session-store.ts";
import { guardKeys } from "./sign-in.ts";
import { findTotp, takeRecoveryCode, takeStep } from "./totp-store.ts";

const FREE_TRIES = 5;

/**
 * Shows the second factor in a session: a code of the authenticator, or one of the recovery codes. The session goes on under a
 * new token, so that one that was copied before the second factor opens nothing that takes it. Guesses are counted and
 * locked like those of passwords: three of a million codes fit at a time.
 * @returns null when the code is wrong, used up, or locked out
 */
export async function showSecondFactor(
  parts: PeopleParts,
  session: SessionRow,
  code: string,
  place: Place,
): Promise<OpenedSession | null> {
  const { personId } = session;
  const doer: Doer = {
    actor: `person:${personId}`,
    name: session.name,
    door: "json",
    address: place.address,
  };
  const guard = guardKeys.secondFactor(parts.key, personId);
  // A transaction of its own: a try counts, whatever becomes of it.
  const tried = await asDoer(parts, doer, (transaction, _note, at) =>
    countTry(transaction, guard, FREE_TRIES, at),
  );
  if (tried.locksUntil !== null)
    parts.log.warn({ person: personId, until: tried.locksUntil }, "codes of a second factor are locked");
  return asDoer(parts, doer, async (transaction, note, at) => {
    const by = tried.isLocked ? null : await takeCode(parts, transaction, personId, code, at);
    if (by === null) {
      const rule = tried.isLocked ? "locked" : "wrong-code";
      await note({ action: "second-factor", outcome: "failed", ...aboutSubject(personId), rule });
      return null;
    }
    await forgetFailures(transaction, [guard]);
    const opened = await openSession(transaction, personId, place, at, {
      expiresAt: session.expiresAt,
      secondFactorAt: at,
      before: session,
    });
    if (by === "recovery-code")
      parts.log.warn({ person: personId }, "a recovery code was used in place of the second factor");
    const detail = { session: opened.id, by };
    await note({ action: "second-factor", outcome: "allowed", ...aboutSubject(personId), detail });
    return opened;
  });
}

async function takeCode(
  { key }: PeopleParts,
  transaction: Parameters<typeof takeStep>[0],
  personId: string,
  code: string,
  at: Date,
): Promise<"totp" | "recovery-code" | null> {
  const sealed = (await findTotp(transaction, personId))?.sealed ?? null;
  if (sealed === null) return null;
  const hash = recoveryCodeHash(code);
  if (hash !== null)
    return (await takeRecoveryCode(transaction, personId, hash, at)) ? "recovery-code" : null;
  const step = totpStep(key.unseal(sealed, totpOwner(personId)), code, at.getTime());
  return step !== null && (await takeStep(transaction, personId, sealed, step)) ? "totp" : null;
}

/** What a sealed secret is bound to: copied into another person's row it opens for nobody. */
export function totpOwner(personId: string): string {
  return `person_totp ${personId}`;
}
