import { type Kysely, sql } from "kysely";
import type { Tables } from "../letter/tables.ts";
import { type Acting, inTransaction } from "../runtime/database.ts";
import { indexKeyOf } from "./blind-index.ts";
import { INDEX_SUBJECT, type KeyPlace, type KeyProvider, wrappedVersion } from "./key-provider.ts";

/** The keys of blind indexes, of each agency and level. Held in memory until they are closed. */
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
  provider: Pick<KeyProvider, "newDataKey" | "unwrap">,
  actor: Acting["actor"],
  now: () => Date,
): IndexKeys {
  const held = new Map<string, Buffer>();
  const read = async ({ agencyId, level }: KeyPlace): Promise<string | undefined> => {
    const acting = { actor, agencies: [agencyId] };
    return inTransaction(database, acting, (transaction) => readIndexKey(transaction, { agencyId, level }));
  };
  const hold = async (place: KeyPlace, wrapped: string): Promise<Buffer> => {
    const dataKey = await provider.unwrap({ ...place, subject: INDEX_SUBJECT }, wrapped);
    const key = indexKeyOf(dataKey);
    dataKey.fill(0);
    held.set(nameOf(place), key);
    return key;
  };
  const known = async (place: KeyPlace): Promise<Buffer | null> => {
    const key = held.get(nameOf(place));
    if (key !== undefined) return key;
    const wrapped = await read(place);
    return wrapped === undefined ? null : hold(place, wrapped);
  };
  return {
    known,
    async of(place) {
      const key = await known(place);
      if (key !== null) return key;
      const { key: dataKey, wrapped } = await provider.newDataKey({ ...place, subject: INDEX_SUBJECT });
      dataKey.fill(0);
      const { agencyId, level } = place;
      await inTransaction(database, { actor, agencies: [agencyId] }, (transaction) =>
        insertIndexKey(transaction, { agencyId, level }, wrapped, now()),
      );
      // Whoever was a moment faster has made the one that holds.
      return hold(place, (await read(place)) ?? wrapped);
    },
    close() {
      for (const key of held.values()) key.fill(0);
      held.clear();
    },
  };
}

/** For KeyProvider, of a door that may not count letters: whether anything of a place was ever sealed. */
export function sealedBefore(
  database: Kysely<Tables>,
  actor: Acting["actor"],
): (place: KeyPlace) => Promise<string | null> {
  return async (place) => {
    const wrapped = await inTransaction(database, { actor, agencies: [place.agencyId] }, (transaction) =>
      readIndexKey(transaction, place),
    );
    return wrapped === undefined ? null : "classified letters";
  };
}

async function readIndexKey(
  transaction: Kysely<Tables>,
  { agencyId, level }: KeyPlace,
): Promise<string | undefined> {
  const row = await transaction
    .selectFrom("closed_index_key")
    .select("wrapped_key")
    .where("agency_id", "=", agencyId)
    .where("level", "=", level)
    .executeTakeFirst();
  return row?.wrapped_key;
}

async function insertIndexKey(
  transaction: Kysely<Tables>,
  { agencyId, level }: KeyPlace,
  wrapped: string,
  at: Date,
): Promise<void> {
  await sql`
    insert into closed_index_key (agency_id, level, wrapped_key, key_version, made_at)
      values (${agencyId}, ${level}, ${wrapped}, ${wrappedVersion(wrapped) ?? 1}, ${at}) on conflict do nothing`.execute(
    transaction,
  );
}

function nameOf({ agencyId, level }: KeyPlace): string {
  return `${agencyId} ${level}`;
}
