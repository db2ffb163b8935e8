import { type Kysely, sql } from "kysely";
import type { Tables } from "../letter/tables.ts";
import { indexKeyOf } from "./blind-index.ts";
import { INDEX_SUBJECT, type KeyPlace, type KeyProvider, wrappedVersion } from "./key-provider.ts";

/**
 * The key of an agency's blind index for letters that came with that level; made with the first of them. Whoever has it
 * clears it after use.
 * @throws KeyFault
 */
export async function openIndexKey(
  transaction: Kysely<Tables>,
  provider: KeyProvider,
  place: KeyPlace,
  now: Date,
): Promise<Buffer> {
  const of = { ...place, subject: INDEX_SUBJECT };
  const wrapped = (await findWrapped(transaction, place)) ?? (await makeWrapped());
  const dataKey = await provider.unwrap(of, wrapped);
  try {
    return indexKeyOf(dataKey);
  } finally {
    dataKey.fill(0);
  }

  async function makeWrapped(): Promise<string> {
    const { key, wrapped } = await provider.newDataKey(of);
    key.fill(0);
    // Another transaction may be first: then this one waits for it, and has its key.
    await sql`
      insert into closed_index_key (agency_id, level, wrapped_key, key_version, made_at)
      values (${place.agencyId}, ${place.level}, ${wrapped}, ${wrappedVersion(wrapped)}, ${now})
      on conflict (agency_id, level) do nothing`.execute(transaction);
    return (await findWrapped(transaction, place)) ?? wrapped;
  }
}

/** Whether anything was ever sealed for a place: what a room, which may not count letters, can say to UsedBy. */
export async function isSealedFor(transaction: Kysely<Tables>, place: KeyPlace): Promise<boolean> {
  return (await findWrapped(transaction, place)) !== null;
}

async function findWrapped(
  transaction: Kysely<Tables>,
  { agencyId, level }: KeyPlace,
): Promise<string | null> {
  const { rows } = await sql<{ wrapped: string }>`
    select wrapped_key as wrapped from closed_index_key where agency_id = ${agencyId} and level = ${level}`.execute(
    transaction,
  );
  return rows[0]?.wrapped ?? null;
}
