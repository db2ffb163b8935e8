import { newRecoveryCodes, recoveryCodeHash } from "../../shared/access/proofs/recovery-codes.ts";
import { newTotpSecret, type TotpSetUp, totpSetUp, totpStep } from "../../shared/access/proofs/totp.ts";
import { countTry, forgetFailures } from "./guard-store.ts";
import { type OpenedSession, openSession, type Place } from "./open-session.ts";
import { aboutSubject, asDoer, type Doer, type Note, type PeopleParts } from "./people-parts.ts";
import type { SessionRow } from "./session-store.ts";
import { totpOwner } from "./show-second-factor.ts";
import { guardKeys } from "./sign-in.ts";
import { confirmTotp, findTotp, replaceRecoveryCodes, startTotp } from "./totp-store.ts";

const FREE_TRIES = 5;
/** A set-up that nobody has finished by then is begun again. */
const CONFIRM_WITHIN_MS = 15 * 60_000;

/** Begins to set up an authenticator: its secret is shown this once, and in force when a code of it has been shown. */
export async function beginTotp(
  parts: PeopleParts,
  session: SessionRow,
  address: string,
): Promise<TotpSetUp> {
  const { personId, name } = session;
  const secret = newTotpSecret();
  const sealed = parts.key.seal(secret, totpOwner(personId));
  await asDoer(parts, doerOf(personId, name, address), async (transaction, note, at) => {
    await startTotp(transaction, personId, sealed, at);
    await note({ action: "totp-begin", outcome: "allowed", ...aboutSubject(personId) });
  });
  return totpSetUp(secret, issuerOf(parts.publicUrl), personId);
}

export interface ConfirmedTotp {
  /** The session goes on under another token, with the second factor shown. */
  readonly opened: OpenedSession;
  /** Shown this once. */
  readonly recoveryCodes: readonly string[];
}

/** @returns null when the code is none of the new authenticator, or nothing was begun */
export async function finishTotp(
  parts: PeopleParts,
  session: SessionRow,
  code: string,
  place: Place,
): Promise<ConfirmedTotp | null> {
  const { personId, name } = session;
  const doer = doerOf(personId, name, place.address);
  const guard = guardKeys.secondFactor(parts.key, personId);
  const tried = await asDoer(parts, doer, (transaction, _note, at) =>
    countTry(transaction, guard, FREE_TRIES, at),
  );
  return asDoer(parts, doer, async (transaction, note, at) => {
    const { next = null, nextMadeAt = null } = (await findTotp(transaction, personId)) ?? {};
    const inTime = nextMadeAt !== null && at.getTime() - nextMadeAt.getTime() <= CONFIRM_WITHIN_MS;
    const step =
      next === null || !inTime || tried.isLocked
        ? null
        : totpStep(parts.key.unseal(next, totpOwner(personId)), code, at.getTime());
    if (next === null || step === null || !(await confirmTotp(transaction, personId, next, step, at))) {
      await note({ action: "totp-confirm", outcome: "failed", ...aboutSubject(personId) });
      return null;
    }
    await forgetFailures(transaction, [guard]);
    const recoveryCodes = await giveRecoveryCodes(transaction, personId, at, note);
    const opened = await openSession(transaction, personId, place, at, {
      expiresAt: session.expiresAt,
      secondFactorAt: at,
      before: session,
    });
    await note({ action: "totp-confirm", outcome: "allowed", ...aboutSubject(personId) });
    return { opened, recoveryCodes };
  });
}

/** Ten new ones in place of what is left of the others. */
export function renewRecoveryCodes(
  parts: PeopleParts,
  { personId, name }: SessionRow,
  address: string,
): Promise<readonly string[]> {
  return asDoer(parts, doerOf(personId, name, address), (transaction, note, at) =>
    giveRecoveryCodes(transaction, personId, at, note),
  );
}

async function giveRecoveryCodes(
  transaction: Parameters<typeof replaceRecoveryCodes>[0],
  personId: string,
  at: Date,
  note: Note,
): Promise<readonly string[]> {
  const codes = newRecoveryCodes();
  await replaceRecoveryCodes(
    transaction,
    personId,
    codes.map((code) => recoveryCodeHash(code) as string),
    at,
  );
  await note({ action: "recovery-codes", outcome: "allowed", ...aboutSubject(personId) });
  return codes;
}

function doerOf(personId: string, name: string, address: string): Doer {
  return { actor: `person:${personId}`, name, door: "json", address };
}

/** As the authenticator shows it; in ASCII, which every one of them can. */
function issuerOf(publicUrl: string): string {
  return publicUrl === "" ? "e-saraban" : `e-saraban ${new URL(publicUrl).hostname}`;
}
