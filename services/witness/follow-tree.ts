import type { Transaction } from "kysely";
import { CHECKPOINT_TYP, type TreeHead } from "../shared/audit-log/checkpoint.ts";
import { type Frontier, openFrontier, rootOf } from "../shared/audit-log/merkle.ts";
import { readCompactJws, readPayloadJson } from "../shared/letter/evidence/compact-jws.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Log } from "../shared/runtime/log.ts";
import { type AwaitedNumbers, openAwaitedNumbers } from "./awaited-numbers.ts";
import { highestLeafSeq, horizonNow, leavesFrom, newestCheckpoint, seqsWithoutLeaf } from "./tree-store.ts";

/** The tree as this process knows it. */
export interface Tree {
  readonly frontier: Frontier;
  /** The highest number that has a leaf, of those that were given. */
  readonly lastSeq: number;
  readonly awaited: AwaitedNumbers;
  readonly signed: SignedHead | null;
}

export interface SignedHead extends TreeHead {
  readonly madeAt: Date;
  readonly coversUntil: string | null;
}

/**
 * Makes the tree out of the tables: from the newest checkpoint on, whose frontier its own root proves, else from the first leaf
 * on. Whoever holds the lock goes on where the one before stood, be that one dead between a leaf and its checkpoint.
 */
export async function readTree(transaction: Transaction<Tables>, nowMs: number, log: Log): Promise<Tree> {
  const newest = await newestCheckpoint(transaction);
  let frontier = openFrontier();
  if (newest !== undefined) {
    try {
      const stated = openFrontier(newest.treeSize, newest.frontier);
      if (!rootOf(newest.frontier).equals(newest.root)) throw new Error("its root is another");
      frontier = stated;
    } catch (error) {
      log.error({ err: error, treeSize: newest.treeSize }, `the newest checkpoint was changed: ${LOOK}`);
    }
  }
  const begun = frontier.size;
  for await (const batch of leavesFrom(transaction, begun)) {
    if (batch[0]?.index !== frontier.size || batch.at(-1)?.index !== frontier.size + batch.length - 1) {
      log.error({ leaf: frontier.size }, `a leaf of the audit log is missing: ${LOOK}`);
      break;
    }
    for (const { hash } of batch) frontier.append(hash);
  }
  const horizon = await horizonNow(transaction);
  const lastSeq = await highestLeafSeq(transaction, horizon.lastSeq);
  const awaited = openAwaitedNumbers();
  awaited.add(await seqsWithoutLeaf(transaction, lastSeq), horizon.xmax, nowMs);
  const signed = newest && {
    treeSize: newest.treeSize,
    root: newest.root.toString("base64url"),
    madeAt: newest.madeAt,
    coversUntil: coversUntil(newest.jws),
  };
  return { frontier, lastSeq, awaited, signed: signed ?? null };
}

/** What an operator does about a log that was changed behind the service. */
export const LOOK = "saraban audit verify tells what and where";

function coversUntil(jws: string): string | null {
  const parts = readCompactJws(jws, CHECKPOINT_TYP);
  const payload = typeof parts === "string" ? undefined : readPayloadJson(parts.payload)?.value;
  const stated = (payload as { readonly coversUntil?: unknown } | undefined)?.coversUntil;
  return typeof stated === "string" ? stated : null;
}
