import { type Checkpoint, type TreeHead, verifyCheckpoint } from "../../shared/audit-log/checkpoint.ts";
import { openFrontier } from "../../shared/audit-log/merkle.ts";
import { canonicalForm } from "../../shared/letter/evidence/canonical-form.ts";
import type { PublicKey } from "../../shared/letter/evidence/public-key.ts";
import type { Findings } from "./findings.ts";
import type { CheckpointRow } from "./log-store.ts";

/** A checkpoint's row that is proved to be what was signed; its frontier is null when that was changed. */
export interface ProvedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly frontier: CheckpointRow["frontier"] | null;
  /** The key was revoked since: that it is no forgery only another place can tell. */
  readonly isRevoked: boolean;
}

/** Judges one row by itself. @returns null when nothing in it is proved */
export function proveCheckpoint(
  row: CheckpointRow,
  keys: readonly PublicKey[],
  findings: Findings,
): ProvedCheckpoint | null {
  const { treeSize, root, frontier, jws, kid, madeAt, clock } = row;
  const at = `checkpoint/${treeSize}`;
  const verified = verifyCheckpoint(jws, keys);
  if (verified.state !== "genuine" && verified.state !== "revoked-key") {
    findings.add(
      "checkpoint-not-signed",
      at,
      `checkpoint of ${treeSize} events: ${STATE_WORDS[verified.state]}`,
    );
    return null;
  }
  const { checkpoint, key } = verified;
  const differs = [
    checkpoint.treeSize === treeSize ? "" : "size",
    checkpoint.root === root.toString("base64url") ? "" : "root",
    checkpoint.madeAt === madeAt.toISOString() ? "" : "time",
    key.kid === kid ? "" : "key",
    canonicalForm(checkpoint.clock) === canonicalForm(clock) ? "" : "clock",
  ].filter((one) => one !== "");
  const isFrontier = isFrontierOf(frontier, checkpoint);
  if (!isFrontier) differs.push("frontier");
  if (differs.length > 0)
    findings.add(
      "checkpoint-changed",
      at,
      `checkpoint of ${treeSize} events: its row says another ${differs.join(", ")} than what was signed.`,
    );
  // A row that was moved to another size proves nothing of that size.
  if (checkpoint.treeSize !== treeSize) return null;
  return {
    checkpoint,
    frontier: isFrontier ? frontier : null,
    isRevoked: verified.state === "revoked-key",
  };
}

const STATE_WORDS = {
  "unknown-key": "it is signed with a key that this installation does not have.",
  tampered: "it is not what its key has signed: it was changed, or made by someone else.",
  "not-a-checkpoint": "what stands there is no signed checkpoint.",
} as const;

function isFrontierOf(nodes: CheckpointRow["frontier"], { treeSize, root }: TreeHead): boolean {
  try {
    return openFrontier(treeSize, nodes).root().toString("base64url") === root;
  } catch {
    return false;
  }
}

/**
 * Whether each checkpoint names the one before it: none was left out, and none put between.
 * @param before the last one that is proved; null at the beginning
 * @param unproved sizes of those behind it that are not, of which that was told already
 */
export function checkChain(
  before: TreeHead | null,
  unproved: readonly number[],
  { checkpoint: { treeSize, previous, madeAt } }: ProvedCheckpoint,
  findings: Findings,
): void {
  if (previous !== null && unproved.includes(previous.treeSize)) return;
  if (previous?.treeSize === before?.treeSize && previous?.root === before?.root) return;
  if (previous !== null && previous.treeSize > (before?.treeSize ?? 0))
    findings.add(
      "checkpoint-removed",
      `checkpoint/${previous.treeSize}`,
      `the checkpoint of ${previous.treeSize} events is not here; the next one (${treeSize} events, ${madeAt}) names it.`,
    );
  else if (before !== null && previous?.treeSize !== before.treeSize)
    findings.add(
      "checkpoint-inserted",
      `checkpoint/${before.treeSize}`,
      `the checkpoint of ${before.treeSize} events was put between: the next one (${treeSize} events, ${madeAt}) follows ${previous === null ? "none" : `that of ${previous.treeSize} events`}.`,
    );
  else
    findings.add(
      "checkpoint-changed",
      `checkpoint/${treeSize}`,
      `checkpoint of ${treeSize} events (${madeAt}): it follows one with another root than the one that stands here.`,
    );
}
