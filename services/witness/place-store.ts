import { type Kysely, sql, type Transaction } from "kysely";
import type { Hash } from "../shared/audit-log/merkle.ts";
import { consistencySpans, frontierSpans, type Span, spanRoots } from "../shared/audit-log/merkle-proofs.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { ToldCheckpoint } from "./places/place.ts";

/** Up to which checkpoint a place was told; undefined when it never was. */
export async function toldSize(database: Kysely<Tables>, place: string): Promise<number | undefined> {
  const { rows } = await sql<{ treeSize: number }>`
    select tree_size as "treeSize" from audit_place where place = ${place}`.execute(database);
  return rows[0]?.treeSize;
}

/** Checkpoints after a size, in order, or the newest alone. */
export async function checkpointsAfter(
  database: Kysely<Tables>,
  treeSize: number,
  most: number,
): Promise<ToldCheckpoint[]> {
  const { rows } = await sql<ToldCheckpoint>`
    select tree_size as "treeSize", translate(encode(root, 'base64'), '+/=', '-_') as root, made_at as "madeAt", jws
      from audit_checkpoint where tree_size > ${treeSize} order by tree_size limit ${most}`.execute(database);
  return rows;
}

export async function newestAfter(database: Kysely<Tables>, treeSize: number): Promise<ToldCheckpoint[]> {
  const { rows } = await sql<ToldCheckpoint>`
    select tree_size as "treeSize", translate(encode(root, 'base64'), '+/=', '-_') as root, made_at as "madeAt", jws
      from audit_checkpoint where tree_size > ${treeSize} order by tree_size desc limit 1`.execute(database);
  return rows;
}

/** Notes how far a place was told, or why it could not be. Never goes back. */
export async function notePlace(
  database: Kysely<Tables>,
  place: string,
  treeSize: number,
  trouble: string | null,
): Promise<void> {
  await sql`
    insert into audit_place (place, tree_size, told_at, trouble) values (${place}, ${treeSize}, now(), ${trouble})
    on conflict (place) do update
      set tree_size = greatest(audit_place.tree_size, excluded.tree_size), trouble = excluded.trouble,
          told_at = case when excluded.trouble is null then now() else audit_place.told_at end`.execute(
    database,
  );
}

const LEAVES_AT_ONCE = 10_000;

/**
 * The proof that the tree of `size` leaves begins with the one of `from` (RFC 9162 §2.1.4), in base64url. Of the smaller tree it
 * needs what a checkpoint of that size holds, so that only what has come since is read.
 */
export async function proveConsistency(
  database: Kysely<Tables>,
  from: number,
  size: number,
): Promise<string[]> {
  const { rows } = await sql<{ frontier: Hash[] }>`
    select frontier from audit_checkpoint where tree_size = ${from}`.execute(database);
  const kept = frontierSpans(from).map((span, at) => ({ ...span, root: rows[0]?.frontier[at] }));
  const known = (span: Span) => kept.find((one) => one.from === span.from && one.to === span.to)?.root;
  const spans = consistencySpans(from, size);
  const unknown = spans.filter((span) => known(span) === undefined);
  const roots = await spanRoots(unknown, (span) => leavesOf(database, span));
  return spans.map((span) => (known(span) ?? (roots[unknown.indexOf(span)] as Hash)).toString("base64url"));
}

/** Leaf hashes of a span, read some thousands at a time. */
export async function* leavesOf(
  database: Kysely<Tables> | Transaction<Tables>,
  { from, to }: Span,
): AsyncGenerator<Hash> {
  for (let next = from; next < to; next += LEAVES_AT_ONCE) {
    const { rows } = await sql<{ hash: Hash }>`
      select hash from audit_leaf where leaf_index >= ${next} and leaf_index < ${Math.min(to, next + LEAVES_AT_ONCE)}
       order by leaf_index`.execute(database);
    for (const { hash } of rows) yield hash;
  }
}
