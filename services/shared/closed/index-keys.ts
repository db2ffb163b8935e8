import type { Tables } from "../letter/tables.ts";
import { type Acting, inTransaction, type Kysely } from "../runtime/database.ts";
import { isSealedFor, openIndexKey } from "./index-key-store.ts";
import type { KeyPlace, KeyProvider, UsedBy } from "./key-provider.ts";

/** The keys of blind indexes for a door, by which it also knows letters again: held in memory until they are closed. */
export interface IndexKeys {
  /** Makes the place's key when there is none yet. Not to be cleared by whoever gets it. @throws KeyFault */
  of(place: KeyPlace): Promise<Buffer>;
  /** Null while nothing of that place was ever sealed. @throws KeyFault */
  known(place: KeyPlace): Promise<Buffer | null>;
  close(): void;
}

/** @param actor who states itself in the transactions that read and write closed_index_key */
export function openIndexKeys(
  database: Kysely<Tables>,
  provider: KeyProvider,
  actor: Acting["actor"],
  now: () => Date,
): IndexKeys {
  const held = new Map<string, Buffer>();
  const nameOf = ({ agencyId, level }: KeyPlace): string => `${agencyId} ${level}`;
  const of = async (place: KeyPlace): Promise<Buffer> => {
    const known = held.get(nameOf(place));
    if (known !== undefined) return known;
    const key = await inTransaction(database, { actor, agencies: [place.agencyId] }, (transaction) =>
      openIndexKey(transaction, provider, place, now()),
    );
    held.set(nameOf(place), key);
    return key;
  };
  return {
    of,
    async known(place) {
      const isThere = held.has(nameOf(place)) || (await sealedBefore(database, actor)(place)) !== null;
      return isThere ? of(place) : null;
    },
    close() {
      for (const key of held.values()) key.fill(0);
      held.clear();
    },
  };
}

/** For KeyProvider, of a door that may not count letters: whether anything of a place was ever sealed. */
export function sealedBefore(database: Kysely<Tables>, actor: Acting["actor"]): UsedBy {
  return async (place) => {
    const acting = { actor, agencies: [place.agencyId] };
    const isSealed = await inTransaction(database, acting, (transaction) => isSealedFor(transaction, place));
    return isSealed ? "classified letters" : null;
  };
}
