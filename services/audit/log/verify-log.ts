import type { Transaction } from "kysely";
import { readOwnKeys } from "../../shared/letter/evidence/public-key-store.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Acting, Kysely } from "../../shared/runtime/database.ts";
import { inSnapshot } from "../snapshot-store.ts";
import { checkElsewhere, checkReceipts } from "./check-elsewhere.ts";
import { checkLog } from "./check-log.ts";
import { eventWords, MOST_APART_MS } from "./check-segment.ts";
import { type Findings, type LogVerification, MOST_FINDINGS, openFindings } from "./findings.ts";
import { eventsWithoutLeaf } from "./log-store.ts";

/**
 * AUDIT LOG: `saraban audit verify`
 *
 * Reads       events, leaves, checkpoints, public keys, the checkpoints in receipts; of other places what is named.
 * Writes      nothing.
 * Promises    a log in order gives no violation, while its services run as well. Any event, leaf or checkpoint that was edited,
 *             removed, moved or put in, by whomever, is found and named; with a second place also a log that was written anew
 *             or cut off by somebody who had the key.
 * Limits      see services/witness/main.ts: what is not under a checkpoint yet; an event of the present that somebody made up.
 */
export interface VerifyLogParts {
  /** Under the role saraban_audit. */
  readonly database: Kysely<Tables>;
  readonly acting: Acting;
  readonly checkedAt: Date;
  /** An event may be as old before it is in the tree and under a checkpoint. */
  readonly stuckAfterMs: number;
  /** Files of second places, receipts, or a checkpoint's JWS itself. */
  readonly against: readonly string[];
  readonly progress?: (leaves: number) => void;
}

export async function verifyLog(parts: VerifyLogParts): Promise<LogVerification> {
  const { database, acting } = parts;
  return inSnapshot(database, acting, (transaction) => verify(transaction, parts));
}

async function verify(
  transaction: Transaction<Tables>,
  { checkedAt, stuckAfterMs, against, progress }: VerifyLogParts,
): Promise<LogVerification> {
  const findings = openFindings();
  const notes: string[] = [];
  const keys = await readOwnKeys(transaction);
  const stuckBefore = new Date(checkedAt.getTime() - stuckAfterMs);
  const seen = await checkLog(transaction, keys, findings, progress);
  // What the newest checkpoint says to be in the tree is overdue, however young.
  const covered = Date.parse(seen.newest?.coversUntil ?? "") - MOST_APART_MS;
  const overdueBefore = new Date(Math.max(stuckBefore.getTime(), covered || 0));
  const waiting = await checkWaiting(transaction, overdueBefore, findings);
  if (waiting > 0) notes.push(`${waiting} events wait to become leaves.`);
  const { firstUnsigned, newest } = seen;
  const signed = newest?.treeSize ?? 0;
  if (firstUnsigned?.event && Number(firstUnsigned.event.atEpoch) * 1000 < stuckBefore.getTime())
    findings.add(
      "not-signed",
      `leaf/${signed}-${seen.leaves - 1}`,
      `${seen.leaves - signed} leaves are under no checkpoint, since ${eventWords(firstUnsigned.event)}: is the service witness running? If it is, checkpoints were removed.`,
    );
  else if (seen.leaves > signed) notes.push(`${seen.leaves - signed} leaves wait for the next checkpoint.`);
  if (seen.revoked > 0)
    notes.push(
      `${seen.revoked} checkpoints were signed with a key that is revoked: what they prove only another place can tell (--against).`,
    );
  let elsewhere = await checkReceipts(transaction, findings);
  for (const source of against) {
    const compared = await checkElsewhere(transaction, source, keys, seen.leaves, findings);
    elsewhere += compared.compared;
    notes.push(...compared.notes);
  }
  return {
    verified: findings.total === 0,
    checkedAt,
    figures: { leaves: seen.leaves, waiting, checkpoints: seen.checkpoints, signed, elsewhere },
    newest: newest && { treeSize: newest.treeSize, root: newest.root, madeAt: newest.madeAt },
    violations: findings.named,
    more: findings.total - findings.named.length,
    notes,
  };
}

/** @returns how many wait, and are not overdue */
async function checkWaiting(
  transaction: Transaction<Tables>,
  stuckBefore: Date,
  findings: Findings,
): Promise<number> {
  const { overdue, overdueCount, waiting } = await eventsWithoutLeaf(transaction, stuckBefore, MOST_FINDINGS);
  for (const { seq, id, at } of overdue)
    findings.add(
      "event-not-in-tree",
      `event/${seq}`,
      `event ${seq} (${id}, ${at}) is in no leaf: it was put in behind the service, its leaf was removed, or the service witness is not running.`,
    );
  findings.addMore(overdueCount - overdue.length);
  return waiting;
}
