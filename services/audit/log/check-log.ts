import type { Transaction } from "kysely";
import type { Checkpoint } from "../../shared/audit-log/checkpoint.ts";
import { openFrontier } from "../../shared/audit-log/merkle.ts";
import type { PublicKey } from "../../shared/letter/evidence/public-key.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { checkChain, proveCheckpoint } from "./check-checkpoint.ts";
import { openSegment } from "./check-segment.ts";
import type { Findings } from "./findings.ts";
import { allCheckpoints, type LeafRow, leavesWithEvents } from "./log-store.ts";

/** What was looked at. */
export interface LogSeen {
  /** One more than the highest leaf. */
  readonly leaves: number;
  readonly checkpoints: number;
  /** Of them, signed with a key that was revoked since. */
  readonly revoked: number;
  /** The last one that is proved. */
  readonly newest: Checkpoint | null;
  /** The first leaf behind it; null when there is none. */
  readonly firstUnsigned: LeafRow | null;
}

/**
 * Makes the whole tree again from the events and compares it with the leaves and with each signed checkpoint, in one pass and in
 * bounded memory. Each stretch between two checkpoints stands for itself: it begins with the tree that the one before has
 * signed, so that one change is told once, and where.
 */
export async function checkLog(
  transaction: Transaction<Tables>,
  keys: readonly PublicKey[],
  findings: Findings,
  progress: (leaves: number) => void = () => {},
): Promise<LogSeen> {
  const leaves = await openLeaves(transaction, progress);
  const roots = openRootFaults(findings);
  let newest: Checkpoint | null = null;
  let unproved: number[] = [];
  let begun = openFrontier();
  let isProved = true;
  let checkpoints = 0;
  let revoked = 0;
  let segment = openSegment(begun, null, findings);
  for await (const row of allCheckpoints(transaction)) {
    checkpoints += 1;
    const proved = proveCheckpoint(row, keys, findings);
    if (proved === null) {
      unproved.push(row.treeSize);
      continue;
    }
    const { checkpoint, frontier, isRevoked } = proved;
    revoked += isRevoked ? 1 : 0;
    checkChain(newest, unproved, proved, findings);
    for (let leaf = leaves.next; leaf !== null && leaf.index < checkpoint.treeSize; leaf = leaves.next) {
      segment.add(leaf);
      await leaves.take();
    }
    const end = segment.close(checkpoint);
    roots.note(begun.size, newest, checkpoint, end.isRight || end.isExplained || !isProved);
    begun = frontier === null ? end.frontier : openFrontier(checkpoint.treeSize, frontier);
    isProved = frontier !== null || end.isRight;
    newest = checkpoint;
    unproved = [];
    segment = openSegment(begun, checkpoint.coversUntil, findings);
  }
  roots.end();
  const firstUnsigned = leaves.next;
  for (let leaf = leaves.next; leaf !== null; leaf = leaves.next) {
    segment.add(leaf);
    await leaves.take();
  }
  segment.close(null);
  return { leaves: leaves.size, checkpoints, revoked, newest, firstUnsigned };
}

/** Leaves one after the other, the next one in sight. */
async function openLeaves(transaction: Transaction<Tables>, progress: (leaves: number) => void) {
  const batches = leavesWithEvents(transaction);
  let batch: readonly LeafRow[] = [];
  let at = 0;
  let size = 0;
  const fill = async (): Promise<void> => {
    const { value } = await batches.next();
    batch = value ?? [];
    at = 0;
    progress(size);
  };
  await fill();
  return {
    get next(): LeafRow | null {
      return batch[at] ?? null;
    },
    get size() {
      return size;
    },
    async take(): Promise<void> {
      size = Math.max(size, (batch[at]?.index ?? -1) + 1);
      at += 1;
      if (at >= batch.length) await fill();
    },
  };
}

/** Stretches whose root is another than what was signed, one beside the other told as one. */
function openRootFaults(findings: Findings) {
  let wrong: { from: number; since: Checkpoint | null; to: Checkpoint } | undefined;
  const end = (): void => {
    if (wrong === undefined) return;
    const { from, since, to } = wrong;
    findings.add(
      "root-differs",
      `leaf/${from}-${to.treeSize - 1}`,
      `the events of the leaves ${from} to ${to.treeSize - 1} (signed ${since === null ? "by" : `after ${since.madeAt}, by`} ${to.madeAt}) do not make the tree that was signed: among them some were changed together with their leaves, moved, put in or taken out.`,
    );
    wrong = undefined;
  };
  return {
    note(from: number, since: Checkpoint | null, to: Checkpoint, isFine: boolean): void {
      if (isFine) end();
      else wrong = wrong ? { ...wrong, to } : { from, since, to };
    },
    end,
  };
}
