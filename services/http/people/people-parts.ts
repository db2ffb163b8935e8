import type { Door } from "../../shared/access/actor.ts";
import type { AccessKey } from "../../shared/access/proofs/access-key.ts";
import type { IsBreached } from "../../shared/access/proofs/breached-passwords.ts";
import type { GuessCost } from "../../shared/access/proofs/guess-password.ts";
import type { PasswordHasher } from "../../shared/access/proofs/password-hasher.ts";
import { type AccessEvent, recordAccess } from "../../shared/audit-log/record-access.ts";
import type { Stamp, TrustedNow } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { inTransaction, type Kysely, type Transaction } from "../../shared/runtime/database.ts";
import type { Log } from "../../shared/runtime/log.ts";
import type { Settings } from "../../shared/runtime/settings.ts";

/** What it takes to know people and to write down who they are; the same for the doors and for `saraban user`. */
export interface PeopleWork {
  /** Under the role saraban_access: proofs of identity are seen by no other. */
  readonly database: Kysely<Tables>;
  readonly now: TrustedNow;
  readonly log: Log;
  readonly key: AccessKey;
  readonly hasher: PasswordHasher;
}

export interface PeopleParts extends PeopleWork {
  readonly settings: Settings["access"];
  /** http.publicUrl: "" where none is set. */
  readonly publicUrl: string;
  readonly lists: { readonly guessCost: GuessCost; readonly isBreached: IsBreached };
}

/** Who does something, and from where: what an event of the audit log says of it. */
export interface Doer {
  /** person:ID, operator:NAME, nobody */
  readonly actor: string;
  readonly name?: string;
  readonly door: Door;
  readonly address?: string;
}

/** What is done, and to whom. */
export type Deed = Pick<AccessEvent, "action" | "outcome"> &
  Partial<Pick<AccessEvent, "agencyId" | "subject" | "rule" | "detail">>;

/** Writes down what somebody does, in the transaction that does it. */
export type Note = (deed: Deed) => Promise<void>;

/** Runs `work` in one transaction at one moment; what it notes is written with it, or not at all. */
export function asDoer<Result>(
  { database, now }: Pick<PeopleWork, "database" | "now">,
  doer: Doer,
  work: (transaction: Transaction<Tables>, note: Note, at: Date) => Promise<Result>,
): Promise<Result> {
  const stamp = now();
  return inTransaction(database, { actor: "worker:access", agencies: [] }, (transaction) =>
    work(transaction, (deed) => noteDeed(transaction, doer, deed, stamp), stamp.at),
  );
}

function noteDeed(transaction: Transaction<Tables>, doer: Doer, deed: Deed, stamp: Stamp): Promise<void> {
  const { actor, name, door, address } = doer;
  return recordAccess(
    transaction,
    {
      agencyId: null,
      ...deed,
      actor,
      door,
      ...(name === undefined ? {} : { actorName: name }),
      ...(address === undefined ? {} : { address }),
    },
    stamp,
  );
}

export function aboutSubject(id: string): {
  readonly subject: { readonly kind: string; readonly id: string };
} {
  return { subject: { kind: "person", id } };
}
