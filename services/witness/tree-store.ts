import { type Kysely, type RawBuilder, sql, type Transaction } from "kysely";
import { EVENT_COLUMNS } from "../shared/audit-log/event-columns.ts";
import type { EventRow } from "../shared/audit-log/event-form.ts";
import type { Hash } from "../shared/audit-log/merkle.ts";
import type { Tables } from "../shared/letter/tables.ts";

/** One witness at a time: until the transaction ends, nobody else lets the tree grow or signs. */
export async function lockTree(transaction: Transaction<Tables>): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('saraban.audit_log', 0))`.execute(transaction);
}

/** What the tables say of the tree. */
export interface StoredTree {
  /** One more than the highest leaf. */
  readonly size: number;
  /** Of the newest checkpoint; 0 when there is none. */
  readonly signedSize: number;
}

export async function storedTree(transaction: Transaction<Tables>): Promise<StoredTree> {
  const { rows } = await sql<StoredTree>`
    select coalesce((select max(leaf_index) + 1 from audit_leaf), 0) as size,
           coalesce((select max(tree_size) from audit_checkpoint), 0) as "signedSize"`.execute(transaction);
  return rows[0] as StoredTree;
}

export interface StoredCheckpoint {
  readonly treeSize: number;
  readonly root: Hash;
  readonly frontier: readonly Hash[];
  readonly jws: string;
  readonly madeAt: Date;
}

export async function newestCheckpoint(
  transaction: Transaction<Tables>,
): Promise<StoredCheckpoint | undefined> {
  const { rows } = await sql<StoredCheckpoint>`
    select tree_size as "treeSize", root, frontier, jws, made_at as "madeAt"
      from audit_checkpoint order by tree_size desc limit 1`.execute(transaction);
  return rows[0];
}

const LEAVES_AT_ONCE = 10_000;

/** Leaves from an index on, some thousands at a time, in order. */
export async function* leavesFrom(
  database: Kysely<Tables>,
  from: number,
): AsyncGenerator<readonly { readonly index: number; readonly hash: Hash }[]> {
  let next = from;
  for (;;) {
    const { rows } = await sql<{ index: number; hash: Hash }>`
      select leaf_index as index, hash from audit_leaf
       where leaf_index >= ${next} order by leaf_index limit ${LEAVES_AT_ONCE}`.execute(database);
    if (rows.length > 0) yield rows;
    if (rows.length < LEAVES_AT_ONCE) return;
    next = (rows.at(-1)?.index ?? next) + 1;
  }
}

/** Where transactions and numbers stand. */
export interface Horizon {
  /** Every transaction before this one has ended. */
  readonly xmin: bigint;
  /** None from this one on has begun. */
  readonly xmax: bigint;
  /** The last number that was given to an event. A row may bear a higher one, which a hand has put there. */
  readonly lastSeq: number;
}

export async function horizonNow(transaction: Transaction<Tables>): Promise<Horizon> {
  const { rows } = await sql<{ xmin: string; xmax: string; lastSeq: number }>`
    select pg_snapshot_xmin(s)::text as xmin, pg_snapshot_xmax(s)::text as xmax,
           (select last_value from audit_event_seq_seq) as "lastSeq" from pg_current_snapshot() s`.execute(
    transaction,
  );
  const { xmin = "0", xmax = "0", lastSeq = 0 } = rows[0] ?? {};
  return { xmin: BigInt(xmin), xmax: BigInt(xmax), lastSeq };
}

/** The highest number up to this one that has a leaf. */
export async function highestLeafSeq(transaction: Transaction<Tables>, upTo: number): Promise<number> {
  const { rows } = await sql<{ seq: number }>`
    select coalesce(max(event_seq), 0) as seq from audit_leaf where event_seq <= ${upTo}`.execute(
    transaction,
  );
  return rows[0]?.seq ?? 0;
}

/** So far back a witness that starts looks for events without a leaf; those further back `saraban audit verify` finds. */
const LOOK_BACK = 200_000;
/** And so far for numbers that are missing: whoever is at work at this moment has one of the last. */
const HOLES_BACK = 1000;

/** Numbers below `last` whose events have no leaf, or are not there (yet). */
export async function seqsWithoutLeaf(transaction: Transaction<Tables>, last: number): Promise<number[]> {
  const { rows } = await sql<{ seq: number }>`
    select e.seq from audit_event e
     where e.seq > ${last - LOOK_BACK}::bigint and e.seq < ${last}::bigint
       and not exists (select from audit_leaf l where l.event_seq = e.seq)
    union
    select n from generate_series(greatest(1, ${last - HOLES_BACK}::bigint), ${last - 1}::bigint) n
     where not exists (select from audit_leaf l where l.event_seq = n)
     order by 1 limit 10000`.execute(transaction);
  return rows.map(({ seq }) => seq);
}

/**
 * Which events may become leaves: those after `last` and those awaited, as soon as nothing older can still be committed, so
 * that leaves stand in the order of seq. A transaction that stays open for longer than `patienceSeconds` is not waited for:
 * what it has written comes in later. (An id that is not given yet is one of another cluster: a dump that was restored.)
 */
function settled(last: number, awaited: readonly number[], patienceSeconds: number): RawBuilder<boolean> {
  const wanted =
    awaited.length === 0
      ? sql`e.seq > ${last}::bigint`
      : sql`(e.seq > ${last}::bigint or e.seq = any (${awaited}::bigint[]))`;
  return sql<boolean>`${wanted} and not exists (select from audit_leaf l where l.event_seq = e.seq)
     and (e.transaction < (select pg_snapshot_xmin(pg_current_snapshot()))
     or e.transaction >= (select pg_snapshot_xmax(pg_current_snapshot()))
     or e.at < now() - make_interval(secs => ${patienceSeconds}))`;
}

/** Whether there is anything to do, in one small question. */
export async function isAnySettled(
  database: Kysely<Tables>,
  last: number,
  awaited: readonly number[],
  patienceSeconds: number,
): Promise<boolean> {
  const { rows } = await sql<{ any: boolean }>`
    select exists (select from audit_event e where ${settled(last, awaited, patienceSeconds)}) as any`.execute(
    database,
  );
  return rows[0]?.any === true;
}

/** @param last the highest number that has a leaf, of those that were given; see Horizon */
export async function settledEvents(
  transaction: Transaction<Tables>,
  last: number,
  awaited: readonly number[],
  patienceSeconds: number,
  most: number,
): Promise<readonly EventRow[]> {
  const { rows } = await sql<EventRow>`
    select ${EVENT_COLUMNS} from audit_event e
     where ${settled(last, awaited, patienceSeconds)} order by e.seq limit ${most}`.execute(transaction);
  return rows;
}

export async function insertLeaves(
  transaction: Transaction<Tables>,
  from: number,
  leaves: readonly { readonly seq: number; readonly hash: Hash }[],
): Promise<void> {
  await sql`
    insert into audit_leaf (leaf_index, event_seq, hash)
    select ${from}::bigint + n - 1, seq, hash
      from unnest(${leaves.map(({ seq }) => seq)}::bigint[], ${leaves.map(({ hash }) => hash)}::bytea[])
           with ordinality as leaf(seq, hash, n)`.execute(transaction);
}

export async function insertCheckpoint(
  transaction: Transaction<Tables>,
  checkpoint: StoredCheckpoint & { readonly kid: string; readonly clock: object },
): Promise<void> {
  const { treeSize, root, frontier, jws, kid, madeAt, clock } = checkpoint;
  await sql`
    insert into audit_checkpoint (tree_size, root, frontier, jws, kid, made_at, clock)
    values (${treeSize}, ${root}, ${frontier}::bytea[], ${jws}, ${kid}, ${madeAt}, ${JSON.stringify(clock)})`.execute(
    transaction,
  );
}
