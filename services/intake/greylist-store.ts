import { type Kysely, sql } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";

export interface GreylistTimes {
  /** Not before this after the first attempt. */
  readonly delaySeconds: number;
  /** Not later than this after the first attempt: a later one is a first one again. */
  readonly windowSeconds: number;
  /** What has passed is remembered so long after it was last seen. */
  readonly keepSeconds: number;
}

/** Most rows removed in one statement, and most statements in one cleaning: no cleaning holds the table for long. */
const REMOVE_AT_ONCE = 5_000;
const REMOVALS = 100;

/**
 * Notes an attempt and says whether it may pass (RFC 6647 §2.4). An attempt that comes again in time passes, and with it the
 * client's network: a server that has tried again once will do so for every letter.
 *
 * @param keys digests of the triplet and of the client's network alone
 */
export async function noteAttempt(
  database: Kysely<Tables>,
  keys: { readonly triplet: string; readonly network: string },
  times: GreylistTimes,
): Promise<boolean> {
  const seconds = (amount: number) => sql`make_interval(secs => ${amount})`;
  const { rows } = await sql<{ passes: boolean }>`
    with known as (
      update greylist set last_at = now()
       where triplet = ${keys.network} and passed and last_at > now() - ${seconds(times.keepSeconds)}
      returning 1),
    attempt as (
      insert into greylist as seen (triplet) select ${keys.triplet} where not exists (select from known)
      on conflict (triplet) do update set
        passed = case when seen.passed then seen.last_at > now() - ${seconds(times.keepSeconds)}
          else now() - seen.first_at between ${seconds(times.delaySeconds)} and ${seconds(times.windowSeconds)} end,
        first_at = case when seen.passed and seen.last_at <= now() - ${seconds(times.keepSeconds)}
            or not seen.passed and now() - seen.first_at > ${seconds(times.windowSeconds)} then now()
          else seen.first_at end,
        last_at = now()
      returning passed),
    learned as (
      insert into greylist (triplet, passed) select ${keys.network}, true from attempt where passed
      on conflict (triplet) do update set passed = true, last_at = now())
    select exists (select from known) or exists (select from attempt where passed) as passes`.execute(
    database,
  );
  return rows[0]?.passes ?? false;
}

/** Removes what can no longer matter, a bounded number of rows. @returns how many */
export async function removeStaleAttempts(database: Kysely<Tables>, times: GreylistTimes): Promise<number> {
  let removed = 0;
  for (let removal = 0; removal < REMOVALS; removal++) {
    const { numAffectedRows = 0n } = await sql`
      delete from greylist where triplet in (
        select triplet from greylist
         where last_at < now() - make_interval(secs => ${times.windowSeconds})
           and (not passed or last_at < now() - make_interval(secs => ${times.keepSeconds}))
         order by last_at limit ${REMOVE_AT_ONCE})`.execute(database);
    removed += Number(numAffectedRows);
    if (numAffectedRows < REMOVE_AT_ONCE) break;
  }
  return removed;
}
