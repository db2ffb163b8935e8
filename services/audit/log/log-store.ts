import { sql, type Transaction } from "kysely";
import { EVENT_COLUMNS } from "../../shared/audit-log/event-columns.ts";
import type { EventRow } from "../../shared/audit-log/event-form.ts";
import type { Hash } from "../../shared/audit-log/merkle.ts";
import type { Span } from "../../shared/audit-log/merkle-proofs.ts";
import type { Tables } from "../../shared/letter/tables.ts";

/** A leaf, and the event that it was made of; null when that is not there. */
export interface LeafRow {
  readonly index: number;
  readonly leafSeq: number;
  readonly hash: Hash;
  readonly event: EventRow | null;
}

const AT_ONCE = 5_000;

/** All leaves in order with their events, some thousands at a time: there may be millions. */
export async function* leavesWithEvents(
  transaction: Transaction<Tables>,
  span: Span = { from: 0, to: Number.MAX_SAFE_INTEGER },
): AsyncGenerator<readonly LeafRow[]> {
  for (let next = span.from; ; ) {
    const { rows } = await sql<EventRow & { index: number; leafSeq: number; leafHash: Hash }>`
      select l.leaf_index as index, l.event_seq as "leafSeq", l.hash as "leafHash", ${EVENT_COLUMNS}
        from (select * from audit_leaf where leaf_index >= ${next} and leaf_index < ${span.to}
               order by leaf_index limit ${AT_ONCE}) l
        left join audit_event e on e.seq = l.event_seq order by l.leaf_index, e.id`.execute(transaction);
    if (rows.length > 0)
      yield rows.map(({ index, leafSeq, leafHash, ...event }) => ({
        index,
        leafSeq,
        hash: leafHash,
        event: event.id === null ? null : event,
      }));
    if (rows.length < AT_ONCE) return;
    next = (rows.at(-1)?.index ?? next) + 1;
  }
}

/** A checkpoint as its row has it. */
export interface CheckpointRow {
  readonly treeSize: number;
  readonly root: Hash;
  readonly frontier: readonly Hash[];
  readonly jws: string;
  readonly kid: string;
  readonly madeAt: Date;
  readonly clock: unknown;
}

/** Checkpoints in order, of sizes from … to, both among them. */
export async function* allCheckpoints(
  transaction: Transaction<Tables>,
  from = 0,
  to = Number.MAX_SAFE_INTEGER,
): AsyncGenerator<CheckpointRow> {
  for (let after = from - 1; ; ) {
    const { rows } = await sql<CheckpointRow>`
      select tree_size as "treeSize", root, frontier, jws, kid, made_at as "madeAt", clock from audit_checkpoint
       where tree_size > ${after} and tree_size <= ${to} order by tree_size limit ${AT_ONCE}`.execute(
      transaction,
    );
    yield* rows;
    if (rows.length < AT_ONCE) return;
    after = rows.at(-1)?.treeSize ?? after;
  }
}

/** The first checkpoint whose tree has at least so many leaves, or the last that has at most so many. */
export async function checkpointNear(
  transaction: Transaction<Tables>,
  treeSize: number,
  side: "from" | "upTo",
): Promise<CheckpointRow | undefined> {
  const { rows } =
    side === "from"
      ? await sql<CheckpointRow>`
          select tree_size as "treeSize", root, frontier, jws, kid, made_at as "madeAt", clock from audit_checkpoint
           where tree_size >= ${treeSize} order by tree_size limit 1`.execute(transaction)
      : await sql<CheckpointRow>`
          select tree_size as "treeSize", root, frontier, jws, kid, made_at as "madeAt", clock from audit_checkpoint
           where tree_size <= ${treeSize} order by tree_size desc limit 1`.execute(transaction);
  return rows[0];
}

export async function newestCheckpoint(transaction: Transaction<Tables>): Promise<CheckpointRow | undefined> {
  return checkpointNear(transaction, Number.MAX_SAFE_INTEGER, "upTo");
}

/** Roots of checkpoints of these sizes, in base64url. */
export async function rootsOfSizes(
  transaction: Transaction<Tables>,
  sizes: readonly number[],
): Promise<Map<number, string>> {
  const { rows } = await sql<{ treeSize: number; root: Hash }>`
    select tree_size as "treeSize", root from audit_checkpoint where tree_size = any (${sizes}::bigint[])`.execute(
    transaction,
  );
  return new Map(rows.map(({ treeSize, root }) => [treeSize, root.toString("base64url")]));
}

/** How many checkpoints there are of sizes from … to, both among them. */
export async function countCheckpoints(
  transaction: Transaction<Tables>,
  from: number,
  to: number,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) from audit_checkpoint where tree_size between ${from} and ${to}`.execute(transaction);
  return rows[0]?.count ?? 0;
}

/** Events that are not in the tree: those from before a time, which should be, and how many there are in all. */
export async function eventsWithoutLeaf(
  transaction: Transaction<Tables>,
  before: Date,
  most: number,
): Promise<{
  readonly overdue: readonly { readonly seq: number; readonly id: string; readonly at: string }[];
  readonly overdueCount: number;
  readonly waiting: number;
}> {
  const { rows: counts } = await sql<{ overdue: number; waiting: number }>`
    select count(*) filter (where e.at < ${before}) as overdue, count(*) as waiting
      from audit_event e where not exists (select from audit_leaf l where l.event_seq = e.seq)`.execute(
    transaction,
  );
  const { overdue = 0, waiting = 0 } = counts[0] ?? {};
  if (overdue === 0) return { overdue: [], overdueCount: 0, waiting };
  const { rows } = await sql<{ seq: number; id: string; at: string }>`
    select e.seq, e.id, e.at::text as at from audit_event e
     where e.at < ${before} and not exists (select from audit_leaf l where l.event_seq = e.seq)
     order by e.seq limit ${most}`.execute(transaction);
  return { overdue: rows, overdueCount: overdue, waiting: waiting - overdue };
}

/** Checkpoints that stand in receipts and not here, with a receipt for each; and how many different ones stand there in all. */
export async function receiptsAgainstLog(
  transaction: Transaction<Tables>,
  most: number,
): Promise<{
  readonly differing: readonly {
    readonly treeSize: string;
    readonly root: string;
    readonly receiptId: string;
  }[];
  readonly checkpoints: number;
}> {
  const { rows } = await sql<{ treeSize: string; root: string; receiptId: string; known: boolean }>`
    with told as (
      select facts #>> '{auditCheckpoint,treeSize}' as size, facts #>> '{auditCheckpoint,root}' as root, min(id::text) as id
        from receipt where facts ? 'auditCheckpoint' group by 1, 2
    )
    select size as "treeSize", root, id as "receiptId", exists (
        select from audit_checkpoint c where c.tree_size::text = told.size
           and rtrim(translate(encode(c.root, 'base64'), '+/', '-_'), '=') = told.root) as known
      from told order by known, id`.execute(transaction);
  return { differing: rows.filter(({ known }) => !known).slice(0, most), checkpoints: rows.length };
}

/** Leaf hashes of a span, some thousands at a time. */
export async function* leafHashes(
  transaction: Transaction<Tables>,
  { from, to }: Span,
): AsyncGenerator<Hash> {
  for (let next = from; next < to; next += AT_ONCE) {
    const { rows } = await sql<{ hash: Hash }>`
      select hash from audit_leaf where leaf_index >= ${next} and leaf_index < ${Math.min(to, next + AT_ONCE)}
       order by leaf_index`.execute(transaction);
    for (const { hash } of rows) yield hash;
  }
}
