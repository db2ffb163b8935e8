import { newSessionToken, sessionTokenHash } from "../../shared/access/proofs/session-token.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Transaction } from "../../shared/runtime/database.ts";
import { newId } from "../../shared/runtime/ids.ts";
import { endSessions, insertSession } from "./session-store.ts";

/** A session that another one takes the place of: the one that the browser has brought. */
export interface SessionBefore {
  readonly id: string;
  readonly personId: string;
}

/** From where a session is opened. */
export interface Place {
  readonly address: string;
  readonly userAgent: string;
}

export interface OpenedSession {
  readonly id: string;
  /** Shown to the browser this once. */
  readonly token: string;
  readonly expiresAt: Date;
}

const LONGEST_USER_AGENT = 300;
const LONGEST_ADDRESS = 100;

/**
 * A new session under a new token. Nobody brings a token along: one that was there before ends with it, so that a token
 * that somebody else has put there opens nothing (session fixation).
 */
export async function openSession(
  transaction: Transaction<Tables>,
  personId: string,
  { address, userAgent }: Place,
  at: Date,
  more: {
    readonly expiresAt: Date;
    readonly secondFactorAt: Date | null;
    readonly before: SessionBefore | null;
  },
): Promise<OpenedSession> {
  const { expiresAt, secondFactorAt, before } = more;
  if (before !== null) await endSessions(transaction, before.personId, "replaced", at, { only: before.id });
  const token = newSessionToken();
  const id = newId();
  await insertSession(transaction, {
    id,
    tokenHash: sessionTokenHash(token) as string,
    personId,
    madeAt: at,
    expiresAt,
    secondFactorAt,
    address: address.slice(0, LONGEST_ADDRESS),
    userAgent: userAgent.slice(0, LONGEST_USER_AGENT).toWellFormed().replaceAll("\0", ""),
  });
  return { id, token, expiresAt };
}
