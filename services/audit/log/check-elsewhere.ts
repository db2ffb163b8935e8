import type { Transaction } from "kysely";
import { type TreeHead, verifyCheckpoint } from "../../shared/audit-log/checkpoint.ts";
import type { PublicKey } from "../../shared/letter/evidence/public-key.ts";
import { verifyEvidence } from "../../shared/letter/evidence/verify-evidence.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Findings } from "./findings.ts";
import { countCheckpoints, receiptsAgainstLog, rootsOfSizes } from "./log-store.ts";
import { type FoundElsewhere, readElsewhere } from "./read-elsewhere.ts";

const AT_ONCE = 1_000;
const MOST_RECEIPTS = 100;

export interface ElsewhereSeen {
  /** How many checkpoints were compared. */
  readonly compared: number;
  readonly notes: readonly string[];
}

/**
 * Compares the log with the checkpoints that somebody else has kept. What stands there was signed here once: a tree of that size
 * with another root, or no such tree, means that the log was written anew or cut off since.
 * @param leaves how many there are here
 */
export async function checkElsewhere(
  transaction: Transaction<Tables>,
  source: string,
  keys: readonly PublicKey[],
  leaves: number,
  findings: Findings,
): Promise<ElsewhereSeen> {
  const notes: string[] = [];
  let compared = 0;
  let without = 0;
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  const sizes = new Set<number>();
  let batch: (TreeHead & { readonly where: string; readonly madeAt: string })[] = [];
  const compare = async (): Promise<void> => {
    const roots = await rootsOfSizes(
      transaction,
      batch.map(({ treeSize }) => treeSize),
    );
    for (const { treeSize, root, where, madeAt } of batch) {
      compared += 1;
      const here = roots.get(treeSize);
      if (here !== root)
        findings.add("elsewhere-differs", where, differsWords(treeSize, madeAt, here, leaves));
      else sizes.add(treeSize);
      least = Math.min(least, treeSize);
      most = Math.max(most, treeSize);
    }
    batch = [];
  };
  for await (const found of readElsewhere(source)) {
    const head = headOf(found, keys, findings);
    if (head === null) without += 1;
    else if (head !== undefined) batch.push({ ...head, where: found.where });
    if (batch.length >= AT_ONCE) await compare();
  }
  await compare();
  if (compared === 0)
    notes.push(
      without > 0
        ? `${source}: a receipt from before checkpoints stood in receipts proves nothing of the log.`
        : `${source}: no checkpoint stands there.`,
    );
  if (compared > 1) {
    const missing = (await countCheckpoints(transaction, least, most)) - sizes.size;
    if (missing > 0)
      notes.push(`${source}: ${missing} checkpoints of the time that it covers are not there.`);
  }
  return { compared, notes };
}

/** What it says of the log: undefined when it proves nothing (which is told), null for a receipt that says nothing of it. */
function headOf(
  { kind, jws, where }: FoundElsewhere,
  keys: readonly PublicKey[],
  findings: Findings,
): (TreeHead & { readonly madeAt: string }) | null | undefined {
  if (kind === "checkpoint") {
    const verified = verifyCheckpoint(jws, keys);
    if (verified.state === "genuine" || verified.state === "revoked-key") return verified.checkpoint;
    const size =
      "checkpoint" in verified
        ? ` of ${verified.checkpoint.treeSize} events, ${verified.checkpoint.madeAt},`
        : "";
    findings.add("elsewhere-not-signed", where, `a checkpoint${size} ${NOT_SIGNED[verified.state]}`);
    return undefined;
  }
  const verified = verifyEvidence(jws, keys);
  if (verified.state === "genuine") return verified.evidence.auditCheckpoint ?? null;
  if (verified.state === "revoked-key") return verified.claims.auditCheckpoint ?? null;
  findings.add("elsewhere-not-signed", where, `a receipt ${NOT_SIGNED[verified.state]}`);
  return undefined;
}

const NOT_SIGNED = {
  "unknown-key":
    "is signed with a key that this installation does not have: it is another's, or keys were removed here.",
  tampered: "is not what its key has signed.",
  "not-a-checkpoint": "cannot be read.",
  "not-a-receipt": "cannot be read.",
} as const;

function differsWords(treeSize: number, madeAt: string, here: string | undefined, leaves: number): string {
  const there = `a checkpoint of ${treeSize} events, ${madeAt}, stands there`;
  if (leaves < treeSize)
    return `${there}; here are only ${leaves} leaves: the newest events were removed, or the log was written anew.`;
  if (here === undefined)
    return `${there}; here is none of that size: it was removed, or the log was written anew.`;
  return `${there} with another root than here: the log was written anew since.`;
}

/** The same against the receipts in the database: senders hold them too. */
export async function checkReceipts(transaction: Transaction<Tables>, findings: Findings): Promise<number> {
  const { differing, checkpoints } = await receiptsAgainstLog(transaction, MOST_RECEIPTS);
  for (const { treeSize, receiptId } of differing)
    findings.add(
      "elsewhere-differs",
      `receipt/${receiptId}`,
      `receipt ${receiptId} was signed with a checkpoint of ${treeSize} events that is not the one that stands here: the log was written anew or cut off since, or the receipt was changed (saraban verify tells).`,
    );
  return checkpoints;
}
