import type { openAdminPool } from "../runtime/database.ts";
import { CLOSED_LEVELS, INDEX_SUBJECT, type KeyPlace, wrappedVersion } from "./key-provider.ts";
import type { KeyGroup, Rewrapped, WrappedKey, WrappedKeys } from "./wrapped-keys.ts";

/** All wrapped keys with where they stand; $1 agency, $2 level. Ids begin with the table, in the order of which they are read. */
const ALL = `
  select 'body ' || b.letter_id || ' ' || b.part as id, b.letter_id || '/' || b.part as subject, b.wrapped_key, b.letter_id
    from saraban.closed_body b join saraban.closed_letter l on l.id = b.letter_id and l.agency_id = b.agency_id
   where l.agency_id = $1 and l.level_at_birth = $2
  union all
  select 'index', '${INDEX_SUBJECT}', wrapped_key, null from saraban.closed_index_key where agency_id = $1 and level = $2
  union all
  select 'letter ' || id, id::text, wrapped_key, id from saraban.closed_letter where agency_id = $1 and level_at_birth = $2`;

type AdminPool = ReturnType<typeof openAdminPool>;

/** Whatever is wrapped in the database, with the rights of the one who migrates: no room sees all of it. */
export function openWrappedKeys(pool: AdminPool): WrappedKeys {
  return {
    async groups(place) {
      const { rows } = await pool.query<Omit<KeyGroup, "sample"> & { sample: string }>(
        `select substring(wrapped_key from '^.*:') as prefix, count(*) as keys, count(distinct letter_id) as letters,
                min(subject || ' ' || wrapped_key) as sample
           from (${ALL}) each group by 1 order by 1`,
        [place.agencyId, place.level],
      );
      return rows.map(({ sample, ...group }) => {
        const [subject = "", wrappedKey = ""] = sample.split(" ");
        return { ...group, sample: { subject, wrappedKey } };
      });
    },
    async list(place, newestPrefix, after, limit) {
      const { rows } = await pool.query<WrappedKey>(
        `select id, subject, wrapped_key as "wrappedKey" from (${ALL}) each
          where ($3 = '' or not starts_with(wrapped_key, $3)) and id collate "C" > $4 order by id collate "C" limit $5`,
        [place.agencyId, place.level, newestPrefix, after, limit],
      );
      return rows;
    },
    async replace(place, changes) {
      let replaced = 0;
      for (const table of ["body", "index", "letter"] as const) {
        const those = changes.filter(({ id }) => id.split(" ")[0] === table);
        if (those.length > 0) replaced += await replaceIn(pool, table, place, those);
      }
      return replaced;
    },
  };
}

/** Only where the key is still the one that was read: a letter may be wrapped anew by somebody else at this moment. */
const REPLACE = {
  body: "update saraban.closed_body k set wrapped_key = c.new, key_version = c.version from changed c where k.agency_id = $1 and $2 <> '' and c.id = 'body ' || k.letter_id || ' ' || k.part and k.letter_id = split_part(c.id, ' ', 2)::uuid",
  index:
    "update saraban.closed_index_key k set wrapped_key = c.new, key_version = c.version from changed c where k.agency_id = $1 and k.level = $2",
  letter:
    "update saraban.closed_letter k set wrapped_key = c.new, key_version = c.version from changed c where k.agency_id = $1 and $2 <> '' and k.id = split_part(c.id, ' ', 2)::uuid",
} as const;

async function replaceIn(
  pool: AdminPool,
  table: keyof typeof REPLACE,
  { agencyId, level }: KeyPlace,
  changes: readonly Rewrapped[],
): Promise<number> {
  const { rowCount } = await pool.query(
    `with changed as (select * from unnest($3::text[], $4::text[], $5::text[], $6::integer[]) as c(id, old, new, version))
     ${REPLACE[table]} and k.wrapped_key = c.old`,
    [
      agencyId,
      level,
      changes.map(({ id }) => id),
      changes.map(({ wrappedKey }) => wrappedKey),
      changes.map((each) => each.rewrapped),
      changes.map((each) => wrappedVersion(each.rewrapped)),
    ],
  );
  return rowCount ?? 0;
}

/** Agencies and levels for which anything was ever sealed. */
export async function sealedPlaces(pool: AdminPool): Promise<KeyPlace[]> {
  const { rows } = await pool.query<KeyPlace>(
    `select agency_id as "agencyId", level_at_birth as level from saraban.closed_letter
     union select agency_id, level from saraban.closed_index_key order by 1, 2`,
  );
  return rows.filter(({ level }) => CLOSED_LEVELS.includes(level));
}

export async function servedAgencies(pool: AdminPool): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>("select id from saraban.agency where active order by id");
  return rows.map(({ id }) => id);
}

/** For KeyProvider. */
export async function sealedWords(pool: AdminPool, { agencyId, level }: KeyPlace): Promise<string | null> {
  const { rows } = await pool.query<{ letters: number; indexes: number }>(
    `select (select count(*) from saraban.closed_letter where agency_id = $1 and level_at_birth = $2) as letters,
            (select count(*) from saraban.closed_index_key where agency_id = $1 and level = $2) as indexes`,
    [agencyId, level],
  );
  const { letters = 0, indexes = 0 } = rows[0] ?? {};
  if (letters === 0) return indexes === 0 ? null : "an index of no letters";
  return `${letters} ${letters === 1 ? "letter" : "letters"}`;
}
