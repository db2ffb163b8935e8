import type { Transaction } from "kysely";
import {
  CHECKPOINT_SCHEMA,
  type Checkpoint,
  headOf,
  signCheckpoint,
} from "../shared/audit-log/checkpoint.ts";
import { eventLeaf } from "../shared/audit-log/event-form.ts";
import { openFrontier } from "../shared/audit-log/merkle.ts";
import type { EvidenceIssuer } from "../shared/letter/evidence/signing-keys.ts";
import type { Stamp, TrustedNow } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Kysely } from "../shared/runtime/database.ts";
import type { Log } from "../shared/runtime/log.ts";
import { LOOK, readTree, type Tree } from "./follow-tree.ts";
import {
  horizonNow,
  insertCheckpoint,
  insertLeaves,
  isAnySettled,
  lockTree,
  settledEvents,
  storedTree,
} from "./tree-store.ts";

export interface WitnessParts {
  /** Under the role saraban_witness. */
  readonly database: Kysely<Tables>;
  readonly issuer: EvidenceIssuer;
  readonly now: TrustedNow;
  /** Between two checkpoints, while anything is logged. */
  readonly checkpointSeconds: number;
  /** A transaction that stays open for longer is not waited for. */
  readonly patienceSeconds: number;
  readonly log: Log;
}

/** Lets the tree grow and signs its checkpoints. */
export interface Witness {
  /** Makes leaves of all events that are settled, and a checkpoint when one is due. @returns how many leaves */
  look(): Promise<number>;
  /** At the end: signs what has no signature yet, due or not. */
  close(): Promise<void>;
  /** What is wrong with the tables, in words for an operator; null while nothing is. */
  trouble(): string | null;
}

const ACTING = { actor: "worker:witness", agencies: [] } as const;
const MOST_AT_ONCE = 1000;
/** With a backlog of events a checkpoint may come later by so much: one that covers all of them says more. */
const BACKLOG_SECONDS = 20;

export function openWitness(parts: WitnessParts): Witness {
  const { database, now, checkpointSeconds, patienceSeconds, log } = parts;
  let tree: Tree | undefined;
  /** When all that could become a leaf had become one; what is logged since then may be missing. */
  let coversUntil: string | null = null;
  let trouble: string | null = null;

  /** Under the lock. Whatever fails, the tree is read anew: a commit whose answer was lost may have been one. */
  const locked = async <Result>(
    work: (transaction: Transaction<Tables>, tree: Tree) => Promise<{ tree: Tree; result: Result }>,
  ): Promise<Result> => {
    try {
      const done = await inTransaction(database, ACTING, async (transaction) => {
        await lockTree(transaction);
        return work(transaction, await currentTree(transaction));
      });
      tree = done.tree;
      return done.result;
    } catch (error) {
      tree = undefined;
      throw error;
    }
  };

  const currentTree = async (transaction: Transaction<Tables>): Promise<Tree> => {
    const stored = await storedTree(transaction);
    const isOthers =
      tree !== undefined &&
      (stored.size > tree.frontier.size || stored.signedSize > (tree.signed?.treeSize ?? 0));
    if (tree === undefined || isOthers) tree = await readTree(transaction, Date.now(), log);
    const { frontier, signed } = tree;
    // What this process has in memory, or a checkpoint says, was there: nothing grows over the place where it stood.
    const isLess = stored.size < frontier.size || stored.signedSize < (signed?.treeSize ?? 0);
    if (isLess && trouble === null)
      log.error({ stored, size: frontier.size }, `leaves or checkpoints were removed: ${LOOK}`);
    trouble = isLess ? `leaves or checkpoints of the audit log were removed: ${LOOK}` : null;
    return tree;
  };

  const grow = (): Promise<number> =>
    locked(async (transaction, { frontier, lastSeq, awaited, signed }) => {
      const events = await settledEvents(transaction, lastSeq, awaited.list, patienceSeconds, MOST_AT_ONCE);
      // Afterwards: who has taken a number that is missing among them has a transaction before this horizon's xmax.
      const horizon = await horizonNow(transaction);
      const grown = openFrontier(frontier.size, frontier.nodes);
      const leaves = events.map((event) => ({ seq: event.seq, hash: eventLeaf(event) }));
      for (const { hash } of leaves) grown.append(hash);
      if (leaves.length > 0) await insertLeaves(transaction, frontier.size, leaves);
      const seqs = leaves.map(({ seq }) => seq);
      const nowMs = Date.now();
      const given = seqs.filter((seq) => seq > lastSeq && seq <= horizon.lastSeq);
      awaited.notice(lastSeq, given, horizon.xmax, nowMs);
      awaited.remove(seqs);
      awaited.forget(horizon.xmin, nowMs);
      return {
        tree: { frontier: grown, lastSeq: given.at(-1) ?? lastSeq, awaited, signed },
        result: leaves.length,
      };
    });

  const isDue = ({ frontier, signed }: Tree, hasBacklog: boolean): boolean => {
    if (frontier.size <= (signed?.treeSize ?? 0)) return false;
    if (signed === null) return !hasBacklog;
    const ageMs = now().at.getTime() - signed.madeAt.getTime();
    const dueMs = (checkpointSeconds + (hasBacklog ? BACKLOG_SECONDS : 0)) * 1000;
    return ageMs < 0 || ageMs >= dueMs;
  };

  const sign = (stamp: Stamp): Promise<void> =>
    locked(async (transaction, current) => {
      const { frontier, signed } = current;
      if (frontier.size <= (signed?.treeSize ?? 0)) return { tree: current, result: undefined };
      const key = await parts.issuer.signer(transaction, stamp.at);
      const root = frontier.root();
      const checkpoint: Checkpoint = {
        schema: CHECKPOINT_SCHEMA,
        origin: parts.issuer.publicUrl,
        ...headOf(frontier.size, root),
        madeAt: stamp.at.toISOString(),
        clock: stamp.clock,
        coversUntil: coversUntil ?? signed?.coversUntil ?? null,
        previous: signed && { treeSize: signed.treeSize, root: signed.root },
      };
      await insertCheckpoint(transaction, {
        treeSize: frontier.size,
        root,
        frontier: frontier.nodes,
        jws: signCheckpoint(checkpoint, key),
        kid: key.kid,
        madeAt: stamp.at,
        clock: stamp.clock,
      });
      const { treeSize, coversUntil: covered } = checkpoint;
      const head = { treeSize, root: checkpoint.root, madeAt: stamp.at, coversUntil: covered };
      return { tree: { ...current, signed: head }, result: undefined };
    });

  return {
    async look() {
      let leaves = 0;
      for (;;) {
        const { at } = now();
        const isWorkThere =
          tree === undefined ||
          (await isAnySettled(database, tree.lastSeq, tree.awaited.list, patienceSeconds));
        const grown = isWorkThere ? await grow() : 0;
        if (grown < MOST_AT_ONCE) coversUntil = at.toISOString();
        leaves += grown;
        const hasBacklog = grown === MOST_AT_ONCE;
        if (tree !== undefined && isDue(tree, hasBacklog)) await sign(now());
        if (!hasBacklog) return leaves;
      }
    },
    async close() {
      if (tree !== undefined && tree.frontier.size > (tree.signed?.treeSize ?? 0)) await sign(now());
    },
    trouble: () => trouble,
  };
}
